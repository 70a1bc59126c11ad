//! The operator grants a package: with a paid order of zero price, as every package comes from an order.

use turnpike_domain::ids::{CustomerId, PackageId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_domain::units::Bytes;
use turnpike_store::feed::Changed;
use turnpike_store::order::FreeOrder;
use turnpike_store::package::NewPackage;
use turnpike_store::{Tx, audit, customer, order, package};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::service::Service;
use crate::source::draw;

/// The longest title, in characters.
const LONGEST_TITLE: usize = 200;

/// A package to be.
#[derive(Clone, Debug)]
pub struct Grant {
    /// For whom.
    pub customer: CustomerId,
    /// What it is for.
    pub product_type: ProductType,
    /// How much.
    pub size: Bytes,
    /// When its validity begins.
    pub starts_at: Timestamp,
    /// When its validity ends.
    pub expires_at: Timestamp,
    /// What people read on the order.
    pub title: String,
}

pub(crate) struct Granting {
    service: Service,
    actor: Actor,
    grant: Grant,
    now: Timestamp,
}

impl Service {
    /// Grants a package: the number of its order.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], [`ServiceError::EmptyPackage`], [`ServiceError::BackwardsPackage`],
    /// [`ServiceError::Title`].
    pub async fn grant_package(&self, actor: &Actor, grant: Grant) -> Result<TradeNo, ServiceError> {
        let granting = self.granting(actor, grant)?;
        let (_, trade_no) = self.store.write(granting, |granting, tx| Box::pin(write(granting, tx))).await?;
        Ok(trade_no)
    }

    /// Checks a package to be.
    pub(crate) fn granting(&self, actor: &Actor, grant: Grant) -> Result<Granting, ServiceError> {
        if grant.size.kilobytes() == 0 {
            return Err(ServiceError::EmptyPackage);
        }
        if grant.starts_at >= grant.expires_at {
            return Err(ServiceError::BackwardsPackage);
        }
        let title = grant.title.trim();
        if title.is_empty() || title.chars().count() > LONGEST_TITLE || title.contains(char::is_control) {
            return Err(ServiceError::Title);
        }
        Ok(Granting { service: self.clone(), actor: actor.clone(), grant, now: self.now() })
    }
}

/// The package, and the number of its order.
pub(crate) async fn write(granting: &Granting, tx: &mut Tx) -> Result<(PackageId, TradeNo), ServiceError> {
    let Granting { service, actor, grant, now } = granting;
    let Grant { customer, product_type, size, starts_at, expires_at, title } = grant;
    if !customer::raise_packages_version(tx, *customer).await? {
        return Err(ServiceError::NoSuchCustomer);
    }
    // Drawn anew in every try: the number may have been what was in the way.
    let random = u64::from_be_bytes(draw(service.random()));
    let trade_no = TradeNo::new(service.zone(), *now, random);
    let paid = FreeOrder {
        trade_no: trade_no.clone(),
        product_type: *product_type,
        title: title.trim().to_owned(),
        paid_at: *now,
    };
    let package = NewPackage {
        customer: *customer,
        order: order::insert_free(tx, *customer, &paid).await.map_err(look_again)?,
        product_type: *product_type,
        size: *size,
        starts_at: *starts_at,
        expires_at: *expires_at,
        announced: starts_at <= now,
    };
    let id = package::insert(tx, &package).await?;
    tx.announce(Changed::Customer(*customer), *now);
    let detail = format!("{trade_no}: {} KB of type {}", size.kilobytes(), product_type.number());
    audit::insert(tx, &actor.did("package.grant", *customer, detail, *now)).await?;
    Ok((id, trade_no))
}

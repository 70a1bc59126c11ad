//! A customer says what is to be bought again by itself, and sees what came of it (contract §8).

use turnpike_domain::basket::MOST_MONTHS;
use turnpike_domain::catalogue::Product;
use turnpike_domain::ids::{AutoRenewalId, CustomerId, HoldingId, PackageId, ProductId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::auto_renewal::log::{self, Attempt};
use turnpike_store::auto_renewal::{self, AutoRenewal, NewAutoRenewal, Target};
use turnpike_store::package::Stretch;
use turnpike_store::{Tx, audit, holding, product};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::list_packages::Page;
use crate::service::Service;
use crate::shop_error::ShopError;

/// Nothing is bought again earlier than this before its end, however the operator has it.
const EARLIEST: Span = Span::from_days(7);

/// What is to be bought again.
#[derive(Clone, Copy, Debug)]
pub struct AutoRenewalWish {
    /// What. A package is bought again as it was bought.
    pub target: Target,
    /// By which product a static IP is renewed; the first on sale when not given.
    pub product: Option<ProductId>,
    /// For how many months a static IP is renewed.
    pub months: u32,
    /// Whether it is to be.
    pub enabled: bool,
}

struct Setting {
    service: Service,
    customer: CustomerId,
    wish: AutoRenewalWish,
    now: Timestamp,
}

impl Service {
    /// Says whether and how something is bought again before it ends.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchPackage`], [`ServiceError::NoSuchHolding`], [`ServiceError::NotRenewable`],
    /// [`ShopError::NoSuchProduct`], [`ServiceError::Unverified`], [`ServiceError::Suspended`].
    pub async fn set_auto_renewal(
        &self,
        customer: CustomerId,
        wish: AutoRenewalWish,
    ) -> Result<AutoRenewal, ServiceError> {
        let setting = Setting { service: self.clone(), customer, wish, now: self.now() };
        self.store.write(setting, |setting, tx| Box::pin(set(setting, tx))).await
    }

    /// A page of what the customer has bought again by itself, newest first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn list_auto_renewals(
        &self,
        customer: CustomerId,
        (page, size): (u32, u32),
    ) -> Result<Page<AutoRenewal>, ServiceError> {
        let (page, size) = (page.max(1), size.max(1));
        let stretch = Stretch { skip: u64::from(page - 1) * u64::from(size), most: size };
        self.store
            .snapshot(async |tx| {
                let total = auto_renewal::count(tx, customer).await?;
                let found = auto_renewal::list(tx, customer, None, stretch).await?;
                let items = found.into_iter().map(|one| as_it_will_be(self, one)).collect();
                Ok(Page { items, page, size, total })
            })
            .await
    }

    /// A page of what came of it, newest first; only of one, when its number is given.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn auto_renewal_log(
        &self,
        customer: CustomerId,
        only: Option<AutoRenewalId>,
        (page, size): (u32, u32),
    ) -> Result<Page<Attempt>, ServiceError> {
        let (page, size) = (page.max(1), size.max(1));
        let stretch = Stretch { skip: u64::from(page - 1) * u64::from(size), most: size };
        self.store
            .snapshot(async |tx| {
                let total = log::count(tx, customer, only).await?;
                let items = log::list(tx, customer, only, stretch).await?;
                Ok(Page { items, page, size, total })
            })
            .await
    }
}

async fn set(setting: &Setting, tx: &mut Tx) -> Result<AutoRenewal, ServiceError> {
    let Setting { service, customer, wish, now } = setting;
    let (customer, now, actor) = (*customer, *now, Actor::Customer(*customer));
    actor.may_change(tx, customer).await?;
    let new = match wish.target {
        Target::Package(package) => for_package(service, tx, (customer, package), *wish, now).await?,
        Target::Holding(holding) => for_holding(service, tx, (customer, holding), *wish).await?,
    };
    let id = auto_renewal::put(tx, customer, &new, now).await?;
    let what = match wish.target {
        Target::Package(package) => format!("package {package}"),
        Target::Holding(holding) => format!("static IP {holding}"),
    };
    let detail = format!("{what}: {}", if wish.enabled { "on" } else { "off" });
    audit::insert(tx, &actor.did("auto-renewal.set", customer, detail, now)).await?;
    let one = Stretch { skip: 0, most: 1 };
    auto_renewal::list(tx, customer, Some(id), one).await?.pop().ok_or(ServiceError::NotRenewable)
}

async fn for_package(
    service: &Service,
    tx: &mut Tx,
    (customer, package): (CustomerId, PackageId),
    wish: AutoRenewalWish,
    now: Timestamp,
) -> Result<NewAutoRenewal, ServiceError> {
    let bought = auto_renewal::bought(tx, customer, package).await?.ok_or(ServiceError::NoSuchPackage)?;
    // What comes with addresses would be bought with further addresses.
    let by_itself = !bought.product_type.is_static_ip();
    let product = bought.product.filter(|_| by_itself).ok_or(ServiceError::NotRenewable)?;
    if wish.enabled && bought.expires_at <= now {
        return Err(ServiceError::NotRenewable);
    }
    let due_at = package_due(service, bought.starts_at, bought.expires_at);
    Ok(NewAutoRenewal {
        target: wish.target,
        product,
        amount: bought.basket.amount.max(1),
        enabled: wish.enabled,
        due_at,
    })
}

async fn for_holding(
    service: &Service,
    tx: &mut Tx,
    (customer, holding): (CustomerId, HoldingId),
    wish: AutoRenewalWish,
) -> Result<NewAutoRenewal, ServiceError> {
    let held = holding::own(tx, customer, &[holding]).await?.pop().ok_or(ServiceError::NoSuchHolding(holding))?;
    let product = match wish.product {
        Some(product) => product,
        None => auto_renewal::renewal_product(tx, held.product_type).await?.ok_or(ServiceError::NotRenewable)?,
    };
    let fits = |product: &Product| {
        let renews = product.product_type == ProductType::StaticIpRenewal && product.ip_type == Some(held.product_type);
        product.on_sale && renews
    };
    let product = product::by_id(tx, product).await?.filter(fits).ok_or(ShopError::NoSuchProduct)?.id;
    let due_at = holding_due(service, held.expires_at);
    let amount = wish.months.clamp(1, MOST_MONTHS);
    Ok(NewAutoRenewal { target: wish.target, product, amount, enabled: wish.enabled, due_at })
}

/// What its customer renewed by hand is due later than was laid down.
fn as_it_will_be(service: &Service, one: AutoRenewal) -> AutoRenewal {
    match one.target {
        Target::Holding(_) => AutoRenewal { due_at: one.due_at.max(holding_due(service, one.expires_at)), ..one },
        Target::Package(_) => one,
    }
}

/// When a package is bought again: never in the first three quarters of its validity, or short ones would be bought over
/// and over.
pub(crate) fn package_due(service: &Service, starts_at: Timestamp, expires_at: Timestamp) -> Timestamp {
    let quarter = Span::from_ms(expires_at.since(starts_at).ms() / 4);
    expires_at.minus(service.static_ip_rules().renew_before.min(quarter))
}

/// When a static IP is renewed.
pub(crate) fn holding_due(service: &Service, expires_at: Timestamp) -> Timestamp {
    expires_at.minus(service.static_ip_rules().renew_before.min(EARLIEST))
}

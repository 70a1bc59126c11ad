//! Coupons: the operator makes and changes them, customers see those that are listed.

use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::coupon::{Coupon, CouponCode, CouponError, NewCoupon, Reduction};
use turnpike_domain::ids::{CouponId, CustomerId};
use turnpike_domain::time::Timestamp;
use turnpike_store::audit::AuditEntry;
use turnpike_store::package::Stretch;
use turnpike_store::{StoreError, Tx, audit, coupon, product};

use crate::actor::Actor;
use crate::customer_details::LimitChange;
use crate::error::ServiceError;
use crate::list_packages::Page;
use crate::service::{Service, require_customer};
use crate::shop_error::ShopError;

/// What is to become otherwise of a coupon; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CouponChange {
    /// What it is called.
    pub name: Option<String>,
    /// Not before.
    pub starts_at: Option<Timestamp>,
    /// Not from then on.
    pub expires_at: Option<Timestamp>,
    /// How often it can be used by all together.
    pub most_uses: LimitChange,
    /// How often a customer can use it.
    pub most_uses_each: LimitChange,
    /// Whether customers see it in their list.
    pub listed: Option<bool>,
    /// Whether it can be used.
    pub enabled: Option<bool>,
}

struct Making {
    service: Service,
    actor: Actor,
    coupon: NewCoupon,
}

struct Changing {
    service: Service,
    actor: Actor,
    coupon: CouponId,
    change: CouponChange,
}

impl Service {
    /// Makes a coupon, which can be used from its start on.
    ///
    /// # Errors
    /// [`ShopError::CouponTerms`], [`ShopError::CouponTaken`], [`ShopError::ScopeUnknown`],
    /// [`ServiceError::NoSuchCustomer`].
    pub async fn add_coupon(&self, actor: &Actor, coupon: NewCoupon) -> Result<Coupon, ServiceError> {
        coupon.check().map_err(ShopError::CouponTerms)?;
        let making = Making { service: self.clone(), actor: actor.clone(), coupon };
        self.store.write(making, |making, tx| Box::pin(make(making, tx))).await
    }

    /// Changes a coupon. Orders that took it keep what it took off.
    ///
    /// # Errors
    /// [`ShopError::NoSuchCoupon`], [`ShopError::CouponTerms`].
    pub async fn change_coupon(
        &self,
        actor: &Actor,
        coupon: CouponId,
        change: CouponChange,
    ) -> Result<Coupon, ServiceError> {
        let changing = Changing { service: self.clone(), actor: actor.clone(), coupon, change };
        self.store.write(changing, |changing, tx| Box::pin(change_it(changing, tx))).await
    }

    /// At most so many coupons after that one, by number; only the one of that code if one is given.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn page_coupons(
        &self,
        code: Option<&CouponCode>,
        after: Option<CouponId>,
        most: u32,
    ) -> Result<Vec<Coupon>, ServiceError> {
        let after = after.map_or(0, CouponId::get);
        Ok(self.store.read(async |tx: &mut Tx| coupon::page(tx, code, after, most).await).await?)
    }

    /// One coupon.
    ///
    /// # Errors
    /// [`ShopError::NoSuchCoupon`], or the store's.
    pub async fn find_coupon(&self, id: CouponId) -> Result<Coupon, ServiceError> {
        let found = self.store.read(async |tx: &mut Tx| coupon::by_id(tx, id).await).await?;
        Ok(found.ok_or(ShopError::NoSuchCoupon)?)
    }

    /// A page of the listed coupons that the customer can use now, newest first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn offered_coupons(
        &self,
        customer: CustomerId,
        (page, size): (u32, u32),
    ) -> Result<Page<Coupon>, ServiceError> {
        let (page, size, now) = (page.max(1), size.max(1), self.now());
        let stretch = Stretch { skip: u64::from(page - 1) * u64::from(size), most: size };
        let offered = async |tx: &mut Tx| {
            let total = coupon::count_offered(tx, customer, now).await?;
            let items = coupon::offered(tx, customer, now, stretch).await?;
            Ok(Page { items, page, size, total })
        };
        self.store.snapshot(offered).await
    }
}

async fn make(making: &Making, tx: &mut Tx) -> Result<Coupon, ServiceError> {
    let Making { service, actor, coupon } = making;
    if let Some(customer) = coupon.customer {
        require_customer(tx, customer).await?;
    }
    require_products(tx, &coupon.scope.products).await?;
    let id = match coupon::insert(tx, coupon).await {
        Ok(id) => id,
        Err(StoreError::Conflict) => return Err(ShopError::CouponTaken(coupon.code.clone()).into()),
        Err(error) => return Err(error.into()),
    };
    let off = match coupon.reduction {
        Reduction::Percent(percent) => format!("{percent} %"),
        Reduction::Amount(amount) => amount.to_string(),
    };
    let detail = format!("{}: {off} off", coupon.code);
    let audit = actor.did_overall("coupon.add", detail, service.now());
    audit::insert(tx, &AuditEntry { customer: coupon.customer, ..audit }).await?;
    Ok(Coupon { id, terms: coupon.clone(), uses: 0, enabled: true })
}

/// Refuses codes that no product has: a slip of the pen would make a coupon for nothing.
async fn require_products(tx: &mut Tx, codes: &[String]) -> Result<(), ServiceError> {
    if codes.is_empty() {
        return Ok(());
    }
    let products = product::all(tx).await?;
    let unknown = codes.iter().find(|code| products.iter().all(|product| product.code != **code));
    unknown.map_or(Ok(()), |code| Err(ShopError::ScopeUnknown(code.clone()).into()))
}

async fn change_it(changing: &Changing, tx: &mut Tx) -> Result<Coupon, ServiceError> {
    let Changing { service, actor, coupon, change } = changing;
    let before = coupon::lock(tx, *coupon).await?.ok_or(ShopError::NoSuchCoupon)?;
    let after = change.of(before.clone());
    after.terms.check().map_err(ShopError::CouponTerms)?;
    if after.terms.most_uses.is_some_and(|most| most < after.uses) {
        return Err(ShopError::CouponTerms(CouponError::FewerThanUsed).into());
    }
    coupon::update(tx, &after).await?;
    let detail = format!("{}: {}", after.terms.code, change.told().join(", "));
    let audit = actor.did_overall("coupon.change", detail, service.now());
    audit::insert(tx, &AuditEntry { customer: after.terms.customer, ..audit }).await?;
    Ok(after)
}

impl CouponChange {
    fn of(&self, before: Coupon) -> Coupon {
        let terms = NewCoupon {
            name: self.name.clone().unwrap_or(before.terms.name),
            starts_at: self.starts_at.unwrap_or(before.terms.starts_at),
            expires_at: self.expires_at.unwrap_or(before.terms.expires_at),
            most_uses: self.most_uses.after(before.terms.most_uses),
            most_uses_each: self.most_uses_each.after(before.terms.most_uses_each),
            listed: self.listed.unwrap_or(before.terms.listed),
            ..before.terms
        };
        Coupon { terms, enabled: self.enabled.unwrap_or(before.enabled), ..before }
    }

    /// What was said, for the audit.
    fn told(&self) -> Vec<String> {
        let limit = |what: &str, change| match change {
            LimitChange::Stays => None,
            LimitChange::Lifted => Some(format!("{what} without a limit")),
            LimitChange::Set(most) => Some(format!("{what} {most}")),
        };
        let told = [
            self.name.as_ref().map(|name| format!("name {name}")),
            self.starts_at.map(|at| format!("from {}", format_rfc3339(at))),
            self.expires_at.map(|at| format!("until {}", format_rfc3339(at))),
            limit("uses", self.most_uses),
            limit("uses each", self.most_uses_each),
            self.listed.map(|listed| format!("listed {listed}")),
            self.enabled.map(|enabled| format!("enabled {enabled}")),
        ];
        told.into_iter().flatten().collect()
    }
}

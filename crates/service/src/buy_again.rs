//! What nears its end is bought again from the balance, where its customer said so. The order, the new end and the row
//! that says so are one transaction; a refusal is written down too, and tried again: sooner, the nearer the end is.

use turnpike_domain::basket::Duration;
use turnpike_domain::ids::{AutoRenewalId, HoldingId, PackageId, PaymentMethod};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::auto_renewal::{self, DueRenewal, Target, log};
use turnpike_store::{StoreError, Tx, holding};

use crate::actor::Actor;
use crate::auto_renewals::{holding_due, package_due};
use crate::create_order::{self, Ordering};
use crate::error::ServiceError;
use crate::service::Service;
use crate::shop::MethodKind;
use crate::shop_error::ShopError;
use crate::wish::Wish;

/// What came of it when it was bought.
const RENEWED: &str = "renewed";
/// What came of it when there is nothing left to renew.
const ENDED: &str = "ended";
/// After so long at most a refused purchase is tried again.
const AGAIN_AFTER_AT_MOST: Span = Span::from_secs(3 * 3600);
/// After so long at least.
const AGAIN_AFTER_AT_LEAST: Span = Span::from_secs(60);
/// How many are looked for at once.
const BATCH: u32 = 100;

struct Trial {
    service: Service,
    id: AutoRenewalId,
    now: Timestamp,
}

struct Refusal {
    id: AutoRenewalId,
    outcome: &'static str,
    now: Timestamp,
}

impl Service {
    /// Buys again what is due: how many were tried.
    ///
    /// # Errors
    /// The first that is no refusal of the shop; the others were tried all the same.
    pub async fn buy_again(&self) -> Result<usize, ServiceError> {
        let now = self.now();
        let due = self.store.read(async |tx| auto_renewal::due(tx, now, BATCH).await).await?;
        let (count, mut failed) = (due.len(), None);
        for id in due {
            if let Err(error) = self.buy_one_again(id, now).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(count), Err)
    }

    async fn buy_one_again(&self, id: AutoRenewalId, now: Timestamp) -> Result<(), ServiceError> {
        let trial = Trial { service: self.clone(), id, now };
        match self.store.write(trial, |trial, tx| Box::pin(buy(trial, tx))).await {
            Ok(()) => Ok(()),
            Err(error) => match refusal(&error) {
                Some(outcome) => {
                    let refusal = Refusal { id, outcome, now };
                    Ok(self.store.write(refusal, |refusal, tx| Box::pin(write_down(refusal, tx))).await?)
                }
                None => Err(error),
            },
        }
    }
}

async fn buy(trial: &Trial, tx: &mut Tx) -> Result<(), ServiceError> {
    let Trial { service, id, now } = trial;
    // Another process may have been quicker.
    let Some(due) = auto_renewal::lock_due(tx, *id, *now).await? else { return Ok(()) };
    let found = match due.target {
        Target::Package(package) => again(service, tx, (&due, package), *now).await?,
        Target::Holding(holding) => renewal(service, tx, (&due, holding), *now).await?,
    };
    let (wish, begins_at) = match found {
        Found::Due(wish, begins_at) => (wish, begins_at),
        Found::Later(due_at) => return Ok(auto_renewal::move_on(tx, due.id, due.target, (due_at, true)).await?),
        Found::Ended => {
            auto_renewal::move_on(tx, due.id, due.target, (*now, false)).await?;
            return Ok(log::insert(tx, (due.id, due.customer), (None, ENDED), *now).await?);
        }
    };
    let (actor, customer) = (Actor::Customer(due.customer), due.customer);
    let ordering = Ordering { service: service.clone(), actor, customer, wish, now: *now, begins_at };
    let order = create_order::write(&ordering, tx).await?.id;
    let (target, due_at) = match due.target {
        Target::Package(_) => {
            let made = auto_renewal::package_of(tx, customer, order).await?;
            let (package, starts_at, expires_at) = made.ok_or(ServiceError::NotRenewable)?;
            (Target::Package(package), package_due(service, starts_at, expires_at))
        }
        Target::Holding(id) => {
            let held = holding::own(tx, customer, &[id]).await?.pop().ok_or(ServiceError::NoSuchHolding(id))?;
            (due.target, holding_due(service, held.expires_at))
        }
    };
    auto_renewal::move_on(tx, due.id, target, (due_at, true)).await?;
    Ok(log::insert(tx, (due.id, customer), (Some(order), RENEWED), *now).await?)
}

/// What is to be done about something that was due.
enum Found {
    /// It is bought so, and a package begins then.
    Due(Wish, Timestamp),
    /// Its customer renewed it meanwhile: it is due then.
    Later(Timestamp),
    /// There is nothing left to renew.
    Ended,
}

/// The order that a package came from, once more, to follow on the package, unless that has expired.
async fn again(
    service: &Service,
    tx: &mut Tx,
    (due, package): (&DueRenewal, PackageId),
    now: Timestamp,
) -> Result<Found, ServiceError> {
    let bought = auto_renewal::bought(tx, due.customer, package).await?;
    let Some(bought) = bought.filter(|bought| bought.expires_at > now) else { return Ok(Found::Ended) };
    let wish = Wish {
        amount: Some(due.amount),
        bandwidth: bought.basket.bandwidth,
        concurrency: bought.basket.concurrency,
        ..Wish::of(due.product, balance(service)?)
    };
    Ok(Found::Due(wish, bought.expires_at))
}

/// A renewal of a static IP.
async fn renewal(
    service: &Service,
    tx: &mut Tx,
    (due, id): (&DueRenewal, HoldingId),
    now: Timestamp,
) -> Result<Found, ServiceError> {
    let Some(held) = holding::own(tx, due.customer, &[id]).await?.pop() else { return Ok(Found::Ended) };
    let due_at = holding_due(service, held.expires_at);
    if due_at > now {
        return Ok(Found::Later(due_at));
    }
    let (upids, duration) = (vec![id.get()], Some(Duration::Months(due.amount)));
    Ok(Found::Due(Wish { upids, duration, ..Wish::of(due.product, balance(service)?) }, now))
}

/// The way of payment that needs nobody.
fn balance(service: &Service) -> Result<PaymentMethod, ShopError> {
    let shop = service.shop();
    let found = shop.methods.iter().find(|method| method.kind == MethodKind::Balance && !method.disabled);
    found.map(|method| method.id).ok_or(ShopError::PaymentMethodUnusable)
}

async fn write_down(refusal: &Refusal, tx: &mut Tx) -> Result<(), StoreError> {
    let Refusal { id, outcome, now } = refusal;
    let Some(due) = auto_renewal::lock_due(tx, *id, *now).await? else { return Ok(()) };
    let again_at = now.plus(wait(end(tx, &due).await?, *now));
    auto_renewal::move_on(tx, due.id, due.target, (again_at, true)).await?;
    log::insert(tx, (due.id, due.customer), (None, outcome), *now).await
}

/// When what is to be bought again ends; `None` when it is gone.
async fn end(tx: &mut Tx, due: &DueRenewal) -> Result<Option<Timestamp>, StoreError> {
    Ok(match due.target {
        Target::Package(package) => {
            auto_renewal::bought(tx, due.customer, package).await?.map(|found| found.expires_at)
        }
        Target::Holding(id) => holding::own(tx, due.customer, &[id]).await?.pop().map(|held| held.expires_at),
    })
}

/// How long until the next try: a quarter of what is left, so that there are tries up to the end. After it, which a
/// static IP outlasts for a while, nothing is urgent any more.
fn wait(end: Option<Timestamp>, now: Timestamp) -> Span {
    let left = end.map(|end| end.since(now)).filter(|left| left.ms() > 0);
    left.map_or(AGAIN_AFTER_AT_MOST, |left| {
        Span::from_ms(left.ms() / 4).clamp(AGAIN_AFTER_AT_LEAST, AGAIN_AFTER_AT_MOST)
    })
}

/// A word for why the shop refused; `None` for what is no refusal.
fn refusal(error: &ServiceError) -> Option<&'static str> {
    Some(match error {
        ServiceError::Shop(ShopError::BalanceTooLow) => "balance-too-low",
        ServiceError::Shop(ShopError::OutOfStock) | ServiceError::OutOfStockIn(_) => "out-of-stock",
        ServiceError::Shop(ShopError::PaymentMethodUnusable) => "payment-method",
        ServiceError::Shop(ShopError::NoSuchProduct | ShopError::Price(_))
        | ServiceError::NotRenewable
        | ServiceError::HoldingOfOtherType
        | ServiceError::NoSuchHolding(_)
        | ServiceError::RenewalTooShort => "not-sold",
        ServiceError::Unverified => "not-verified",
        ServiceError::Suspended => "suspended",
        _ => return None,
    })
}

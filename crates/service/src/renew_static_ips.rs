//! Renewals of static IPs: what one comes to, and its effect when it is paid.

use turnpike_domain::basket::{Duration, Renewed};
use turnpike_domain::ids::{CustomerId, HoldingId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_store::Tx;
use turnpike_store::feed::Changed;
use turnpike_store::holding::{self, Held};

use crate::error::ServiceError;
use crate::service::Service;

/// Which static IPs are to be renewed, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct RenewalWish {
    pub(crate) customer: CustomerId,
    /// The kind that the product renews.
    pub(crate) ip_type: ProductType,
    pub(crate) holdings: Vec<HoldingId>,
    pub(crate) duration: Duration,
    pub(crate) now: Timestamp,
}

/// What a wish comes to, in the order of the holdings' numbers. Those that have expired and not ended count too.
///
/// # Errors
/// [`ServiceError::NoSuchHolding`], when one is not the customer's or has ended; [`ServiceError::HoldingOfOtherType`];
/// [`ServiceError::RenewalTooShort`].
pub(crate) async fn priced(service: &Service, tx: &mut Tx, wish: &RenewalWish) -> Result<Vec<Renewed>, ServiceError> {
    let RenewalWish { customer, ip_type, holdings, duration, now } = wish;
    let found = holding::own(tx, *customer, holdings).await?;
    all_of(&found, holdings)?;
    let zone = service.zone();
    let renewed = |held: &Held| {
        if held.product_type != *ip_type {
            return Err(ServiceError::HoldingOfOtherType);
        }
        let extension = duration.extension(held.expires_at, zone).ok_or(ServiceError::RenewalTooShort)?;
        if extension.until <= *now {
            return Err(ServiceError::RenewalTooShort);
        }
        Renewed::new((held.id, held.country), held.expires_at, *duration, zone).ok_or(ServiceError::RenewalTooShort)
    };
    found.iter().map(renewed).collect()
}

/// What an order pays for.
#[derive(Clone, Debug)]
pub(crate) struct Renewal {
    pub(crate) customer: CustomerId,
    pub(crate) renews: Vec<Renewed>,
    pub(crate) duration: Duration,
    pub(crate) now: Timestamp,
}

/// Renews what is paid for, all of it or nothing. Months are counted from the end the holding has now, so that two
/// renewals add up. A part of a month was priced from one certain end and is for that end only.
///
/// # Errors
/// [`ServiceError::NoSuchHolding`], when one has ended meanwhile; [`ServiceError::HoldingChanged`];
/// [`ServiceError::RenewalTooShort`].
pub(crate) async fn renew(service: &Service, tx: &mut Tx, renewal: &Renewal) -> Result<(), ServiceError> {
    let Renewal { customer, renews, duration, now } = renewal;
    let ids: Vec<_> = renews.iter().map(|renewed| renewed.holding).collect();
    let found = holding::lock_own(tx, *customer, &ids).await?;
    all_of(&found, &ids)?;
    let end = |held: &Held| {
        let priced = renews.iter().find(|renewed| renewed.holding == held.id);
        let is_as_priced = priced.is_some_and(|priced| priced.expires_at == held.expires_at);
        if *duration == Duration::EndOfMonth && !is_as_priced {
            return Err(ServiceError::HoldingChanged);
        }
        let extension = duration.extension(held.expires_at, service.zone());
        let until = extension.map(|extension| extension.until).filter(|until| until > now);
        Ok((held.id, until.ok_or(ServiceError::RenewalTooShort)?))
    };
    let ends = found.iter().map(end).collect::<Result<Vec<_>, _>>()?;
    holding::set_expiry(tx, *customer, &ends).await?;
    tx.announce(Changed::Customer(*customer), *now);
    Ok(())
}

/// Refuses a list that names something else than what was found, or something twice.
fn all_of(found: &[Held], ids: &[HoldingId]) -> Result<(), ServiceError> {
    let mut left: Vec<_> = found.iter().map(|held| held.id).collect();
    for id in ids {
        let place = left.iter().position(|found| found == id).ok_or(ServiceError::NoSuchHolding(*id))?;
        left.swap_remove(place);
    }
    Ok(())
}

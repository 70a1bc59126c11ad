//! What is unused of an order, and how it is taken away.

use turnpike_domain::product::ProductType;
use turnpike_domain::refund::Unused;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_store::order::Order;
use turnpike_store::package_of_order::OrderedPackage;
use turnpike_store::{Tx, holding, ip_changes, journal, package_of_order};

use crate::end_static_ips;
use crate::error::ServiceError;
use crate::fulfil::product_of;
use crate::service::Service;

/// Takes away what is unused of a paid order: which share that was.
pub(super) async fn take_back(
    service: &Service,
    tx: &mut Tx,
    order: &Order,
    now: Timestamp,
) -> Result<Unused, ServiceError> {
    let addresses = match order.product_type {
        ProductType::StaticDatacenterIp | ProductType::StaticResidentialIp => {
            addresses(service, tx, order, now).await?
        }
        ProductType::StaticIpRenewal => renewals(service, tx, order, now).await?,
        _ => Unused::ALL,
    };
    // Before packages, as those lock it who buy.
    journal::lock_balance(tx, order.customer).await?;
    let packages = packages(tx, order, now).await?;
    let quota = match order.product_type {
        ProductType::StaticIpChangeQuota => changes(tx, order).await?,
        _ => Unused::ALL,
    };
    Ok(addresses.or_less(packages).or_less(quota))
}

/// Addresses are used by the time since they were paid.
async fn addresses(service: &Service, tx: &mut Tx, order: &Order, now: Timestamp) -> Result<Unused, ServiceError> {
    let held = end_static_ips::give_back(tx, order.customer, order.id, (now, service.draw_batch())).await?;
    let validity = product_of(tx, order).await?.validity;
    let until = order.paid_at.unwrap_or(order.created_at).plus(validity);
    Ok(if held == 0 { Unused::NOTHING } else { Unused::of_time(now, until, validity) })
}

/// Of a renewal the time is unused that lies ahead, as far as it reaches back from the end.
async fn renewals(service: &Service, tx: &mut Tx, order: &Order, now: Timestamp) -> Result<Unused, ServiceError> {
    let renews = &order.basket.renews;
    let ids: Vec<_> = renews.iter().map(|renewed| renewed.holding).collect();
    let held = holding::lock_own(tx, order.customer, &ids).await?;
    let (mut ends, mut left_ms, mut whole_ms) = (Vec::new(), 0_u64, 0_u64);
    for renewed in renews {
        let from = renewed.expires_at;
        let extension = order.basket.duration.and_then(|duration| duration.extension(from, service.zone()));
        let whole = extension.map_or(Span::from_ms(0), |extension| extension.until.since(from));
        whole_ms = whole_ms.saturating_add(whole.ms().max(0).unsigned_abs());
        if let Some(held) = held.iter().find(|held| held.id == renewed.holding) {
            let left = Span::from_ms(held.expires_at.since(now).ms().clamp(0, whole.ms().max(0)));
            left_ms = left_ms.saturating_add(left.ms().unsigned_abs());
            ends.push((held.id, held.expires_at.minus(left)));
        }
    }
    holding::set_expiry(tx, order.customer, &ends).await?;
    Ok(Unused::new(left_ms, whole_ms))
}

/// Traffic is used by the byte, a time plan by time. What has expired is used up.
async fn packages(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<Unused, ServiceError> {
    let packages = package_of_order::lock(tx, order.customer, order.id).await?;
    package_of_order::take_back(tx, order.customer, order.id, now).await?;
    let sum = |amount: fn(&OrderedPackage) -> Bytes| {
        packages.iter().fold(Bytes::ZERO, |sum, package| sum.plus(amount(package)))
    };
    let left = packages.iter().filter(|package| package.expires_at > now);
    Ok(match (order.product_type, &packages[..]) {
        (_, []) => Unused::ALL,
        (ProductType::DynamicTimePlan, [package, ..]) => {
            Unused::of_time(now, package.expires_at, package.expires_at.since(package.starts_at))
        }
        _ => {
            let left = left.fold(Bytes::ZERO, |sum, package| sum.plus(package.left));
            Unused::of_traffic(left, sum(|package| package.size))
        }
    })
}

/// Changes are used one by one, those of the oldest order first.
async fn changes(tx: &mut Tx, order: &Order) -> Result<Unused, ServiceError> {
    let amount = u64::from(order.basket.amount);
    let before = ip_changes::left(tx, order.customer).await?.unwrap_or_default();
    ip_changes::take_back(tx, order.customer, order.basket.amount).await?;
    Ok(Unused::new(before.min(amount), amount))
}

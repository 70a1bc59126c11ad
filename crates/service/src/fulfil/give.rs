//! What each type of product gives when it is paid.

use turnpike_domain::catalogue::{Product, Sku};
use turnpike_domain::ids::PackageId;
use turnpike_domain::price::PriceError;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_store::feed::Changed;
use turnpike_store::package::NewPackage;
use turnpike_store::{Tx, customer, ip_changes, package, time_plan};

use super::Purchase;
use crate::allot_static_ips::{Allotment, allot};
use crate::error::ServiceError;
use crate::renew_static_ips::{Renewal, renew};
use crate::service::Service;
use crate::shop_error::ShopError;

/// The size of a package whose traffic is not limited: 1 EiB, more than anybody can use.
pub(crate) const UNLIMITED: Bytes = Bytes::new(1 << 60);

/// Allots or renews static IPs, where the order is for such.
pub(super) async fn addresses(service: &Service, tx: &mut Tx, purchase: &Purchase<'_>) -> Result<(), ServiceError> {
    let Purchase { order, customer, product, basket, now, .. } = *purchase;
    match product.product_type {
        product_type @ (ProductType::StaticDatacenterIp | ProductType::StaticResidentialIp) => {
            let (regions, expires_at) = (basket.regions.clone(), now.plus(product.validity));
            allot(service, tx, &Allotment { customer, order, product_type, regions, expires_at, now }).await?;
        }
        ProductType::StaticIpRenewal => {
            let duration = basket.duration.ok_or(ShopError::Price(PriceError::Duration))?;
            renew(service, tx, &Renewal { customer, renews: basket.renews.clone(), duration, now }).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Adds packages and quota.
pub(super) async fn what_is_counted(tx: &mut Tx, purchase: &Purchase<'_>) -> Result<(), ServiceError> {
    let Purchase { customer, product, basket, .. } = *purchase;
    let sized = product.size.map(|size| times(size, basket.amount));
    match product.product_type {
        ProductType::DynamicTraffic | ProductType::IdcTraffic => {
            add_package(tx, purchase, product.product_type, sized.unwrap_or(UNLIMITED)).await.map(drop)
        }
        ProductType::StaticTrafficAddOn => {
            let ip_type = product.ip_type.ok_or(ShopError::Price(PriceError::NotSold))?;
            add_package(tx, purchase, ip_type, sized.unwrap_or(UNLIMITED)).await.map(drop)
        }
        ProductType::DynamicTimePlan => time_plan(tx, purchase).await,
        product_type @ (ProductType::StaticDatacenterIp | ProductType::StaticResidentialIp) => match sized {
            Some(size) => add_package(tx, purchase, product_type, size).await.map(drop),
            None => Ok(()),
        },
        ProductType::StaticIpChangeQuota => {
            ip_changes::add(tx, customer, basket.amount).await?;
            Ok(())
        }
        ProductType::Recharge | ProductType::StaticIpRenewal => Ok(()),
        _ => Err(ShopError::Price(PriceError::NotSold).into()),
    }
}

fn times(size: Bytes, amount: u32) -> Bytes {
    Bytes::new(size.get().saturating_mul(u64::from(amount))).min(UNLIMITED)
}

/// As long as its units are valid one after the other.
pub(crate) fn validity(product: &Product, amount: u32) -> Span {
    match product.product_type {
        ProductType::DynamicTimePlan => Span::from_ms(product.validity.ms().saturating_mul(i64::from(amount))),
        _ => product.validity,
    }
}

async fn add_package(
    tx: &mut Tx,
    purchase: &Purchase<'_>,
    product_type: ProductType,
    size: Bytes,
) -> Result<PackageId, ServiceError> {
    let Purchase { order, customer, product, basket, now, begins_at: starts_at, .. } = *purchase;
    let expires_at: Timestamp = starts_at.plus(validity(product, basket.amount));
    let announced = starts_at <= now;
    let new = NewPackage { customer, order, product_type, size, starts_at, expires_at, announced };
    let id = package::insert(tx, &new).await?;
    if !customer::raise_packages_version(tx, customer).await? {
        return Err(ServiceError::NoSuchCustomer);
    }
    tx.announce(Changed::Customer(customer), now);
    Ok(id)
}

/// Traffic without a limit, as fast and as wide as the parts that were chosen allow.
async fn time_plan(tx: &mut Tx, purchase: &Purchase<'_>) -> Result<(), ServiceError> {
    let Purchase { product, basket, .. } = *purchase;
    let package = add_package(tx, purchase, product.product_type, UNLIMITED).await?;
    let bandwidth_kbps = value(&product.terms.bandwidth, basket.bandwidth, PriceError::Bandwidth)?;
    let tunnels = value(&product.terms.concurrency, basket.concurrency, PriceError::Concurrency)?;
    time_plan::insert(tx, package, bandwidth_kbps, tunnels).await?;
    Ok(())
}

/// What a chosen part is worth. A part that is not sold any more since it was ordered gives nothing.
fn value(skus: &[Sku], chosen: Option<i64>, unknown: PriceError) -> Result<Option<u64>, ShopError> {
    let Some(id) = chosen else { return Ok(None) };
    let sku = skus.iter().find(|sku| sku.id == id).ok_or(ShopError::Price(unknown))?;
    Ok(Some(sku.value))
}

//! What an order would cost: the one way from a wish to a price, for looking and for ordering alike.

use turnpike_domain::basket::{Basket, Duration};
use turnpike_domain::catalogue::Product;
use turnpike_domain::coupon::Coupon;
use turnpike_domain::ids::{CustomerId, HoldingId, OrderId};
use turnpike_domain::money::Money;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::price::{self, Discounts, Line, PriceError, Quote};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_store::coupon::{self, CouponUse};
use turnpike_store::{Tx, invitation, order, product, static_ip};

use crate::error::ServiceError;
use crate::renew_static_ips::{self, RenewalWish};
use crate::service::{Service, require_active};
use crate::shop_error::ShopError;
use crate::wish::Wish;

/// What an order would cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderQuote {
    /// Before discounts.
    pub total: Money,
    /// After them.
    pub pay: Money,
    /// What it would be called.
    pub title: String,
    /// What the price is made of.
    pub lines: Vec<Line>,
}

/// Whether a coupon is only looked at, or taken with the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Earnest {
    Looks,
    Orders,
}

/// A wish that was understood, and its price.
#[derive(Clone, Debug)]
pub(crate) struct Priced {
    pub(crate) product: Product,
    pub(crate) basket: Basket,
    pub(crate) quote: Quote,
    pub(crate) coupon: Option<Coupon>,
}

impl Service {
    /// What the wish would cost now. Nothing is made or taken.
    ///
    /// # Errors
    /// As [`Service::create_order`], but for what only payment brings up.
    pub async fn order_quote(&self, customer: CustomerId, wish: &Wish) -> Result<OrderQuote, ServiceError> {
        let now = self.now();
        let look = self.store.snapshot(async |tx| {
            require_active(tx, customer).await?;
            let Priced { product, quote, .. } = priced(self, tx, (customer, wish, now), Earnest::Looks).await?;
            check_method(self, wish, &product, quote.pay)?;
            Ok(OrderQuote { total: quote.total, pay: quote.pay, title: product.title, lines: quote.lines })
        });
        self.guarding_coupons(customer, wish.coupon.is_some(), look).await
    }
}

/// Refuses a way of payment that does not take this. None needs to be chosen yet, and any does
/// where there is nothing to pay.
pub(crate) fn check_method(service: &Service, wish: &Wish, product: &Product, pay: Money) -> Result<(), ShopError> {
    match wish.method.get() {
        0 => Ok(()),
        _ if !pay.is_positive() => service.shop().method(wish.method).map(drop),
        _ => service.shop().usable(wish.method, pay, product.product_type).map(drop),
    }
}

/// Understands a wish and prices it. In earnest, its coupon is taken.
pub(crate) async fn priced(
    service: &Service,
    tx: &mut Tx,
    (customer, wish, now): (CustomerId, &Wish, Timestamp),
    earnest: Earnest,
) -> Result<Priced, ServiceError> {
    let product = product::by_id(tx, wish.product).await?.filter(|product| product.on_sale);
    let product = product.ok_or(ShopError::NoSuchProduct)?;
    let basket = basket(service, tx, (customer, wish, now), &product).await?;
    let coupon = match &wish.coupon {
        Some(code) => {
            let wanted = CouponUse { code, customer, product: &product, now };
            let found = match earnest {
                Earnest::Looks => coupon::look_at(tx, wanted).await?,
                Earnest::Orders => coupon::take(tx, wanted).await?,
            };
            Some(found.map_err(ShopError::Coupon)?)
        }
        None => None,
    };
    let invited = wish.invitation && invitation::is_due(tx, customer).await?;
    let invitation = service.shop().invitation_discount.filter(|_| invited);
    if wish.invitation && invitation.is_none() {
        return Err(ShopError::NoInvitation.into());
    }
    let discounts = Discounts { invitation, coupon: coupon.as_ref().map(|coupon| coupon.terms.reduction) };
    let quote = price::quote(&product, &basket, &discounts).map_err(ShopError::Price)?;
    look_at_stock(tx, &product, &basket).await?;
    Ok(Priced { product, basket, quote, coupon })
}

/// What is wanted, with what only the store knows about it.
async fn basket(
    service: &Service,
    tx: &mut Tx,
    (customer, wish, now): (CustomerId, &Wish, Timestamp),
    product: &Product,
) -> Result<Basket, ServiceError> {
    let Wish { bandwidth, concurrency, recharge, .. } = *wish;
    let plain = Basket { amount: wish.amount.unwrap_or(1), bandwidth, concurrency, recharge, ..Basket::default() };
    match product.product_type {
        ProductType::StaticDatacenterIp | ProductType::StaticResidentialIp => {
            let counted = wish.regions.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
            Ok(Basket { amount: wish.amount.unwrap_or(counted.max(1)), regions: wish.regions.clone(), ..plain })
        }
        ProductType::StaticIpRenewal => {
            let ip_type = product.ip_type.ok_or(ShopError::Price(PriceError::NotSold))?;
            let duration = wish.duration.unwrap_or(Duration::Months(1));
            let holdings = wish.upids.iter().map(|id| HoldingId::new(*id)).collect();
            let wanted = RenewalWish { customer, ip_type, holdings, duration, now };
            let renews = renew_static_ips::priced(service, tx, &wanted).await?;
            let counted = u32::try_from(renews.len()).unwrap_or(u32::MAX);
            Ok(Basket { amount: wish.amount.unwrap_or(counted.max(1)), renews, duration: Some(duration), ..plain })
        }
        ProductType::OrderTopUp => {
            let tops_up = short_order(tx, (customer, wish), now).await?;
            Ok(Basket { tops_up: Some(tops_up), ..plain })
        }
        _ => Ok(plain),
    }
}

/// The one order that was paid short, and what is missing of it.
async fn short_order(
    tx: &mut Tx,
    (customer, wish): (CustomerId, &Wish),
    now: Timestamp,
) -> Result<(OrderId, Money), ServiceError> {
    let nothing = ShopError::Price(PriceError::NothingToTopUp);
    let [id] = wish.upids[..] else { return Err(nothing.into()) };
    let Some(short) = order::of_customer_by_id(tx, customer, OrderId::new(id)).await? else {
        return Err(nothing.into());
    };
    // A recharge is paid from outside only, so that the balance never buys a bonus; a rest has no rest.
    let by_itself = !matches!(short.product_type, ProductType::Recharge | ProductType::OrderTopUp);
    let awaits = short.status == OrderStatus::AwaitingPayment && short.expires_at > now;
    if awaits && by_itself && short.received.is_positive() && short.missing().is_positive() {
        Ok((short.id, short.missing()))
    } else {
        Err(nothing.into())
    }
}

/// Refuses what could not be given now. Others may be first until it is paid.
async fn look_at_stock(tx: &mut Tx, product: &Product, basket: &Basket) -> Result<(), ServiceError> {
    if product.stock.is_some_and(|left| left < u64::from(basket.amount)) {
        return Err(ShopError::OutOfStock.into());
    }
    for (country, count) in &basket.regions {
        if !static_ip::has_for_sale(tx, product.product_type, *country, *count).await? {
            return Err(ServiceError::OutOfStockIn(*country));
        }
    }
    Ok(())
}

//! What a paid order gives, and the entry that pays it: together, in the transaction that takes the order's step.
//!
//! Locks are taken in one order by all who come this way: orders, the product's stock, static IPs, the wallet, and
//! packages and the customer last.

mod give;

use turnpike_domain::basket::Basket;
use turnpike_domain::catalogue::Product;
use turnpike_domain::ids::{CustomerId, OrderId};
use turnpike_domain::ledger::{Entry, Paying};
use turnpike_domain::money::Money;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::price::PriceError;
use turnpike_domain::product::ProductType;
use turnpike_domain::recharge;
use turnpike_domain::time::Timestamp;
use turnpike_store::order::{self, Order};
use turnpike_store::{StoreError, Tx, product, recharge_tier};

use crate::book_entry::book;
use crate::error::ServiceError;
use crate::service::Service;
use crate::shop_error::ShopError;

/// An order that is being paid. Its status says so already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purchase<'a> {
    pub(crate) order: OrderId,
    pub(crate) customer: CustomerId,
    /// What it is sold for.
    pub(crate) price: Money,
    /// What came in for it from outside; the wallet pays the rest, or takes what is too much.
    pub(crate) deposit: Money,
    pub(crate) product: &'a Product,
    pub(crate) basket: &'a Basket,
    /// What people read in the journal.
    pub(crate) detail: &'a str,
    pub(crate) now: Timestamp,
    /// When a package that comes of it begins.
    pub(crate) begins_at: Timestamp,
}

impl<'a> Purchase<'a> {
    /// For an order that is paid as a whole.
    pub(crate) fn of(order: &'a Order, product: &'a Product, now: Timestamp) -> Self {
        Self {
            order: order.id,
            customer: order.customer,
            price: order.pay_fee,
            deposit: order.received,
            product,
            basket: &order.basket,
            detail: order.trade_no.as_str(),
            now,
            begins_at: now,
        }
    }

    const fn paying(&self) -> Paying {
        let Self { order, customer, price, deposit, .. } = *self;
        Paying { order, customer, price, deposit }
    }
}

/// Takes the payment and gives what was ordered, or refuses both.
///
/// # Errors
/// [`ShopError::BalanceTooLow`], [`ShopError::OutOfStock`], [`ServiceError::OutOfStockIn`], those of renewals, and
/// [`ShopError::NothingToTopUp`].
pub(crate) async fn settle(service: &Service, tx: &mut Tx, purchase: &Purchase<'_>) -> Result<(), ServiceError> {
    let Some((short, missing)) = purchase.basket.tops_up else { return deliver(service, tx, purchase).await };
    let short = pay_short(tx, purchase, (short, missing)).await?;
    book(tx, Entry::sale(&purchase.paying()), purchase.detail, purchase.now).await?;
    // The rest was sold by itself; what had come in before pays for what is left.
    let product = product_of(tx, &short).await?;
    let sold = Purchase { price: short.received, ..Purchase::of(&short, &product, purchase.now) };
    deliver(service, tx, &sold).await
}

async fn deliver(service: &Service, tx: &mut Tx, purchase: &Purchase<'_>) -> Result<(), ServiceError> {
    if !product::take_stock(tx, purchase.product, purchase.basket.amount).await? {
        return Err(ShopError::OutOfStock.into());
    }
    give::addresses(service, tx, purchase).await?;
    let entry = match purchase.product.product_type {
        ProductType::Recharge => {
            let credited = recharge::credited(&recharge_tier::all(tx).await?, purchase.price);
            let bonus = credited.and_then(|credited| credited.minus(purchase.price));
            Entry::recharge(&purchase.paying(), bonus.ok_or(ShopError::Price(PriceError::TooMuch))?)
        }
        _ => Entry::sale(&purchase.paying()),
    };
    book(tx, entry, purchase.detail, purchase.now).await?;
    give::what_is_counted(tx, purchase).await
}

/// The order that was paid short takes its step, if exactly this is missing of it.
async fn pay_short(
    tx: &mut Tx,
    purchase: &Purchase<'_>,
    (short, missing): (OrderId, Money),
) -> Result<Order, ServiceError> {
    let Purchase { customer, now, .. } = *purchase;
    let short = order::lock(tx, customer, short).await?.ok_or(ShopError::NothingToTopUp)?;
    let awaits = short.status == OrderStatus::AwaitingPayment && short.missing() == missing;
    if awaits && order::steps::pay(tx, customer, short.id, short.method, now).await? {
        Ok(short)
    } else {
        Err(ShopError::NothingToTopUp.into())
    }
}

/// What was ordered, as the catalogue has it now; products are never taken out of it.
///
/// # Errors
/// [`StoreError::Corrupt`] for an order of the operator's own, which is never awaiting payment.
pub(crate) async fn product_of(tx: &mut Tx, order: &Order) -> Result<Product, ServiceError> {
    let corrupt = StoreError::Corrupt { table: "orders", column: "product_id", id: order.id.get() };
    let Some(id) = order.product else { return Err(corrupt.into()) };
    Ok(product::by_id(tx, id).await?.ok_or(corrupt)?)
}

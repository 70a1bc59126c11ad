//! A customer pays an order from its balance, or says how it will be paid. What costs nothing is paid by saying so.

use turnpike_domain::ids::{CustomerId, PaymentMethod};
use turnpike_domain::money::Money;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::order::{self, Order};
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::fulfil::{self, Purchase, product_of};
use crate::order_view::OrderView;
use crate::service::Service;
use crate::shop::MethodKind;
use crate::shop_error::ShopError;

/// What came of paying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayOutcome {
    /// The order is paid, and what it is for was given.
    Paid(OrderView),
    /// The customer must do something.
    Awaiting {
        /// The order.
        order: OrderView,
        /// What to do.
        instructions: String,
    },
}

/// What paying an order would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentQuote {
    /// The order.
    pub order: OrderView,
    /// How it would be paid; 0 when that is not chosen.
    pub method: PaymentMethod,
    /// What is missing of its price.
    pub missing: Money,
}

struct PayWish {
    service: Service,
    actor: Actor,
    customer: CustomerId,
    trade_no: TradeNo,
    method: PaymentMethod,
    now: Timestamp,
}

impl Service {
    /// Pays an order from the balance, or notes how it will be paid.
    ///
    /// # Errors
    /// [`ServiceError::Unverified`], [`ServiceError::Suspended`], those of fulfilment, and [`ShopError`].
    pub async fn pay_order(
        &self,
        actor: &Actor,
        customer: CustomerId,
        trade_no: TradeNo,
        method: PaymentMethod,
    ) -> Result<PayOutcome, ServiceError> {
        let (service, actor, now) = (self.clone(), actor.clone(), self.now());
        let wish = PayWish { service, actor, customer, trade_no, method, now };
        self.store.write(wish, |wish, tx| Box::pin(pay(wish, tx))).await
    }

    /// What paying an order would take, by a method or the one that was chosen.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], [`ShopError::NoSuchOrder`], [`ShopError::OrderStands`],
    /// [`ShopError::NoSuchPaymentMethod`], [`ShopError::PaymentMethodUnusable`].
    pub async fn quote_payment(
        &self,
        customer: CustomerId,
        trade_no: &TradeNo,
        method: Option<PaymentMethod>,
    ) -> Result<PaymentQuote, ServiceError> {
        let now = self.now();
        self.store
            .read(async |tx| {
                let order = order::of_customer(tx, customer, trade_no).await?.ok_or(ShopError::NoSuchOrder)?;
                must_await(&order, now)?;
                let (method, missing) = (method.unwrap_or(order.method), order.missing());
                if method.get() != 0 && missing.is_positive() {
                    self.shop().usable(method, missing, order.product_type)?;
                }
                Ok(PaymentQuote { method, missing, order: order.into() })
            })
            .await
    }
}

async fn pay(wish: &PayWish, tx: &mut Tx) -> Result<PayOutcome, ServiceError> {
    let PayWish { service, actor, customer, trade_no, method, now } = wish;
    actor.may_change(tx, *customer).await?;
    let order = order::of_customer(tx, *customer, trade_no).await?.ok_or(ShopError::NoSuchOrder)?;
    let order = lock(tx, &order).await?;
    must_await(&order, *now)?;
    if !order.missing().is_positive() {
        if method.get() != 0 {
            service.shop().method(*method)?;
        }
        let paid = take_step(service, tx, order, (*method, *now)).await?;
        audit::insert(tx, &actor.did("order.pay", *customer, format!("{trade_no}: nothing to pay"), *now)).await?;
        return Ok(PayOutcome::Paid(paid.into()));
    }
    let shop = service.shop();
    let method = shop.usable(*method, order.missing(), order.product_type)?;
    if method.kind == MethodKind::Transfer {
        let chosen = order::steps::choose_method(tx, *customer, order.id, method.id).await?;
        chosen.then_some(()).ok_or(ShopError::OrderStands(order.status))?;
        let order = Order { method: method.id, ..order };
        return Ok(PayOutcome::Awaiting { order: order.into(), instructions: method.instructions.clone() });
    }
    let paid = take_step(service, tx, order, (method.id, *now)).await?;
    let detail = format!("{trade_no}: {}, from the balance", paid.missing());
    audit::insert(tx, &actor.did("order.pay", *customer, detail, *now)).await?;
    Ok(PayOutcome::Paid(paid.into()))
}

/// Refuses an order that cannot be paid any more.
fn must_await(order: &Order, now: Timestamp) -> Result<(), ShopError> {
    match order.status {
        OrderStatus::AwaitingPayment if order.expires_at <= now => Err(ShopError::OrderOverdue),
        OrderStatus::AwaitingPayment => Ok(()),
        status => Err(ShopError::OrderStands(status)),
    }
}

/// The order as it now stands, locked: after the one it tops up, which is older, so that no two wait for each other.
pub(crate) async fn lock(tx: &mut Tx, found: &Order) -> Result<Order, ServiceError> {
    if let Some(short) = found.tops_up {
        order::lock(tx, found.customer, short).await?.ok_or(ShopError::NoSuchOrder)?;
    }
    Ok(order::lock(tx, found.customer, found.id).await?.ok_or(ShopError::NoSuchOrder)?)
}

/// A locked order becomes paid, and gives what it is for: as it then stands.
pub(crate) async fn take_step(
    service: &Service,
    tx: &mut Tx,
    order: Order,
    (method, now): (PaymentMethod, Timestamp),
) -> Result<Order, ServiceError> {
    if !order::steps::pay(tx, order.customer, order.id, method, now).await? {
        return Err(ShopError::OrderStands(order.status).into());
    }
    let product = product_of(tx, &order).await?;
    fulfil::settle(service, tx, &Purchase::of(&order, &product, now)).await?;
    Ok(Order { status: OrderStatus::Paid, method, paid_at: Some(now), ..order })
}

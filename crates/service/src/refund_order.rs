//! The operator takes an order back: the journal is reversed in proportion to what is unused, and that is taken away.

mod unused;

use turnpike_domain::ids::CustomerId;
use turnpike_domain::ledger::{Entry, LedgerError};
use turnpike_domain::money::Money;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::refund::{RechargeRefund, Unused};
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::feed::Changed;
use turnpike_store::order::{self, Order};
use turnpike_store::{Tx, audit, customer, journal};

use crate::actor::Actor;
use crate::book_entry::book;
use crate::error::ServiceError;
use crate::order_view::OrderView;
use crate::service::Service;
use crate::shop_error::ShopError;

/// What a refund comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundView {
    /// The order as it then stands.
    pub order: OrderView,
    /// What is paid back: to the wallet, or of a recharge out of it to whoever paid.
    pub amount: Money,
    /// The bonus that is lost with a recharge.
    pub bonus: Money,
    /// The share of the order that was unused.
    pub unused: Unused,
}

pub(crate) struct Refunding {
    pub(crate) service: Service,
    actor: Actor,
    trade_no: TradeNo,
    amount: Option<Money>,
    now: Timestamp,
}

impl Service {
    /// Takes a paid order back, and what topped it up. `amount` is what the operator pays back instead of the unused share
    /// of the price; whoever pays nothing back says why.
    ///
    /// # Errors
    /// [`ShopError::NoSuchOrder`], [`ShopError::OrderStands`], [`ShopError::NotRefundable`],
    /// [`ShopError::RefundTooHigh`].
    pub async fn refund_order(
        &self,
        actor: &Actor,
        trade_no: TradeNo,
        amount: Option<Money>,
    ) -> Result<RefundView, ServiceError> {
        if amount.is_some_and(Money::is_zero) && !actor.says_why() {
            return Err(ShopError::NotRefundable(WITHOUT_REASON).into());
        }
        let refunding = Refunding { service: self.clone(), actor: actor.clone(), trade_no, amount, now: self.now() };
        self.store.write(refunding, |refunding, tx| Box::pin(refund(refunding, tx))).await
    }
}

async fn refund(refunding: &Refunding, tx: &mut Tx) -> Result<RefundView, ServiceError> {
    let Refunding { service, actor, trade_no, now, .. } = refunding;
    let found = order::by_trade_no(tx, trade_no).await?.ok_or(ShopError::NoSuchOrder)?;
    let order = order::lock(tx, found.customer, found.id).await?.ok_or(ShopError::NoSuchOrder)?;
    if order.status != OrderStatus::Paid {
        return Err(ShopError::OrderStands(order.status).into());
    }
    order::steps::refund_top_ups(tx, order.customer, order.id, *now).await?;
    let (unused, amount, bonus, entry) = match order.product_type {
        ProductType::OrderTopUp => return Err(ShopError::NotRefundable(REFUND_THE_WHOLE).into()),
        ProductType::Recharge => {
            let RechargeRefund { paid, bonus } = recharge(refunding, tx, &order).await?;
            let unused = Unused::new(paid.minor().unsigned_abs(), order.pay_fee.minor().unsigned_abs());
            (unused, paid, bonus, Entry::recharge_refund(order.id, order.customer, paid, bonus))
        }
        _ => {
            let unused = unused::take_back(service, tx, &order, *now).await?;
            let amount = sale(refunding, &order, unused)?;
            (unused, amount, Money::ZERO, Entry::refund(order.id, order.customer, amount))
        }
    };
    book(tx, entry, trade_no.as_str(), *now).await?;
    if !order::steps::refund(tx, order.customer, order.id, amount, *now).await? {
        return Err(ShopError::OrderStands(order.status).into());
    }
    tell_gateways(tx, order.customer, *now).await?;
    let share = unused.ten_thousandths();
    let detail = format!("{trade_no}: {amount} back, {}.{:02}% unused", share / 100, share % 100);
    audit::insert(tx, &actor.did("order.refund", order.customer, detail, *now)).await?;
    let order = Order { status: OrderStatus::Refunded, refunded: amount, ended_at: Some(*now), ..order };
    Ok(RefundView { order: order.into(), amount, bonus, unused })
}

const REFUND_THE_WHOLE: &str = "a top-up is refunded with the order it topped up";
const WITHOUT_REASON: &str = "whoever takes an order back and pays nothing for it must give a reason";
const AS_UNSPENT: &str = "what a recharge gives back follows from what is unspent";

/// What of a recharge is not spent; its wallet is locked.
async fn recharge(refunding: &Refunding, tx: &mut Tx, order: &Order) -> Result<RechargeRefund, ServiceError> {
    if refunding.amount.is_some() {
        return Err(ShopError::NotRefundable(AS_UNSPENT).into());
    }
    let balance = journal::lock_balance(tx, order.customer).await?;
    let bonus = journal::bonus(tx, order.id).await?;
    let refund = RechargeRefund::new(order.pay_fee, bonus, balance);
    Ok(refund.ok_or(ShopError::Ledger(LedgerError::OutOfRange))?)
}

fn sale(refunding: &Refunding, order: &Order, unused: Unused) -> Result<Money, ShopError> {
    let most = order.pay_fee;
    match refunding.amount {
        Some(amount) if amount > most || amount.is_negative() => Err(ShopError::RefundTooHigh { most }),
        Some(amount) => Ok(amount),
        None => Ok(unused.of(most)),
    }
}

async fn tell_gateways(tx: &mut Tx, customer: CustomerId, now: Timestamp) -> Result<(), ServiceError> {
    customer::raise_packages_version(tx, customer).await?;
    tx.announce(Changed::Customer(customer), now);
    Ok(())
}

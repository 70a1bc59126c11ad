//! Orders that are closed before they are paid: by their customer, or because their time is over. Either way what they
//! had taken is given back, once.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::ledger::Entry;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::audit::{self, AuditEntry};
use turnpike_store::order::{self, Order};
use turnpike_store::{Tx, coupon, invitation};

use crate::actor::Actor;
use crate::book_entry::book;
use crate::error::ServiceError;
use crate::order_view::OrderView;
use crate::service::{Service, require_unsuspended};
use crate::shop_error::ShopError;

/// Orders that one transaction closes because their time is over.
const BATCH: u32 = 64;
/// Who closes them, in the audit.
const BY_ITSELF: &str = "turnpike";

struct Closing {
    actor: Actor,
    customer: CustomerId,
    trade_no: TradeNo,
    now: Timestamp,
}

impl Service {
    /// Closes an order that awaits payment: its coupon and its discount can be used again, and what had come in for it
    /// is in the wallet.
    ///
    /// # Errors
    /// [`ServiceError::Suspended`], [`ShopError::NoSuchOrder`], [`ShopError::OrderStands`].
    pub async fn close_order(
        &self,
        actor: &Actor,
        customer: CustomerId,
        trade_no: TradeNo,
    ) -> Result<OrderView, ServiceError> {
        let closing = Closing { actor: actor.clone(), customer, trade_no, now: self.now() };
        self.store.write(closing, |closing, tx| Box::pin(close(closing, tx))).await
    }

    /// Closes the orders whose time to be paid is over: how many.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn expire_orders(&self) -> Result<usize, ServiceError> {
        let now = self.now();
        let mut closed = 0;
        loop {
            let batch = self.store.write(now, |now, tx| Box::pin(expire(*now, tx))).await?;
            closed += batch;
            if batch == 0 {
                return Ok(closed);
            }
        }
    }
}

async fn close(closing: &Closing, tx: &mut Tx) -> Result<OrderView, ServiceError> {
    let Closing { actor, customer, trade_no, now } = closing;
    if let Actor::Customer(_) = actor {
        require_unsuspended(tx, *customer).await?;
    }
    let order = order::of_customer(tx, *customer, trade_no).await?.ok_or(ShopError::NoSuchOrder)?;
    let order = order::lock(tx, *customer, order.id).await?.ok_or(ShopError::NoSuchOrder)?;
    if order.status != OrderStatus::AwaitingPayment {
        return Err(ShopError::OrderStands(order.status).into());
    }
    end(tx, std::slice::from_ref(&order), *now).await?;
    audit::insert(tx, &actor.did("order.close", *customer, trade_no.to_string(), *now)).await?;
    Ok(Order { status: OrderStatus::Closed, ended_at: Some(*now), ..order }.into())
}

async fn expire(now: Timestamp, tx: &mut Tx) -> Result<usize, ServiceError> {
    let overdue = order::lock_overdue(tx, now, BATCH).await?;
    end(tx, &overdue, now).await?;
    for order in &overdue {
        let entry = AuditEntry {
            at: now,
            actor: BY_ITSELF.to_owned(),
            act: "order.expire".to_owned(),
            customer: Some(order.customer),
            detail: order.trade_no.to_string(),
            reason: String::new(),
        };
        audit::insert(tx, &entry).await?;
    }
    Ok(overdue.len())
}

/// Closes locked orders and gives back what they had taken: coupons first, then deposits, then discounts, each by number,
/// so that no two who do this wait for each other.
async fn end(tx: &mut Tx, orders: &[Order], now: Timestamp) -> Result<(), ServiceError> {
    for order in orders {
        if !order::steps::close(tx, order.customer, order.id, now).await? {
            return Err(ShopError::OrderStands(order.status).into());
        }
    }
    let mut used: Vec<_> = orders.iter().filter_map(|order| Some((order.coupon?, order.customer))).collect();
    used.sort_unstable();
    for (coupon, customer) in used {
        coupon::give_back(tx, coupon, customer).await?;
    }
    let mut by_customer: Vec<_> = orders.iter().collect();
    by_customer.sort_unstable_by_key(|order| (order.customer, order.id));
    for order in by_customer.iter().filter(|order| order.received.is_positive()) {
        let entry = Entry::deposit_back(order.id, order.customer, order.received);
        book(tx, entry, order.trade_no.as_str(), now).await?;
    }
    for order in by_customer {
        invitation::give_back(tx, order.customer, order.id).await?;
    }
    Ok(())
}

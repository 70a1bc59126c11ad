//! What becomes of an order. Each step says where it must come from, and tells whether it was taken.

use turnpike_domain::ids::{CustomerId, OrderId, PaymentMethod};
use turnpike_domain::money::Money;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

const PAY: &str = "\
    UPDATE orders SET status = 1, paid_at = $3, method = $4 WHERE customer_id = $1 AND id = $2 AND status = 0";

/// An order that awaits payment is paid.
///
/// # Errors
/// Only the database's own.
pub async fn pay(
    tx: &mut Tx,
    customer: CustomerId,
    order: OrderId,
    method: PaymentMethod,
    at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(exec!(tx, PAY, customer.get(), order.get(), at.ms(), method.get())? == 1)
}

const CLOSE: &str = "UPDATE orders SET status = 2, ended_at = $3 WHERE customer_id = $1 AND id = $2 AND status = 0";

/// An order that awaits payment is closed.
///
/// # Errors
/// Only the database's own.
pub async fn close(tx: &mut Tx, customer: CustomerId, order: OrderId, at: Timestamp) -> Result<bool, StoreError> {
    Ok(exec!(tx, CLOSE, customer.get(), order.get(), at.ms())? == 1)
}

const REFUND: &str = "\
    UPDATE orders SET status = 3, ended_at = $3, refunded = $4 WHERE customer_id = $1 AND id = $2 AND status = 1";

/// A paid order is refunded.
///
/// # Errors
/// Only the database's own.
pub async fn refund(
    tx: &mut Tx,
    customer: CustomerId,
    order: OrderId,
    amount: Money,
    at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(exec!(tx, REFUND, customer.get(), order.get(), at.ms(), amount.minor())? == 1)
}

const REFUND_TOP_UPS: &str = "\
    UPDATE orders SET status = 3, ended_at = $3 WHERE customer_id = $1 AND tops_up = $2 AND status = 1";

/// Paid orders that top up a refunded one go back with it: what they brought is part of what is paid back of that.
///
/// # Errors
/// Only the database's own.
pub async fn refund_top_ups(
    tx: &mut Tx,
    customer: CustomerId,
    order: OrderId,
    at: Timestamp,
) -> Result<(), StoreError> {
    exec!(tx, REFUND_TOP_UPS, customer.get(), order.get(), at.ms()).map(drop)
}

const RECEIVE: &str = "\
    UPDATE orders SET received = received + $3, expires_at = CASE WHEN expires_at < $4 THEN $4 ELSE expires_at END
    WHERE customer_id = $1 AND id = $2 AND status = 0";

/// Money came in for an order that awaits payment; it does not time out before `not_before`.
///
/// # Errors
/// Only the database's own.
pub async fn receive(
    tx: &mut Tx,
    customer: CustomerId,
    order: OrderId,
    amount: Money,
    not_before: Timestamp,
) -> Result<bool, StoreError> {
    Ok(exec!(tx, RECEIVE, customer.get(), order.get(), amount.minor(), not_before.ms())? == 1)
}

const KEEP_UNTIL: &str = "\
    UPDATE orders SET expires_at = CASE WHEN expires_at < $3 THEN $3 ELSE expires_at END
    WHERE customer_id = $1 AND id = $2 AND status = 0";

/// An order that awaits payment does not time out before `not_before`.
///
/// # Errors
/// Only the database's own.
pub async fn keep_until(
    tx: &mut Tx,
    customer: CustomerId,
    order: OrderId,
    not_before: Timestamp,
) -> Result<bool, StoreError> {
    Ok(exec!(tx, KEEP_UNTIL, customer.get(), order.get(), not_before.ms())? == 1)
}

const CHOOSE: &str = "UPDATE orders SET method = $3 WHERE customer_id = $1 AND id = $2 AND status = 0";

/// The customer chooses how to pay an order that awaits payment.
///
/// # Errors
/// Only the database's own.
pub async fn choose_method(
    tx: &mut Tx,
    customer: CustomerId,
    order: OrderId,
    method: PaymentMethod,
) -> Result<bool, StoreError> {
    Ok(exec!(tx, CHOOSE, customer.get(), order.get(), method.get())? == 1)
}

const TOPPED_UP: &str = "\
    SELECT CAST(coalesce(sum(pay_fee), 0) AS BIGINT) FROM orders
    WHERE customer_id = $1 AND tops_up = $2 AND status = 1";

/// What was paid of an order by others that top it up.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn topped_up(tx: &mut Tx, customer: CustomerId, order: OrderId) -> Result<Money, StoreError> {
    let (minor,) = one!((i64,), tx, TOPPED_UP, customer.get(), order.get())?;
    Money::from_minor(minor).ok_or(StoreError::Corrupt { table: "orders", column: "pay_fee", id: order.get() })
}

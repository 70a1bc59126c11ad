//! Who was invited by whom, and which order had the discount for it.

use turnpike_domain::ids::{CustomerId, OrderId};

use crate::db::Tx;
use crate::error::StoreError;

/// What is known of a customer's invitations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invitation {
    /// The code others are invited with, once it is drawn.
    pub code: Option<String>,
    /// Who invited this customer.
    pub invited_by: Option<CustomerId>,
    /// The order that had the discount.
    pub order: Option<OrderId>,
}

const OF: &str = "SELECT invite_code, invited_by, invitation_order_id FROM customer WHERE id = $1";

/// A customer's invitations; `None` when there is no such customer.
///
/// # Errors
/// Only the database's own.
pub async fn of(tx: &mut Tx, customer: CustomerId) -> Result<Option<Invitation>, StoreError> {
    let found = optional!((Option<String>, Option<i64>, Option<i64>), tx, OF, customer.get())?;
    Ok(found.map(|(code, inviter, order)| Invitation {
        code,
        invited_by: inviter.map(CustomerId::new),
        order: order.map(OrderId::new),
    }))
}

const GIVE_CODE: &str = "UPDATE customer SET invite_code = $2 WHERE id = $1 AND invite_code IS NULL";

/// Gives a customer its code; false when it has one, or there is no such customer.
///
/// # Errors
/// [`StoreError::Conflict`] when another customer has the code.
pub async fn give_code(tx: &mut Tx, customer: CustomerId, code: &str) -> Result<bool, StoreError> {
    Ok(exec!(tx, GIVE_CODE, customer.get(), code)? == 1)
}

const WHOSE: &str = "SELECT id FROM customer WHERE invite_code = $1";

/// Whose code it is.
///
/// # Errors
/// Only the database's own.
pub async fn whose(tx: &mut Tx, code: &str) -> Result<Option<CustomerId>, StoreError> {
    Ok(optional!((i64,), tx, WHOSE, code)?.map(|(id,)| CustomerId::new(id)))
}

const LOCK: &str = "\
    SELECT id FROM customer WHERE id = $1 OR id = $2
    ORDER BY id
    FOR NO KEY UPDATE";

/// Until the transaction ends nobody else notes who invited either of two customers.
///
/// # Errors
/// Only the database's own.
pub async fn lock(tx: &mut Tx, [one, other]: [CustomerId; 2]) -> Result<(), StoreError> {
    all!((i64,), tx, LOCK, one.get(), other.get())?;
    Ok(())
}

const HAS_BOUGHT: &str = "\
    SELECT id FROM orders WHERE customer_id = $1 AND paid_at IS NOT NULL AND pay_fee > 0 LIMIT 1";

/// Whether a customer ever paid something for an order, refunded or not.
///
/// # Errors
/// Only the database's own.
pub async fn has_bought(tx: &mut Tx, customer: CustomerId) -> Result<bool, StoreError> {
    Ok(optional!((i64,), tx, HAS_BOUGHT, customer.get())?.is_some())
}

const SET_INVITER: &str = "\
    UPDATE customer SET invited_by = $2 WHERE id = $1 AND id <> $2 AND invited_by IS NULL";

/// Notes who invited a customer; false when somebody did before, or it would be itself.
///
/// # Errors
/// Only the database's own.
pub async fn set_inviter(tx: &mut Tx, customer: CustomerId, inviter: CustomerId) -> Result<bool, StoreError> {
    Ok(exec!(tx, SET_INVITER, customer.get(), inviter.get())? == 1)
}

const IS_DUE: &str = "\
    SELECT id FROM customer WHERE id = $1 AND invited_by IS NOT NULL AND invitation_order_id IS NULL";

/// Whether a customer still has the discount for having been invited.
///
/// # Errors
/// Only the database's own.
pub async fn is_due(tx: &mut Tx, customer: CustomerId) -> Result<bool, StoreError> {
    Ok(optional!((i64,), tx, IS_DUE, customer.get())?.is_some())
}

const TAKE: &str = "\
    UPDATE customer SET invitation_order_id = $2
    WHERE id = $1 AND invited_by IS NOT NULL AND invitation_order_id IS NULL";

/// Takes the discount for an order; false when there is none, or another order has it.
///
/// # Errors
/// Only the database's own.
pub async fn take(tx: &mut Tx, customer: CustomerId, order: OrderId) -> Result<bool, StoreError> {
    Ok(exec!(tx, TAKE, customer.get(), order.get())? == 1)
}

const GIVE_BACK: &str = "\
    UPDATE customer SET invitation_order_id = NULL WHERE id = $1 AND invitation_order_id = $2";

/// Gives the discount back, if this order had it: it was closed before it was paid.
///
/// # Errors
/// Only the database's own.
pub async fn give_back(tx: &mut Tx, customer: CustomerId, order: OrderId) -> Result<(), StoreError> {
    exec!(tx, GIVE_BACK, customer.get(), order.get())?;
    Ok(())
}

//! How many static IPs a customer may still have changed for others.

use turnpike_domain::ids::CustomerId;

use crate::db::Tx;
use crate::error::StoreError;

const LEFT: &str = "SELECT ip_changes FROM customer WHERE id = $1";

/// How many changes are left; `None` when there is no such customer.
///
/// # Errors
/// Only the database's own.
pub async fn left(tx: &mut Tx, customer: CustomerId) -> Result<Option<u64>, StoreError> {
    Ok(optional!((i64,), tx, LEFT, customer.get())?.map(|(left,)| left.unsigned_abs()))
}

const TAKE: &str = "UPDATE customer SET ip_changes = ip_changes - 1 WHERE id = $1 AND ip_changes > 0";

/// Uses one up; false when none is left.
///
/// # Errors
/// Only the database's own.
pub async fn take(tx: &mut Tx, customer: CustomerId) -> Result<bool, StoreError> {
    Ok(exec!(tx, TAKE, customer.get())? == 1)
}

const ADD: &str = "UPDATE customer SET ip_changes = ip_changes + $2 WHERE id = $1";

/// Gives so many more; false when there is no such customer.
///
/// # Errors
/// Only the database's own.
pub async fn add(tx: &mut Tx, customer: CustomerId, count: u32) -> Result<bool, StoreError> {
    Ok(exec!(tx, ADD, customer.get(), i64::from(count))? == 1)
}

const TAKE_BACK: &str = "\
    UPDATE customer SET ip_changes = ip_changes - CASE WHEN ip_changes < $2 THEN ip_changes ELSE $2 END WHERE id = $1
    RETURNING ip_changes";

/// Takes back at most so many that are unused: how many there are after that; `None` when there is no such customer.
///
/// # Errors
/// Only the database's own.
pub async fn take_back(tx: &mut Tx, customer: CustomerId, count: u32) -> Result<Option<u64>, StoreError> {
    let found = optional!((i64,), tx, TAKE_BACK, customer.get(), i64::from(count))?;
    Ok(found.map(|(left,)| left.unsigned_abs()))
}

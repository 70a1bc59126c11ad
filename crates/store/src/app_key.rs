//! `app_key`s, one a customer: found by keyed hash, shown again from their sealed form.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

const PUT: &str = "\
    INSERT INTO app_key (customer_id, mac, sealed, created_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (customer_id) DO UPDATE SET mac = $2, sealed = $3, created_at = $4";

/// Gives a customer this key, in place of the one it had.
///
/// # Errors
/// [`StoreError::Conflict`] when another customer has the same key.
pub async fn put(
    tx: &mut Tx,
    customer: CustomerId,
    mac: [u8; 32],
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    exec!(tx, PUT, customer.get(), mac.as_slice(), sealed, now.ms())?;
    Ok(())
}

const SEALED: &str = "SELECT sealed FROM app_key WHERE customer_id = $1";

/// A customer's key, sealed.
///
/// # Errors
/// Only the database's own.
pub async fn sealed(tx: &mut Tx, customer: CustomerId) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(optional!((Vec<u8>,), tx, SEALED, customer.get())?.map(|(sealed,)| sealed))
}

const SEALED_SINCE: &str = "SELECT sealed, created_at FROM app_key WHERE customer_id = $1";

/// A customer's key, sealed, and since when it has it.
///
/// # Errors
/// Only the database's own.
pub async fn sealed_since(tx: &mut Tx, customer: CustomerId) -> Result<Option<(Vec<u8>, Timestamp)>, StoreError> {
    let found = optional!((Vec<u8>, i64), tx, SEALED_SINCE, customer.get())?;
    Ok(found.map(|(sealed, at)| (sealed, Timestamp::from_ms(at))))
}

const ANY_SEALED: &str = "SELECT customer_id, sealed FROM app_key ORDER BY customer_id LIMIT 1";

/// Some customer's key, sealed; `None` when there is no customer.
///
/// # Errors
/// Only the database's own.
pub async fn any_sealed(tx: &mut Tx) -> Result<Option<(CustomerId, Vec<u8>)>, StoreError> {
    let found = optional!((i64, Vec<u8>), tx, ANY_SEALED)?;
    Ok(found.map(|(customer, sealed)| (CustomerId::new(customer), sealed)))
}

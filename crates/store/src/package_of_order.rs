//! What is left of an order's packages, and how that is taken back.

use turnpike_domain::ids::{CustomerId, OrderId, PackageId};
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;

use crate::db::Tx;
use crate::error::StoreError;

/// An order's package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderedPackage {
    /// Which.
    pub id: PackageId,
    /// How much it was.
    pub size: Bytes,
    /// What was neither used nor is held by gateways.
    pub left: Bytes,
    /// When its validity began.
    pub starts_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

const LOCK: &str = "\
    SELECT id, size, size - used - held, starts_at, expires_at FROM package
    WHERE customer_id = $1 AND order_id = $2
    ORDER BY id
    FOR NO KEY UPDATE";

/// The packages that came from a customer's order; nobody else takes of them before this transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(tx: &mut Tx, customer: CustomerId, order: OrderId) -> Result<Vec<OrderedPackage>, StoreError> {
    let found = all!((i64, i64, i64, i64, i64), tx, LOCK, customer.get(), order.get())?;
    let package = |(id, size, left, starts_at, expires_at)| {
        let corrupt = |column| StoreError::Corrupt { table: "package", column, id };
        Ok(OrderedPackage {
            id: PackageId::new(id),
            size: Bytes::from_column(size).ok_or(corrupt("size"))?,
            left: Bytes::from_column(left).ok_or(corrupt("held"))?,
            starts_at: Timestamp::from_ms(starts_at),
            expires_at: Timestamp::from_ms(expires_at),
        })
    };
    found.into_iter().map(package).collect()
}

const TAKE_BACK: &str = "\
    UPDATE package SET size = used + held, expires_at = CASE WHEN expires_at < $3 THEN expires_at ELSE $3 END
    WHERE customer_id = $1 AND order_id = $2";

/// Takes back what is left of an order's packages: they end now, and were never larger than what was used of them.
///
/// # Errors
/// Only the database's own.
pub async fn take_back(tx: &mut Tx, customer: CustomerId, order: OrderId, now: Timestamp) -> Result<u64, StoreError> {
    exec!(tx, TAKE_BACK, customer.get(), order.get(), now.ms())
}

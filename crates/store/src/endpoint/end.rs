//! How extracted endpoints end: by themselves and before their time. Their ports are free then.

use turnpike_domain::ids::{CustomerId, EndpointBatchId, EndpointId};
use turnpike_domain::time::Timestamp;

use super::numbers;
use crate::db::Tx;
use crate::error::StoreError;

const END: &str = "\
    UPDATE endpoint SET ended_at = $2, batch = $3
    WHERE ended_at IS NULL AND id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))
    RETURNING id, customer_id";

/// Ends endpoints before their time, of which gateways are told with a batch: those that lived, and whose they were.
///
/// # Errors
/// Only the database's own.
pub async fn end(
    tx: &mut Tx,
    endpoints: &[EndpointId],
    batch: EndpointBatchId,
    now: Timestamp,
) -> Result<Vec<(EndpointId, CustomerId)>, StoreError> {
    let ended = all!((i64, i64), tx, END, numbers(endpoints)?, now.ms(), batch.get())?;
    Ok(ended.into_iter().map(|(id, customer)| (EndpointId::new(id), CustomerId::new(customer))).collect())
}

const END_EXPIRED: &str = "\
    UPDATE endpoint SET ended_at = $2
    WHERE id IN (SELECT id FROM endpoint WHERE ended_at IS NULL AND ends_at <= $1 ORDER BY ends_at LIMIT $3)
        AND ended_at IS NULL";

/// Ends at most so many endpoints whose time was over by a moment: how many. Gateways know of it by themselves.
///
/// # Errors
/// Only the database's own.
pub async fn end_expired(tx: &mut Tx, over_by: Timestamp, now: Timestamp, most: u32) -> Result<u64, StoreError> {
    exec!(tx, END_EXPIRED, over_by.ms(), now.ms(), i64::from(most))
}

//! Batches of endpoints: what gateways are told together, and what they answer.

use turnpike_domain::ids::{EndpointBatchId, EndpointId, NodeId};
use turnpike_domain::time::Timestamp;

use super::numbers;
use crate::db::Tx;
use crate::error::StoreError;

const OPEN: &str = "INSERT INTO endpoint_batch (id, at) VALUES ($1, $2)";

/// Opens a batch, whose number was drawn.
///
/// # Errors
/// Only the database's own.
pub async fn open_batch(tx: &mut Tx, batch: EndpointBatchId, now: Timestamp) -> Result<(), StoreError> {
    exec!(tx, OPEN, batch.get(), now.ms()).map(drop)
}

/// What a gateway made of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Which gateway was the first.
    pub node: NodeId,
    /// The endpoints that it could not listen on.
    pub failed: Vec<EndpointId>,
}

const NOTE_BOUND: &str = "UPDATE endpoint_batch SET bound_by = $2, failed = $3 WHERE id = $1 AND bound_by IS NULL";

/// Notes that a gateway listens on a batch's ports, but for those that it could not bind: whether it is the first to say so.
/// Only that one counts.
///
/// # Errors
/// Only the database's own.
pub async fn note_bound(tx: &mut Tx, batch: EndpointBatchId, bound: &Bound) -> Result<bool, StoreError> {
    Ok(exec!(tx, NOTE_BOUND, batch.get(), bound.node.get(), numbers(&bound.failed)?)? > 0)
}

const BOUND: &str = "SELECT bound_by, failed FROM endpoint_batch WHERE id = $1 AND bound_by IS NOT NULL";

/// What the first gateway made of a batch; `None` while none has said so.
///
/// # Errors
/// Only the database's own.
pub async fn bound(tx: &mut Tx, batch: EndpointBatchId) -> Result<Option<Bound>, StoreError> {
    let Some((node, failed)) = optional!((i64, String), tx, BOUND, batch.get())? else { return Ok(None) };
    let failed: Vec<(i64,)> = serde_json::from_str(&failed)?;
    let failed = failed.into_iter().map(|(id,)| EndpointId::new(id)).collect();
    Ok(Some(Bound { node: NodeId::new(node), failed }))
}

const TRIM_ENDPOINTS: &str = "DELETE FROM endpoint WHERE ended_at < $1";
const TRIM_BATCHES: &str = "\
    DELETE FROM endpoint_batch
    WHERE at < $1 AND NOT EXISTS (SELECT 1 FROM endpoint WHERE endpoint.batch = endpoint_batch.id)";

/// Forgets endpoints that ended before a moment, and batches of before then that none is left of: how many endpoints.
///
/// # Errors
/// Only the database's own.
pub async fn trim(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    let gone = exec!(tx, TRIM_ENDPOINTS, before.ms())?;
    exec!(tx, TRIM_BATCHES, before.ms())?;
    Ok(gone)
}

//! Gateways, by the identity they drew when they made their spool.

use turnpike_domain::ids::NodeId;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

const TOUCH: &str = "\
    INSERT INTO node (id, first_contact, last_contact) VALUES ($1, $2, $2)
    ON CONFLICT (id) DO UPDATE SET last_contact = $2";

/// Notes that a gateway was heard of, and keeps its other exchanges waiting until this transaction ends.
///
/// # Errors
/// Only the database's own.
pub async fn touch(tx: &mut Tx, node: NodeId, now: Timestamp) -> Result<(), StoreError> {
    exec!(tx, TOUCH, node.get(), now.ms())?;
    Ok(())
}

const LAST_CONTACT: &str = "SELECT last_contact FROM node WHERE id = $1";

/// When a gateway was last heard of.
///
/// # Errors
/// Only the database's own.
pub async fn last_contact(tx: &mut Tx, node: NodeId) -> Result<Option<Timestamp>, StoreError> {
    Ok(optional!((i64,), tx, LAST_CONTACT, node.get())?.map(|(at,)| Timestamp::from_ms(at)))
}

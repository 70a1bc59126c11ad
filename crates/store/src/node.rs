//! Gateways, by the identity they drew when they made their spool.

use turnpike_domain::ids::{Incarnation, NodeId};
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

const TOUCH: &str = "\
    INSERT INTO node (id, first_contact, last_contact) VALUES ($1, $2, $2)
    ON CONFLICT (id) DO UPDATE SET last_contact = $2
    RETURNING boot";

/// Notes that a gateway was heard of, and keeps its other acts waiting until this transaction ends: the boot whose
/// leases the gateway's are, 0 before the first.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn touch(tx: &mut Tx, node: NodeId, now: Timestamp) -> Result<u64, StoreError> {
    let (boot,) = one!((i64,), tx, TOUCH, node.get(), now.ms())?;
    counter(node, boot)
}

const BEGIN: &str = "UPDATE node SET boot = $2, exchange = 0, seat_round = 0, left_at = NULL WHERE id = $1";

/// From now on the gateway's leases are those of this incarnation, which has made no exchange and no round yet.
///
/// # Errors
/// Only the database's own.
pub async fn begin(tx: &mut Tx, incarnation: Incarnation) -> Result<(), StoreError> {
    exec!(tx, BEGIN, incarnation.node.get(), column(incarnation.boot))?;
    Ok(())
}

const ADVANCE: &str = "\
    UPDATE node SET last_contact = $2, exchange = $4
    WHERE id = $1 AND boot = $3 AND exchange < $4";

/// Notes that an incarnation was heard of and makes this exchange, and keeps the gateway's other acts waiting until this
/// transaction ends. False when the gateway's leases are another incarnation's, or when it has made an exchange of that
/// number or a higher one.
///
/// # Errors
/// Only the database's own.
pub async fn advance(tx: &mut Tx, incarnation: Incarnation, exchange: u64, now: Timestamp) -> Result<bool, StoreError> {
    let (boot, exchange) = (column(incarnation.boot), column(exchange));
    Ok(exec!(tx, ADVANCE, incarnation.node.get(), now.ms(), boot, exchange)? == 1)
}

const BOOT: &str = "SELECT boot FROM node WHERE id = $1";

/// The boot whose leases a gateway's are; `None` when it was never heard of.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn boot(tx: &mut Tx, node: NodeId) -> Result<Option<u64>, StoreError> {
    optional!((i64,), tx, BOOT, node.get())?.map(|(boot,)| counter(node, boot)).transpose()
}

const LAST_CONTACT: &str = "SELECT last_contact FROM node WHERE id = $1";

/// When a gateway was last heard of.
///
/// # Errors
/// Only the database's own.
pub async fn last_contact(tx: &mut Tx, node: NodeId) -> Result<Option<Timestamp>, StoreError> {
    Ok(optional!((i64,), tx, LAST_CONTACT, node.get())?.map(|(at,)| Timestamp::from_ms(at)))
}

fn counter(node: NodeId, boot: i64) -> Result<u64, StoreError> {
    u64::try_from(boot).map_err(|_| StoreError::Corrupt { table: "node", column: "boot", id: node.get() })
}

/// A counter that begins at 1 does not get past what a column holds.
fn column(counter: u64) -> i64 {
    i64::try_from(counter).unwrap_or(i64::MAX)
}

//! Where gateways stand: when they were heard of, and up to which place of the feed every change is in force there.

use turnpike_domain::ids::{FeedSeq, Incarnation, NodeId};
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

/// A gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// Which one.
    pub id: NodeId,
    /// The name of its machine's credential; `None` for one in the same process as the store.
    pub machine: Option<String>,
    /// When it was first heard of.
    pub first_contact: Timestamp,
    /// When it was last heard of.
    pub last_contact: Timestamp,
    /// The place in the feed up to which every change is in force there.
    pub applied: Option<FeedSeq>,
    /// When it had drained and settled everything.
    pub left_at: Option<Timestamp>,
    /// Since when its machine's credential is void.
    pub revoked_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct StateRow {
    id: i64,
    machine: Option<String>,
    first_contact: i64,
    last_contact: i64,
    applied: i64,
    left_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl From<StateRow> for NodeState {
    fn from(row: StateRow) -> Self {
        Self {
            id: NodeId::new(row.id),
            machine: row.machine,
            first_contact: Timestamp::from_ms(row.first_contact),
            last_contact: Timestamp::from_ms(row.last_contact),
            applied: (row.applied > 0).then(|| FeedSeq::new(row.applied)),
            left_at: row.left_at.map(Timestamp::from_ms),
            revoked_at: row.revoked_at.map(Timestamp::from_ms),
        }
    }
}

const SINCE: &str = "\
    SELECT node.id, node_credential.name AS machine, first_contact, last_contact, applied, left_at, revoked_at
    FROM node LEFT JOIN node_credential ON node_credential.id = node.credential_id
    WHERE last_contact >= $1
    ORDER BY first_contact, node.id";

/// Gateways that were heard of since then, oldest first.
///
/// # Errors
/// Only the database's own.
pub async fn since(tx: &mut Tx, oldest: Timestamp) -> Result<Vec<NodeState>, StoreError> {
    Ok(all!(StateRow, tx, SINCE, oldest.ms())?.into_iter().map(NodeState::from).collect())
}

const ADVANCE: &str = "\
    WITH heard AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS id, CAST(value ->> 1 AS BIGINT) AS applied,
            CAST(value ->> 2 AS BIGINT) AS boot
        FROM json_each($1)
    )
    UPDATE node SET applied = heard.applied, last_contact = $2
    FROM heard
    WHERE node.id = heard.id AND node.boot = heard.boot AND node.left_at IS NULL";

/// Notes how far gateways have applied the feed, each with its boot: one that was taken over says nothing any more.
///
/// # Errors
/// Only the database's own.
pub async fn advance(tx: &mut Tx, heard: &[(NodeId, Option<FeedSeq>, u64)], now: Timestamp) -> Result<(), StoreError> {
    let row =
        |(node, applied, boot): &(NodeId, Option<FeedSeq>, u64)| (node.get(), applied.map_or(0, FeedSeq::get), *boot);
    exec!(tx, ADVANCE, rows(&heard.iter().map(row).collect::<Vec<_>>())?, now.ms())?;
    Ok(())
}

const LEAVE: &str = "UPDATE node SET left_at = $3 WHERE id = $1 AND boot = $2";

/// Notes that a gateway has drained and settled everything.
///
/// # Errors
/// Only the database's own.
pub async fn leave(tx: &mut Tx, gone: Incarnation, now: Timestamp) -> Result<(), StoreError> {
    exec!(tx, LEAVE, gone.node.get(), i64::try_from(gone.boot).unwrap_or(i64::MAX), now.ms())?;
    Ok(())
}

//! The audit: who did what, when. Rows are only ever added.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who, such as `customer:7` or `operator:root`.
    pub actor: String,
    /// What, such as `accounts.delete`.
    pub act: String,
    /// Whose things were touched.
    pub customer: Option<CustomerId>,
    /// Which things, and how. Never a secret.
    pub detail: String,
}

const INSERT: &str = "INSERT INTO audit (at, actor, act, customer_id, detail) VALUES ($1, $2, $3, $4, $5)";

/// Writes one act down.
///
/// # Errors
/// Only the database's own.
pub async fn insert(tx: &mut Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    let customer = entry.customer.map(CustomerId::get);
    exec!(tx, INSERT, entry.at.ms(), entry.actor.as_str(), entry.act.as_str(), customer, entry.detail.as_str())?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    at: i64,
    actor: String,
    act: String,
    customer_id: Option<i64>,
    detail: String,
}

const NEWEST: &str = "\
    SELECT at, actor, act, customer_id, detail FROM audit WHERE customer_id = $1 ORDER BY id DESC LIMIT $2";

/// The newest acts on one customer's things, newest first.
///
/// # Errors
/// Only the database's own.
pub async fn newest(tx: &mut Tx, customer: CustomerId, most: u32) -> Result<Vec<AuditEntry>, StoreError> {
    let found = all!(AuditRow, tx, NEWEST, customer.get(), i64::from(most))?;
    let entry = |row: AuditRow| AuditEntry {
        at: Timestamp::from_ms(row.at),
        actor: row.actor,
        act: row.act,
        customer: row.customer_id.map(CustomerId::new),
        detail: row.detail,
    };
    Ok(found.into_iter().map(entry).collect())
}

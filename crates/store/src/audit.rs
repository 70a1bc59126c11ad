//! The audit: who did what, when, and why. Rows are only ever added.

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
    /// Why, in the actor's own words; may be empty.
    pub reason: String,
}

const INSERT: &str = "\
    INSERT INTO audit (at, actor, act, customer_id, detail, reason) VALUES ($1, $2, $3, $4, $5, $6)";

/// Writes one act down.
///
/// # Errors
/// Only the database's own.
pub async fn insert(tx: &mut Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    let AuditEntry { at, actor, act, customer, detail, reason } = entry;
    let customer = customer.map(CustomerId::get);
    exec!(tx, INSERT, at.ms(), actor.as_str(), act.as_str(), customer, detail.as_str(), reason.as_str())?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: i64,
    at: i64,
    actor: String,
    act: String,
    customer_id: Option<i64>,
    detail: String,
    reason: String,
}

impl From<AuditRow> for (i64, AuditEntry) {
    fn from(row: AuditRow) -> Self {
        let AuditRow { id, at, actor, act, customer_id, detail, reason } = row;
        let (at, customer) = (Timestamp::from_ms(at), customer_id.map(CustomerId::new));
        (id, AuditEntry { at, actor, act, customer, detail, reason })
    }
}

const NEWEST: &str = "\
    SELECT id, at, actor, act, customer_id, detail, reason FROM audit WHERE customer_id = $1 ORDER BY id DESC LIMIT $2";

/// The newest acts on one customer's things, newest first.
///
/// # Errors
/// Only the database's own.
pub async fn newest(tx: &mut Tx, customer: CustomerId, most: u32) -> Result<Vec<AuditEntry>, StoreError> {
    let found = all!(AuditRow, tx, NEWEST, customer.get(), i64::from(most))?;
    Ok(found.into_iter().map(|row| <(i64, AuditEntry)>::from(row).1).collect())
}

/// Which acts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only by exactly this actor.
    pub actor: Option<String>,
    /// Only of exactly this name.
    pub act: Option<String>,
    /// Only on this customer's things.
    pub customer: Option<CustomerId>,
    /// Only from then on.
    pub from: Option<Timestamp>,
    /// Only until then, that moment included.
    pub to: Option<Timestamp>,
}

const PAGE: &str = "\
    SELECT id, at, actor, act, customer_id, detail, reason FROM audit
    WHERE id < $1 AND (actor = $2 OR $2 = '') AND (act = $3 OR $3 = '') AND at >= $4 AND at <= $5
    ORDER BY id DESC
    LIMIT $6";
const PAGE_OF_CUSTOMER: &str = "\
    SELECT id, at, actor, act, customer_id, detail, reason FROM audit
    WHERE customer_id = $7 AND id < $1 AND (actor = $2 OR $2 = '') AND (act = $3 OR $3 = '') AND at >= $4 AND at <= $5
    ORDER BY id DESC
    LIMIT $6";

/// At most so many acts that were written down before that number, newest first, with their numbers.
///
/// # Errors
/// Only the database's own.
pub async fn page(
    tx: &mut Tx,
    filter: &AuditFilter,
    before: i64,
    most: u32,
) -> Result<Vec<(i64, AuditEntry)>, StoreError> {
    let (actor, act) = (filter.actor.as_deref().unwrap_or_default(), filter.act.as_deref().unwrap_or_default());
    let from = filter.from.map_or(i64::MIN, Timestamp::ms);
    let to = filter.to.map_or(i64::MAX, Timestamp::ms);
    let most = i64::from(most);
    let found = match filter.customer {
        Some(customer) => all!(AuditRow, tx, PAGE_OF_CUSTOMER, before, actor, act, from, to, most, customer.get())?,
        None => all!(AuditRow, tx, PAGE, before, actor, act, from, to, most)?,
    };
    Ok(found.into_iter().map(Into::into).collect())
}

//! Allow lists: addresses that may connect without credentials, by customer.

use std::net::IpAddr;

use turnpike_domain::ids::CustomerId;
use turnpike_domain::remark::Remark;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

/// An address on a customer's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedSource {
    /// Its number.
    pub id: i64,
    /// In its canonical form.
    pub ip: IpAddr,
    /// The customer's own words on it.
    pub remark: String,
    /// When it was added.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct SourceRow {
    id: i64,
    ip: String,
    remark: String,
    created_at: i64,
}

impl TryFrom<SourceRow> for AllowedSource {
    type Error = StoreError;

    fn try_from(row: SourceRow) -> Result<Self, StoreError> {
        let created_at = Timestamp::from_ms(row.created_at);
        Ok(Self { id: row.id, ip: address(row.id, &row.ip)?, remark: row.remark, created_at })
    }
}

/// An address as it is kept. `id` is the row's, or the customer's.
pub(crate) fn address(id: i64, text: &str) -> Result<IpAddr, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt { table: "allowed_source", column: "ip", id })
}

const LIST: &str = "SELECT id, ip, remark, created_at FROM allowed_source WHERE customer_id = $1 ORDER BY id DESC";

/// A customer's list, newest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn list(tx: &mut Tx, customer: CustomerId) -> Result<Vec<AllowedSource>, StoreError> {
    all!(SourceRow, tx, LIST, customer.get())?.into_iter().map(AllowedSource::try_from).collect()
}

const COUNT: &str = "SELECT count(*) FROM allowed_source WHERE customer_id = $1";

/// How many addresses a customer's list holds.
///
/// # Errors
/// Only the database's own.
pub async fn count(tx: &mut Tx, customer: CustomerId) -> Result<u64, StoreError> {
    let (count,) = one!((i64,), tx, COUNT, customer.get())?;
    Ok(u64::try_from(count).unwrap_or(0))
}

const LISTS: &str = "SELECT id FROM allowed_source WHERE customer_id = $1 AND ip = $2";

/// Whether an address, in its canonical form, is on a customer's list.
///
/// # Errors
/// Only the database's own.
pub async fn lists(tx: &mut Tx, customer: CustomerId, source: IpAddr) -> Result<bool, StoreError> {
    Ok(optional!((i64,), tx, LISTS, customer.get(), source.to_string())?.is_some())
}

const INSERT: &str = "\
    WITH added AS (SELECT value ->> 0 AS ip FROM json_each($2))
    INSERT INTO allowed_source (customer_id, ip, remark, created_at)
    SELECT $1, ip, $3, $4 FROM added
    WHERE TRUE
    ON CONFLICT (customer_id, ip) DO UPDATE SET remark = excluded.remark WHERE excluded.remark <> ''";

/// Adds addresses. One that is there already stays, and takes a remark that is not empty.
///
/// # Errors
/// Only the database's own.
pub async fn insert(
    tx: &mut Tx,
    customer: CustomerId,
    sources: &[IpAddr],
    remark: &Remark,
    now: Timestamp,
) -> Result<(), StoreError> {
    exec!(tx, INSERT, customer.get(), list_of(sources)?, remark.as_str(), now.ms())?;
    Ok(())
}

const DELETE: &str = "\
    DELETE FROM allowed_source
    WHERE customer_id = $1 AND ip IN (SELECT value ->> 0 FROM json_each($2))
    RETURNING ip";

/// Takes addresses off a customer's list: those that stood on it.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn delete(tx: &mut Tx, customer: CustomerId, sources: &[IpAddr]) -> Result<Vec<IpAddr>, StoreError> {
    let deleted = all!((String,), tx, DELETE, customer.get(), list_of(sources)?)?;
    deleted.into_iter().map(|(ip,)| address(customer.get(), &ip)).collect()
}

fn list_of(sources: &[IpAddr]) -> Result<String, StoreError> {
    rows(&sources.iter().map(|source| (source.to_string(),)).collect::<Vec<_>>())
}

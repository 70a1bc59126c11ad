//! What became of customers' connections that failed, as gateways have told in batches.

use turnpike_domain::activity::{ActivityEntry, Aim, Reason};
use turnpike_domain::connection::Protocol;
use turnpike_domain::ids::{AccountId, CustomerId, EndpointId};
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::package::Stretch;
use crate::rows::rows;

#[derive(sqlx::FromRow)]
struct ActivityRow {
    id: i64,
    customer_id: i64,
    at: i64,
    account_id: Option<i64>,
    username: String,
    endpoint_id: Option<i64>,
    endpoint_port: Option<i64>,
    protocol: Option<String>,
    host: Option<String>,
    port: Option<i64>,
    place: Option<String>,
    reason: String,
    status: Option<i64>,
    count: i64,
}

impl TryFrom<ActivityRow> for (i64, ActivityEntry) {
    type Error = StoreError;

    fn try_from(row: ActivityRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "activity", column, id: row.id };
        let small = |number: Option<i64>, column| {
            number.map(|number| u16::try_from(number).map_err(|_| corrupt(column))).transpose()
        };
        let protocol = row.protocol.map(|word| Protocol::from_word(&word).ok_or(corrupt("protocol"))).transpose()?;
        let target = row.host.zip(small(row.port, "port")?).map(|(host, port)| Aim { host, port });
        let entry = ActivityEntry {
            at: Timestamp::from_ms(row.at),
            customer: CustomerId::new(row.customer_id),
            account: row.account_id.map(AccountId::new),
            username: row.username,
            endpoint: row.endpoint_id.map(EndpointId::new),
            endpoint_port: small(row.endpoint_port, "endpoint_port")?,
            protocol,
            target,
            place: row.place,
            reason: Reason::from_word(&row.reason).ok_or(corrupt("reason"))?,
            status: small(row.status, "status")?,
            count: u32::try_from(row.count).map_err(|_| corrupt("count"))?,
        };
        Ok((row.id, entry))
    }
}

/// Customers that there are not are left out: a gateway may tell of one that a restored store does not know.
const INSERT: &str = "\
    INSERT INTO activity (customer_id, at, account_id, username, endpoint_id, endpoint_port, protocol, host, port, place,
        reason, status, count)
    SELECT customer.id, CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT), value ->> 3,
        CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BIGINT), value ->> 6, value ->> 7, CAST(value ->> 8 AS BIGINT),
        value ->> 9, value ->> 10, CAST(value ->> 11 AS BIGINT), CAST(value ->> 12 AS BIGINT)
    FROM json_each($1) JOIN customer ON customer.id = CAST(value ->> 0 AS BIGINT)
    WHERE TRUE";

/// Keeps entries: how many.
///
/// # Errors
/// Only the database's own.
pub async fn insert(tx: &mut Tx, entries: &[ActivityEntry]) -> Result<u64, StoreError> {
    if entries.is_empty() {
        return Ok(0);
    }
    let row = |entry: &ActivityEntry| {
        let target = entry.target.as_ref();
        let who = (entry.customer.get(), entry.at.ms(), entry.account.map(AccountId::get), entry.username.clone());
        let by = (entry.endpoint.map(EndpointId::get), entry.endpoint_port, entry.protocol.map(Protocol::word));
        let to = (target.map(|aim| aim.host.clone()), target.map(|aim| aim.port), entry.place.clone());
        (who.0, who.1, who.2, who.3, by.0, by.1, by.2, to.0, to.1, to.2, entry.reason.word(), entry.status, entry.count)
    };
    exec!(tx, INSERT, rows(&entries.iter().map(row).collect::<Vec<_>>())?)
}

/// Which entries of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Only of the account that had this name.
    pub username: Option<String>,
    /// Only of this kind.
    pub reason: Option<Reason>,
    /// Only from then on.
    pub from: Option<Timestamp>,
    /// Only until then, that moment included.
    pub to: Option<Timestamp>,
}

impl ActivityFilter {
    fn parts(&self) -> (&str, &'static str, i64, i64) {
        let (from, to) = (self.from.map_or(i64::MIN, Timestamp::ms), self.to.map_or(i64::MAX, Timestamp::ms));
        (self.username.as_deref().unwrap_or_default(), self.reason.map_or("", Reason::word), from, to)
    }
}

const LIST: &str = "\
    SELECT id, customer_id, at, account_id, username, endpoint_id, endpoint_port, protocol, host, port, place, reason,
        status, count
    FROM activity
    WHERE customer_id = $1 AND (username = $2 OR $2 = '') AND (reason = $3 OR $3 = '') AND at >= $4 AND at <= $5
    ORDER BY at DESC, id DESC
    LIMIT $6 OFFSET $7";

/// A stretch of a customer's entries, newest first, with their numbers.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn list(
    tx: &mut Tx,
    customer: CustomerId,
    filter: &ActivityFilter,
    stretch: Stretch,
) -> Result<Vec<(i64, ActivityEntry)>, StoreError> {
    let (username, reason, from, to) = filter.parts();
    let (most, skip) = (i64::from(stretch.most), i64::try_from(stretch.skip).unwrap_or(i64::MAX));
    let found = all!(ActivityRow, tx, LIST, customer.get(), username, reason, from, to, most, skip)?;
    found.into_iter().map(TryInto::try_into).collect()
}

const COUNT: &str = "\
    SELECT count(*) FROM activity
    WHERE customer_id = $1 AND (username = $2 OR $2 = '') AND (reason = $3 OR $3 = '') AND at >= $4 AND at <= $5";

/// How many entries of a customer there are.
///
/// # Errors
/// Only the database's own.
pub async fn count(tx: &mut Tx, customer: CustomerId, filter: &ActivityFilter) -> Result<u64, StoreError> {
    let (username, reason, from, to) = filter.parts();
    let (count,) = one!((i64,), tx, COUNT, customer.get(), username, reason, from, to)?;
    Ok(count.unsigned_abs())
}

const BEFORE: &str = "\
    SELECT id, customer_id, at, account_id, username, endpoint_id, endpoint_port, protocol, host, port, place, reason,
        status, count
    FROM activity
    WHERE customer_id = $1 AND (username = $2 OR $2 = '') AND (reason = $3 OR $3 = '') AND at >= $4 AND at <= $5
        AND (at, id) < ($6, $7)
    ORDER BY at DESC, id DESC
    LIMIT $8";

/// At most so many of a customer's entries that lie before a moment and number, newest first, with their numbers.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn before(
    tx: &mut Tx,
    customer: CustomerId,
    filter: &ActivityFilter,
    (before, most): ((Timestamp, i64), u32),
) -> Result<Vec<(i64, ActivityEntry)>, StoreError> {
    let (username, reason, from, to) = filter.parts();
    let (at, id, most) = (before.0.ms(), before.1, i64::from(most));
    let found = all!(ActivityRow, tx, BEFORE, customer.get(), username, reason, from, to, at, id, most)?;
    found.into_iter().map(TryInto::try_into).collect()
}

const TRIM: &str = "DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE at < $1 ORDER BY at LIMIT $2)";

/// Drops at most so many entries from before then: how many.
///
/// # Errors
/// Only the database's own.
pub async fn trim(tx: &mut Tx, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    exec!(tx, TRIM, before.ms(), i64::from(most))
}

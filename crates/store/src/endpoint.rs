//! Ports that are given out to customers, and the batches in which gateways are told of them.
//!
//! Of an entry one transaction gives out ports at a time: it has the entry's row locked, and only then the customer's.

mod batch;
pub mod details;
mod end;
mod entries;
mod holdings;

use turnpike_domain::endpoint::{EntryName, PortRange};
use turnpike_domain::ids::{AccountId, CustomerId, EndpointBatchId, EndpointId};
use turnpike_domain::place::{PlaceName, PlaceWish};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

pub use batch::{Bound, bound, note_bound, open_batch, trim};
pub use end::{end, end_expired};
pub use entries::{entries, of_batches};
pub use holdings::{allot_to_holdings, end_of_ended_holdings, end_unbound, of_holdings, retell, without_port};

pub(crate) const fn corrupt(id: i64, column: &'static str) -> StoreError {
    StoreError::Corrupt { table: "endpoint", column, id }
}

fn numbers(endpoints: &[EndpointId]) -> Result<String, StoreError> {
    rows(&endpoints.iter().map(|id| (id.get(),)).collect::<Vec<_>>())
}

/// Where ports are taken from.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Of which entry.
    pub entry: EntryName,
    /// Which there are.
    pub range: PortRange,
    /// The order in which they are taken: any number from 1 to 65 536, and any from 0 on.
    pub shuffle: (i64, i64),
}

/// What endpoints that are given out together have in common.
#[derive(Clone, Copy, Debug)]
pub struct Tenancy {
    /// Whose.
    pub customer: CustomerId,
    /// What their traffic without a login is booked to.
    pub account: AccountId,
    /// Whose exits they leave by.
    pub product_type: ProductType,
    /// What gateways are told of them with.
    pub batch: EndpointBatchId,
    /// Since when.
    pub created_at: Timestamp,
}

const KNOW_ENTRY: &str = "INSERT INTO network_entry (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
const LOCK_ENTRY: &str = "SELECT name FROM network_entry WHERE name = $1 FOR NO KEY UPDATE";

/// Until the transaction ends nobody else gives out ports of that entry.
///
/// # Errors
/// Only the database's own.
pub async fn lock_entry(tx: &mut Tx, entry: &EntryName) -> Result<(), StoreError> {
    exec!(tx, KNOW_ENTRY, entry.as_str())?;
    one!((String,), tx, LOCK_ENTRY, entry.as_str()).map(drop)
}

/// 65 537 is a prime: times any number it is not a multiple of, and plus any other, all ports come in another order.
const ALLOT: &str = "\
    WITH RECURSIVE ports (port) AS (
        SELECT CAST($2 AS BIGINT) UNION ALL SELECT port + 1 FROM ports WHERE port < CAST($3 AS BIGINT)
    ),
    chosen AS (
        SELECT port FROM ports
        WHERE port NOT IN (SELECT taken.port FROM endpoint AS taken WHERE taken.entry = $1 AND taken.ended_at IS NULL)
        ORDER BY (port * CAST($4 AS BIGINT) + CAST($5 AS BIGINT)) % 65537
        LIMIT $6
    )
    INSERT INTO endpoint (entry, port, customer_id, account_id, product_type, country, state, city, batch, created_at,
        ends_at)
    SELECT $1, port, $7, $8, $9, $10, $11, $12, $13, $14, $15 FROM chosen
    RETURNING id, port";

/// Gives out at most so many free ports of a locked entry until a moment: fewer when there are fewer.
///
/// # Errors
/// The database's own.
pub async fn allot(
    tx: &mut Tx,
    ports: &Ports,
    tenancy: &Tenancy,
    (place, ends_at): (&PlaceWish, Timestamp),
    most: u32,
) -> Result<Vec<(EndpointId, u16)>, StoreError> {
    let Ports { entry, range, shuffle } = ports;
    let Tenancy { customer, account, product_type, batch, created_at } = tenancy;
    let [country, state, city] =
        [&place.country, &place.state, &place.city].map(|name| name.as_ref().map(PlaceName::as_str));
    let given = all!(
        (i64, i64),
        tx,
        ALLOT,
        entry.as_str(),
        i64::from(range.first()),
        i64::from(range.last()),
        shuffle.0,
        shuffle.1,
        i64::from(most),
        customer.get(),
        account.get(),
        product_type.number(),
        country,
        state,
        city,
        batch.get(),
        created_at.ms(),
        ends_at.ms()
    )?;
    given.into_iter().map(placed).collect()
}

fn placed((id, number): (i64, i64)) -> Result<(EndpointId, u16), StoreError> {
    Ok((EndpointId::new(id), port(id, number)?))
}

pub(crate) fn port(id: i64, number: i64) -> Result<u16, StoreError> {
    u16::try_from(number).map_err(|_| corrupt(id, "port"))
}

const COUNT: &str = "\
    SELECT count(*) FROM endpoint WHERE customer_id = $1 AND ended_at IS NULL AND ends_at > $2";

/// How many endpoints a customer has that were extracted and have not ended.
///
/// # Errors
/// Only the database's own.
pub async fn count_extracted(tx: &mut Tx, customer: CustomerId, now: Timestamp) -> Result<u32, StoreError> {
    let (count,) = one!((i64,), tx, COUNT, customer.get(), now.ms())?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

const COUNT_BY_ENTRY: &str = "\
    SELECT entry, count(*) FROM endpoint WHERE ended_at IS NULL GROUP BY entry ORDER BY entry";

/// How many ports are given out, by entry.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn count_by_entry(tx: &mut Tx) -> Result<Vec<(EntryName, u64)>, StoreError> {
    let found = all!((String, i64), tx, COUNT_BY_ENTRY)?;
    found.into_iter().map(|(name, count)| Ok((entry(0, &name)?, count.unsigned_abs()))).collect()
}

pub(crate) fn entry(id: i64, name: &str) -> Result<EntryName, StoreError> {
    EntryName::parse(name).map_err(|_| corrupt(id, "entry"))
}

/// A place as it is kept.
pub(crate) fn place(id: i64, names: [Option<String>; 3]) -> Result<PlaceWish, StoreError> {
    let read = |name: Option<String>| name.map(|name| PlaceName::parse(&name)).transpose();
    let [Ok(country), Ok(state), Ok(city)] = names.map(read) else { return Err(corrupt(id, "country")) };
    Ok(PlaceWish { country, state, city })
}

//! Holdings: which customer has which address of the inventory, out of which order, and until when.
//!
//! A row's `announced` says that gateways were told of its expiry. Holdings are locked before addresses.

mod list;
mod usable;

use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CustomerId, HoldingId, OrderId, StaticIpId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

pub use list::{Holding, HoldingFilter, count, list};
pub use usable::usable;

pub(crate) const fn corrupt(id: i64, column: &'static str) -> StoreError {
    StoreError::Corrupt { table: "holding", column, id }
}

/// What holdings that are to be made have in common.
#[derive(Clone, Copy, Debug)]
pub struct NewHoldings {
    /// Whose.
    pub customer: CustomerId,
    /// What they come from.
    pub order: OrderId,
    /// The kind of the addresses.
    pub product_type: ProductType,
    /// Since when.
    pub starts_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

const INSERT: &str = "\
    INSERT INTO holding (static_ip_id, country, customer_id, order_id, product_type, starts_at, expires_at, announced)
    SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, $2, $3, $4, $5, $6, FALSE FROM json_each($1)
    RETURNING id";

/// Gives addresses, each with its country, to a customer: the holdings' numbers, ascending.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody has one.
pub async fn insert(
    tx: &mut Tx,
    new: &NewHoldings,
    ips: &[(StaticIpId, CountryCode)],
) -> Result<Vec<HoldingId>, StoreError> {
    let NewHoldings { customer, order, product_type, starts_at, expires_at } = new;
    let (customer, order, product_type) = (customer.get(), order.get(), product_type.number());
    let ips = rows(&ips.iter().map(|(ip, country)| (ip.get(), country.to_string())).collect::<Vec<_>>())?;
    let ids = all!((i64,), tx, INSERT, ips, customer, order, product_type, starts_at.ms(), expires_at.ms())?;
    let mut ids: Vec<_> = ids.into_iter().map(|(id,)| HoldingId::new(id)).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// What is decided on when a holding is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which holding.
    pub id: HoldingId,
    /// Of which address.
    pub static_ip: StaticIpId,
    /// The kind of the address.
    pub product_type: ProductType,
    /// Where it is.
    pub country: CountryCode,
    /// Until when.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    id: i64,
    static_ip_id: i64,
    product_type: i64,
    country: String,
    expires_at: i64,
}

impl TryFrom<HeldRow> for Held {
    type Error = StoreError;

    fn try_from(row: HeldRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: HoldingId::new(row.id),
            static_ip: StaticIpId::new(row.static_ip_id),
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt(row.id, "product_type"))?,
            country: CountryCode::parse(&row.country).map_err(|_| corrupt(row.id, "country"))?,
            expires_at: Timestamp::from_ms(row.expires_at),
        })
    }
}

const OWN: &str = "\
    SELECT id, static_ip_id, product_type, country, expires_at FROM holding
    WHERE customer_id = $1 AND ended_at IS NULL
        AND id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($2))
    ORDER BY id";
const LOCK_OWN: &str = "\
    SELECT id, static_ip_id, product_type, country, expires_at FROM holding
    WHERE customer_id = $1 AND ended_at IS NULL
        AND id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($2))
    ORDER BY id
    FOR NO KEY UPDATE";

/// Those of the given holdings that are this customer's and have not ended, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn own(tx: &mut Tx, customer: CustomerId, ids: &[HoldingId]) -> Result<Vec<Held>, StoreError> {
    all!(HeldRow, tx, OWN, customer.get(), numbers(ids)?)?.into_iter().map(Held::try_from).collect()
}

/// As [`own`]; until the transaction ends nobody else changes them.
///
/// # Errors
/// As [`own`].
pub async fn lock_own(tx: &mut Tx, customer: CustomerId, ids: &[HoldingId]) -> Result<Vec<Held>, StoreError> {
    all!(HeldRow, tx, LOCK_OWN, customer.get(), numbers(ids)?)?.into_iter().map(Held::try_from).collect()
}

const HOLDER: &str = "SELECT customer_id FROM holding WHERE static_ip_id = $1 AND ended_at IS NULL";

/// Who holds an address now.
///
/// # Errors
/// Only the database's own.
pub async fn holder(tx: &mut Tx, ip: StaticIpId) -> Result<Option<CustomerId>, StoreError> {
    Ok(optional!((i64,), tx, HOLDER, ip.get())?.map(|(customer,)| CustomerId::new(customer)))
}

const OWNER: &str = "SELECT customer_id FROM holding WHERE id = $1 AND ended_at IS NULL";

/// Whose a holding is that has not ended.
///
/// # Errors
/// Only the database's own.
pub async fn owner(tx: &mut Tx, holding: HoldingId) -> Result<Option<CustomerId>, StoreError> {
    Ok(optional!((i64,), tx, OWNER, holding.get())?.map(|(customer,)| CustomerId::new(customer)))
}

const SET_EXPIRY: &str = "\
    UPDATE holding SET expires_at = given.expires_at, announced = FALSE
    FROM (
        SELECT CAST(value ->> 0 AS BIGINT) AS id, CAST(value ->> 1 AS BIGINT) AS expires_at FROM json_each($2)
    ) AS given
    WHERE +holding.customer_id = $1 AND holding.id = given.id AND holding.ended_at IS NULL";

/// Gives locked holdings a new end: how many. The plus sign keeps SQLite from going through all of the customer's.
///
/// # Errors
/// Only the database's own.
pub async fn set_expiry(tx: &mut Tx, customer: CustomerId, ends: &[(HoldingId, Timestamp)]) -> Result<u64, StoreError> {
    let ends: Vec<_> = ends.iter().map(|(holding, at)| (holding.get(), at.ms())).collect();
    exec!(tx, SET_EXPIRY, customer.get(), rows(&ends)?)
}

const MOVE: &str = "\
    UPDATE holding SET static_ip_id = $3, country = $4 WHERE customer_id = $1 AND id = $2 AND ended_at IS NULL";

/// Puts another address in a locked holding; false when there is no such holding.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody has the address.
pub async fn replace_ip(
    tx: &mut Tx,
    customer: CustomerId,
    holding: HoldingId,
    (ip, country): (StaticIpId, CountryCode),
) -> Result<bool, StoreError> {
    Ok(exec!(tx, MOVE, customer.get(), holding.get(), ip.get(), country.as_str())? == 1)
}

const END_OF_ORDER: &str = "\
    UPDATE holding SET ended_at = $3 WHERE customer_id = $1 AND order_id = $2 AND ended_at IS NULL
    RETURNING static_ip_id";

/// Ends what a customer holds out of an order: the addresses.
///
/// # Errors
/// Only the database's own.
pub async fn end_of_order(
    tx: &mut Tx,
    customer: CustomerId,
    order: OrderId,
    now: Timestamp,
) -> Result<Vec<StaticIpId>, StoreError> {
    let ended = all!((i64,), tx, END_OF_ORDER, customer.get(), order.get(), now.ms())?;
    Ok(ended.into_iter().map(|(ip,)| StaticIpId::new(ip)).collect())
}

const ANNOUNCE_EXPIRED: &str = "\
    UPDATE holding SET announced = TRUE WHERE ended_at IS NULL AND NOT announced AND expires_at <= $1
    RETURNING customer_id";

/// Marks the holdings that have expired as announced: whose they are, each customer once a holding.
///
/// # Errors
/// Only the database's own.
pub async fn announce_expired(tx: &mut Tx, now: Timestamp) -> Result<Vec<CustomerId>, StoreError> {
    let expired = all!((i64,), tx, ANNOUNCE_EXPIRED, now.ms())?;
    Ok(expired.into_iter().map(|(customer,)| CustomerId::new(customer)).collect())
}

const LOCK_PAST: &str = "\
    SELECT id, customer_id, static_ip_id FROM holding WHERE ended_at IS NULL AND expires_at <= $1
    ORDER BY id
    LIMIT $2
    FOR NO KEY UPDATE";
const END: &str = "\
    UPDATE holding SET ended_at = $2
    WHERE ended_at IS NULL AND id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))";

/// Ends at most so many holdings that expired at or before a moment: whose they were, and the addresses.
///
/// # Errors
/// Only the database's own.
pub async fn end_expired(
    tx: &mut Tx,
    expired_by: Timestamp,
    now: Timestamp,
    most: u32,
) -> Result<Vec<(CustomerId, StaticIpId)>, StoreError> {
    let past = all!((i64, i64, i64), tx, LOCK_PAST, expired_by.ms(), i64::from(most))?;
    exec!(tx, END, rows(&past.iter().map(|(id, ..)| (id,)).collect::<Vec<_>>())?, now.ms())?;
    Ok(past.into_iter().map(|(_, customer, ip)| (CustomerId::new(customer), StaticIpId::new(ip))).collect())
}

fn numbers(ids: &[HoldingId]) -> Result<String, StoreError> {
    rows(&ids.iter().map(|id| (id.get(),)).collect::<Vec<_>>())
}

//! The inventory of addresses to sell. Who holds one is in [`crate::holding`].

mod page;

use std::net::IpAddr;

use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{ExitId, StaticIpId};
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::{NewStaticIp, StaticIpState};

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

pub use page::{Holder, StaticIpDetails, StaticIpFilter, by_id, by_ip, page};

pub(crate) const fn corrupt(id: i64, column: &'static str) -> StoreError {
    StoreError::Corrupt { table: "static_ip", column, id }
}

pub(crate) fn address(id: i64, text: &str) -> Result<IpAddr, StoreError> {
    text.parse().map_err(|_| corrupt(id, "ip"))
}

pub(crate) fn country(id: i64, text: &str) -> Result<CountryCode, StoreError> {
    CountryCode::parse(text).map_err(|_| corrupt(id, "country"))
}

pub(crate) fn state(id: i64, number: i64) -> Result<StaticIpState, StoreError> {
    StaticIpState::from_number(number).ok_or(corrupt(id, "state"))
}

const KNOWN: &str = "\
    WITH given AS (SELECT value ->> 0 AS ip FROM json_each($1))
    SELECT static_ip.ip FROM given CROSS JOIN static_ip WHERE static_ip.ip = given.ip";

/// Those of the given addresses that are in the inventory.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn known(tx: &mut Tx, ips: &[IpAddr]) -> Result<Vec<IpAddr>, StoreError> {
    let given: Vec<_> = ips.iter().map(|ip| (ip.to_string(),)).collect();
    all!((String,), tx, KNOWN, rows(&given)?)?.into_iter().map(|(ip,)| address(0, &ip)).collect()
}

const INSERT: &str = "\
    INSERT INTO static_ip (ip, product_type, country, region, city, state, note, exit_id)
    SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3, value ->> 4,
        CAST(value ->> 5 AS BIGINT), value ->> 6, (SELECT exit.id FROM exit WHERE exit.name = value ->> 7)
    FROM json_each($1)";

/// Adds addresses: how many. The exits that they are behind must be there.
///
/// # Errors
/// [`StoreError::Conflict`] when one is in the inventory.
pub async fn insert(tx: &mut Tx, ips: &[NewStaticIp]) -> Result<u64, StoreError> {
    let row = |new: &NewStaticIp| {
        let NewStaticIp { ip, product_type, country, region, city, state, note, exit } = new;
        (
            ip.to_string(),
            product_type.number(),
            country.to_string(),
            region.clone(),
            city.clone(),
            state.number(),
            note.clone(),
            exit.as_ref().map(|exit| exit.as_str().to_owned()),
        )
    };
    exec!(tx, INSERT, rows(&ips.iter().map(row).collect::<Vec<_>>())?)
}

const FOR_SALE: &str = "\
    SELECT country, count(*) FROM static_ip
    WHERE state = 0 AND product_type IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))
    GROUP BY country
    ORDER BY country";

/// How many addresses of these kinds can be bought, by country.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn for_sale(tx: &mut Tx, product_types: &[ProductType]) -> Result<Vec<(CountryCode, u64)>, StoreError> {
    let types: Vec<_> = product_types.iter().map(|product_type| (product_type.number(),)).collect();
    let found = all!((String, i64), tx, FOR_SALE, rows(&types)?)?;
    found.into_iter().map(|(code, count)| Ok((country(0, &code)?, count.unsigned_abs()))).collect()
}

const FOR_SALE_IN: &str = "\
    SELECT count(*) FROM (
        SELECT id FROM static_ip WHERE product_type = $1 AND country = $2 AND state = 0 LIMIT $3
    ) AS found";

/// Whether so many addresses of a kind can be bought in a country.
///
/// # Errors
/// Only the database's own.
pub async fn has_for_sale(
    tx: &mut Tx,
    product_type: ProductType,
    country: CountryCode,
    count: u32,
) -> Result<bool, StoreError> {
    let (found,) = one!((i64,), tx, FOR_SALE_IN, product_type.number(), country.as_str(), i64::from(count))?;
    Ok(found >= i64::from(count))
}

const LOCK_FREE: &str = "\
    SELECT id FROM static_ip WHERE product_type = $1 AND country = $2 AND state = 0
    ORDER BY id
    LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED";
const LOCK_FOR_SALE: &str = "\
    SELECT id FROM static_ip WHERE product_type = $1 AND country = $2 AND state = 0
    ORDER BY id
    LIMIT $3
    FOR NO KEY UPDATE";
const BEFORE_TAKING: &str = "SAVEPOINT before_taking";
const AS_BEFORE_TAKING: &str = "ROLLBACK TO SAVEPOINT before_taking";

const HOLD: &str = "\
    UPDATE static_ip SET state = 1
    WHERE state = 0 AND id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))";

/// Takes so many addresses of a kind in a country from what is for sale; `None` when there are fewer.
///
/// While there is plenty, whoever comes second takes others and does not wait. When there is not, it lets go of what it
/// got, waits for the first, and takes what is left: nothing is taken twice, or thought gone that comes back.
///
/// # Errors
/// [`StoreError::Contended`], or the database's own.
pub async fn take(
    tx: &mut Tx,
    product_type: ProductType,
    country: CountryCode,
    count: u32,
) -> Result<Option<Vec<StaticIpId>>, StoreError> {
    let (number, code, most) = (product_type.number(), country.as_str(), i64::from(count));
    let is_short = |found: &[(i64,)]| i64::try_from(found.len()).unwrap_or(i64::MAX) < most;
    exec!(tx, BEFORE_TAKING)?;
    let mut taken = all!((i64,), tx, LOCK_FREE, number, code, most)?;
    if is_short(&taken) {
        exec!(tx, AS_BEFORE_TAKING)?;
        taken = all!((i64,), tx, LOCK_FOR_SALE, number, code, most)?;
    }
    if is_short(&taken) {
        return Ok(None);
    }
    if exec!(tx, HOLD, rows(&taken)?)? != u64::from(count) {
        return Err(StoreError::Contended);
    }
    Ok(Some(taken.into_iter().map(|(id,)| StaticIpId::new(id)).collect()))
}

const LOCK: &str = "\
    SELECT state FROM static_ip WHERE id = $1
    FOR NO KEY UPDATE";

/// An address's state, which nobody else changes until the transaction ends; `None` when there is no such address.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(tx: &mut Tx, id: StaticIpId) -> Result<Option<StaticIpState>, StoreError> {
    let found = optional!((i64,), tx, LOCK, id.get())?;
    found.map(|(number,)| state(id.get(), number)).transpose()
}

const SET_STATE: &str = "UPDATE static_ip SET state = $2 WHERE id = $1";

/// Brings an address that was locked into a state.
///
/// # Errors
/// Only the database's own.
pub async fn set_state(tx: &mut Tx, id: StaticIpId, state: StaticIpState) -> Result<(), StoreError> {
    exec!(tx, SET_STATE, id.get(), state.number()).map(drop)
}

const SET_NOTE: &str = "UPDATE static_ip SET note = $2 WHERE id = $1";

/// Writes the operator's own words on an address.
///
/// # Errors
/// Only the database's own.
pub async fn set_note(tx: &mut Tx, id: StaticIpId, note: &str) -> Result<(), StoreError> {
    exec!(tx, SET_NOTE, id.get(), note).map(drop)
}

const SET_EXIT: &str = "UPDATE static_ip SET exit_id = $2 WHERE id = $1";

/// Says which exit an address is behind; `None` for none: it is one of the gateways' own hosts.
///
/// # Errors
/// Only the database's own.
pub async fn set_exit(tx: &mut Tx, id: StaticIpId, exit: Option<ExitId>) -> Result<(), StoreError> {
    exec!(tx, SET_EXIT, id.get(), exit.map(ExitId::get)).map(drop)
}

const LOCK_HELD: &str = "\
    SELECT id FROM static_ip WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))
    ORDER BY id
    FOR NO KEY UPDATE";
const RELEASE: &str = "\
    UPDATE static_ip SET state = 0
    WHERE state = 1 AND id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))";

/// Offers addresses for sale again that nobody holds any more. Those in maintenance stay so.
///
/// # Errors
/// Only the database's own.
pub async fn release(tx: &mut Tx, ids: &[StaticIpId]) -> Result<(), StoreError> {
    let ids = rows(&ids.iter().map(|id| (id.get(),)).collect::<Vec<_>>())?;
    // By number, as all others lock them.
    all!((i64,), tx, LOCK_HELD, ids.as_str())?;
    exec!(tx, RELEASE, ids.as_str()).map(drop)
}

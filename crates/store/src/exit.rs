//! Exits: ways for traffic to leave, as the operator has declared them. Passwords are sealed; here they are only kept.

mod page;
mod row;
mod served;

use std::net::IpAddr;

use turnpike_domain::exit::{ExitName, ExitPlace, ExitTerms, Route};
use turnpike_domain::ids::ExitId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::{hex, rows};
use row::ExitRow;

pub use page::{ExitFilter, page};
pub use served::{are_there_any, served};

pub(crate) const fn corrupt(id: i64, column: &'static str) -> StoreError {
    StoreError::Corrupt { table: "exit", column, id }
}

/// An exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Which.
    pub id: ExitId,
    /// The operator's word for it.
    pub name: ExitName,
    /// What the operator says of it; an upstream's password is empty here.
    pub terms: ExitTerms,
    /// An upstream's password.
    pub password_sealed: Option<Vec<u8>>,
    /// When it was added.
    pub created_at: Timestamp,
    /// What came of the last check; `None` before the first.
    pub checked: Option<ExitCheck>,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitCheck {
    /// When.
    pub at: Timestamp,
    /// The address that was seen from outside.
    pub seen: Option<IpAddr>,
    /// What is missing; `None` when nothing is.
    pub fault: Option<String>,
}

/// An exit to be written.
#[derive(Clone, Debug)]
pub struct WrittenExit {
    /// Its name.
    pub name: ExitName,
    /// What is said of it; an upstream's password in it is not written.
    pub terms: ExitTerms,
    /// An upstream's password.
    pub password_sealed: Option<Vec<u8>>,
}

/// A place in the store: country, state, what follows the country in the state's code, city.
fn place(place: &ExitPlace) -> (&str, Option<&str>, Option<&str>, Option<&str>) {
    let region = place.region.as_ref();
    let code = region.and_then(|region| region.code.as_deref());
    (place.country.as_str(), region.map(|region| &*region.name), code, place.city.as_deref())
}

/// An exit as a row of a list.
fn written(exit: &WrittenExit) -> Result<impl serde::Serialize + use<>, StoreError> {
    let WrittenExit { name, terms, password_sealed } = exit;
    let username = match &terms.route {
        Route::Upstream(upstream) => upstream.username.as_ref().map(|template| template.as_str().to_owned()),
        _ => None,
    };
    let kinds: Vec<_> = terms.product_types.iter().copied().map(ProductType::number).collect();
    Ok((
        (name.as_str().to_owned(), terms.route.to_string(), username, password_sealed.as_deref().map(hex)),
        (rows(&terms.places.iter().map(place).collect::<Vec<_>>())?, rows(&kinds)?),
        (terms.capacity, terms.weight, terms.state.number(), terms.provenance.number(), terms.evidence.clone()),
    ))
}

fn list(exits: &[WrittenExit]) -> Result<String, StoreError> {
    rows(&exits.iter().map(written).collect::<Result<Vec<_>, _>>()?)
}

const INSERT: &str = "\
    INSERT INTO exit (name, route, username, password_sealed, places, product_types, capacity, weight, state, provenance,
        evidence, created_at)
    SELECT value -> 0 ->> 0, value -> 0 ->> 1, value -> 0 ->> 2, unhex(value -> 0 ->> 3), value -> 1 ->> 0, value -> 1 ->> 1,
        CAST(value -> 2 ->> 0 AS BIGINT), CAST(value -> 2 ->> 1 AS BIGINT), CAST(value -> 2 ->> 2 AS BIGINT),
        CAST(value -> 2 ->> 3 AS BIGINT), value -> 2 ->> 4, $2
    FROM json_each($1)
    RETURNING id";

/// Adds exits: their numbers, ascending.
///
/// # Errors
/// [`StoreError::Conflict`] when there is one of that name.
pub async fn insert(tx: &mut Tx, exits: &[WrittenExit], now: Timestamp) -> Result<Vec<ExitId>, StoreError> {
    let mut ids: Vec<_> =
        all!((i64,), tx, INSERT, list(exits)?, now.ms())?.into_iter().map(|(id,)| ExitId::new(id)).collect();
    ids.sort_unstable();
    Ok(ids)
}

const UPDATE: &str = "\
    WITH given AS (
        SELECT value -> 0 ->> 0 AS name, value -> 0 ->> 1 AS route, value -> 0 ->> 2 AS username,
            unhex(value -> 0 ->> 3) AS password_sealed, value -> 1 ->> 0 AS places, value -> 1 ->> 1 AS product_types,
            CAST(value -> 2 ->> 0 AS BIGINT) AS capacity, CAST(value -> 2 ->> 1 AS BIGINT) AS weight,
            CAST(value -> 2 ->> 2 AS BIGINT) AS state, CAST(value -> 2 ->> 3 AS BIGINT) AS provenance,
            value -> 2 ->> 4 AS evidence
        FROM json_each($1)
    )
    UPDATE exit SET route = given.route, username = given.username, password_sealed = given.password_sealed,
        places = given.places, product_types = given.product_types, capacity = given.capacity, weight = given.weight,
        state = given.state, provenance = given.provenance, evidence = given.evidence
    FROM given
    WHERE exit.name = given.name";

/// Writes anew what is said of exits that were locked, by their names: how many.
///
/// # Errors
/// Only the database's own.
pub async fn update(tx: &mut Tx, exits: &[WrittenExit]) -> Result<u64, StoreError> {
    exec!(tx, UPDATE, list(exits)?)
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT exit.id, name, route, username, password_sealed, places, product_types, capacity, weight, state,
                provenance, evidence, created_at, checked_at, seen, fault ",
            $rest
        )
    };
}
use columns;

const LOCK_NAMED: &str = columns!(
    "FROM exit WHERE name IN (SELECT value ->> 0 FROM json_each($1))
    ORDER BY id
    FOR NO KEY UPDATE"
);

/// Those of the given exits that there are, by number; nobody else changes them until the transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(tx: &mut Tx, names: &[ExitName]) -> Result<Vec<Exit>, StoreError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<_> = names.iter().map(|name| (name.as_str(),)).collect();
    all!(ExitRow, tx, LOCK_NAMED, rows(&names)?)?.into_iter().map(Exit::try_from).collect()
}

const BY_NAME: &str = columns!("FROM exit WHERE name = $1");

/// The exit of that name.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_name(tx: &mut Tx, name: &ExitName) -> Result<Option<Exit>, StoreError> {
    optional!(ExitRow, tx, BY_NAME, name.as_str())?.map(Exit::try_from).transpose()
}

const AFTER: &str = columns!("FROM exit WHERE id > $1 ORDER BY id LIMIT $2");

/// The first `most` exits after that number, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn after(tx: &mut Tx, after: ExitId, most: u32) -> Result<Vec<Exit>, StoreError> {
    all!(ExitRow, tx, AFTER, after.get(), i64::from(most))?.into_iter().map(Exit::try_from).collect()
}

const OF: &str = columns!(
    "FROM (SELECT CAST(value ->> 0 AS BIGINT) AS wanted FROM json_each($1)) AS given JOIN exit ON exit.id = given.wanted"
);

/// Those of the given exits that there are.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn of(tx: &mut Tx, wanted: &[ExitId]) -> Result<Vec<Exit>, StoreError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<_> = wanted.iter().map(|exit| (exit.get(),)).collect();
    all!(ExitRow, tx, OF, rows(&wanted)?)?.into_iter().map(Exit::try_from).collect()
}

const NOTE_CHECK: &str = "UPDATE exit SET checked_at = $2, seen = $3, fault = $4 WHERE id = $1";

/// Keeps what came of a check; false when the exit is gone.
///
/// # Errors
/// Only the database's own.
pub async fn note_check(tx: &mut Tx, exit: ExitId, check: &ExitCheck) -> Result<bool, StoreError> {
    let seen = check.seen.map(|seen| seen.to_string());
    Ok(exec!(tx, NOTE_CHECK, exit.get(), check.at.ms(), seen, check.fault.as_deref())? == 1)
}

const DELETE: &str = "DELETE FROM exit WHERE id = $1";

/// Removes an exit that no static IP is behind; false when there is none.
///
/// # Errors
/// Only the database's own.
pub async fn delete(tx: &mut Tx, exit: ExitId) -> Result<bool, StoreError> {
    Ok(exec!(tx, DELETE, exit.get())? == 1)
}

const STATIC_IPS: &str = "SELECT count(*) FROM static_ip WHERE exit_id = $1";

/// How many static IPs are behind an exit.
///
/// # Errors
/// Only the database's own.
pub async fn static_ips(tx: &mut Tx, exit: ExitId) -> Result<u64, StoreError> {
    Ok(one!((i64,), tx, STATIC_IPS, exit.get())?.0.unsigned_abs())
}

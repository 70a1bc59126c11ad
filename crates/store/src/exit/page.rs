//! Exits as the operator looks for them.

use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::ExitState;
use turnpike_domain::ids::ExitId;

use super::row::ExitRow;
use super::{Exit, columns};
use crate::db::Tx;
use crate::error::StoreError;

/// Which exits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitFilter {
    /// Only those in that country.
    pub country: Option<CountryCode>,
    /// Only those in that state.
    pub state: Option<ExitState>,
    /// Only those whose way out is of that kind, as [`turnpike_domain::exit::Route::word`] says.
    pub kind: Option<&'static str>,
    /// Only those whose last check found something missing, or nothing.
    pub faulty: Option<bool>,
}

/// What follows tells kinds as `Route::parse` does.
const PAGE: &str = columns!(
    "FROM exit
    WHERE id > $1 AND (state = $2 OR $2 < 0)
        AND ($3 = '' OR EXISTS (SELECT 1 FROM json_each(exit.places) WHERE value ->> 0 = $3))
        AND ($4 = '' OR $4 = CASE
            WHEN route = 'direct' THEN 'direct'
            WHEN route LIKE 'http://%' THEN 'http'
            WHEN route LIKE 'socks5://%' THEN 'socks5'
            WHEN route LIKE '%/%' THEN 'prefix'
            ELSE 'address' END)
        AND ($5 < 0 OR (checked_at IS NOT NULL AND ($5 = 1) = (fault IS NOT NULL)))
    ORDER BY id
    LIMIT $6"
);

/// At most so many exits after that number, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn page(tx: &mut Tx, filter: &ExitFilter, after: ExitId, most: u32) -> Result<Vec<Exit>, StoreError> {
    let ExitFilter { country, state, kind, faulty } = filter;
    let country = country.map(|country| country.to_string()).unwrap_or_default();
    let (state, kind) = (state.map_or(-1, ExitState::number), kind.unwrap_or_default());
    let faulty = faulty.map_or(-1, i64::from);
    let found = all!(ExitRow, tx, PAGE, after.get(), state, country, kind, faulty, i64::from(most))?;
    found.into_iter().map(Exit::try_from).collect()
}

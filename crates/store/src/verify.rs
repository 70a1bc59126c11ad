//! Whether the books agree with each other: every total against the rows it is the sum of, every pointer against what
//! it points to. Reads only; all checks of a transaction from [`Store::snapshot`](crate::Store::snapshot) see one
//! moment.

mod checks;
mod ledger;

use turnpike_domain::calendar::Day;
use turnpike_domain::time::Timestamp;

use crate::db::{Connection, Tx};
use crate::error::StoreError;
use crate::rows::rows;

pub use checks::{CHECKS, Check, Measure};
pub use ledger::LEDGER_CHECKS;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub check: &'static Check,
    /// How many rows were looked at.
    pub looked_at: u64,
    /// How many of them are wrong.
    pub wrong: u64,
    /// The first that is wrong.
    pub first: Option<Difference>,
}

/// A row that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which row, such as `account 7 (alpha)`.
    pub subject: String,
    /// What the rows beside it say, where the check compares amounts.
    pub should_be: i64,
    /// What it says itself.
    pub is: i64,
}

const DAYS: &str = "SELECT DISTINCT day FROM account";

/// The days that accounts have counted for.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn days(tx: &mut Tx) -> Result<Vec<Day>, StoreError> {
    let known = |(day,)| Day::from_column(day).ok_or(StoreError::Corrupt { table: "account", column: "day", id: day });
    all!((i64,), tx, DAYS)?.into_iter().map(known).collect()
}

/// Lets statements of this transaction take as long as they need: whoever checks everything reads everything.
///
/// # Errors
/// Only the database's own.
pub async fn take_time(tx: &mut Tx) -> Result<(), StoreError> {
    if let Connection::Postgres(connection) = tx.connection() {
        sqlx::query("SET LOCAL statement_timeout = 0").execute(connection).await?;
    }
    Ok(())
}

/// Carries out one check. `starts` says when each of [`days`] began.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn check(tx: &mut Tx, check: &'static Check, starts: &[(Day, Timestamp)]) -> Result<Finding, StoreError> {
    let starts: Vec<_> = starts.iter().map(|(day, start)| (day.to_column(), start.ms())).collect();
    let starts = rows(&starts)?;
    let (looked_at, wrong) = one!((i64, i64), tx, check.count, &starts)?;
    let first = match wrong {
        0 => None,
        _ => optional!((String, i64, i64), tx, check.first, &starts)?,
    };
    let counted = |count: i64| u64::try_from(count).unwrap_or_default();
    Ok(Finding {
        check,
        looked_at: counted(looked_at),
        wrong: counted(wrong),
        first: first.map(|(subject, should_be, is)| Difference { subject, should_be, is }),
    })
}

/// What the database itself finds wrong with its pages, indexes and references, at most a hundred lines; PostgreSQL
/// keeps those in order by other means, and is not asked.
///
/// # Errors
/// Only the database's own.
pub async fn integrity(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let Connection::Sqlite(connection) = tx.connection() else { return Ok(Vec::new()) };
    let pages: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(100)").fetch_all(&mut *connection).await?;
    let mut wrong: Vec<_> = pages.into_iter().filter(|line| line != "ok").collect();
    let references: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT \"table\", coalesce(rowid, 0), parent FROM pragma_foreign_key_check LIMIT 100")
            .fetch_all(connection)
            .await?;
    wrong.extend(references.iter().map(|(table, row, parent)| format!("{table} {row} names no {parent} that exists")));
    Ok(wrong)
}

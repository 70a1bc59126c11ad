//! What makes a store safe that was put back to an earlier moment: others may have seen numbers that it is about to give
//! again, and hold leases that it does not know.

use crate::db::{Connection, Tx};
use crate::error::StoreError;

/// By how much numbers are raised that gateways remember: far more than were given since any backup.
const STEP: i64 = 1 << 32;
/// By how much all other numbers are raised. They stand in API answers, whose readers may have 32 bits for them.
const SMALL_STEP: i64 = 1_000_000;

const VOID: &str = "DELETE FROM lease";
const FREE_ACCOUNTS: &str = "UPDATE account SET held = 0 WHERE held <> 0";
const FREE_PACKAGES: &str = "UPDATE package SET held = 0 WHERE held <> 0";

/// Ends every lease without billing more than was booked, and frees what all of them held: how many there were.
///
/// # Errors
/// Only the database's own.
pub async fn void_leases(tx: &mut Tx) -> Result<u64, StoreError> {
    let voided = exec!(tx, VOID)?;
    exec!(tx, FREE_ACCOUNTS)?;
    exec!(tx, FREE_PACKAGES)?;
    Ok(voided)
}

const FENCE: &str = "UPDATE node SET boot = 0, exchange = 0, applied = 0";

/// Fences every gateway that runs: it has leases of a time that did not happen. Each is let in again when it is started
/// anew.
///
/// # Errors
/// Only the database's own.
pub async fn fence_nodes(tx: &mut Tx) -> Result<(), StoreError> {
    exec!(tx, FENCE).map(drop)
}

const FORGET_FEED: &str = "DELETE FROM feed";
const RAISE_FEED: &str = "UPDATE feed_head SET seq = seq + $1, trimmed = seq + $1";
const FORGET_QUESTIONS: &str = "DELETE FROM question";
const FORGET_ANSWERS: &str = "DELETE FROM answer";
const RAISE_PACKAGES: &str = "UPDATE customer SET packages_version = packages_version + $1";

/// Makes every gateway read everything anew, wherever it was in the feed.
///
/// # Errors
/// Only the database's own.
pub async fn renew_feed(tx: &mut Tx) -> Result<(), StoreError> {
    exec!(tx, FORGET_FEED)?;
    exec!(tx, FORGET_QUESTIONS)?;
    exec!(tx, FORGET_ANSWERS)?;
    exec!(tx, RAISE_FEED, STEP)?;
    exec!(tx, RAISE_PACKAGES, SMALL_STEP).map(drop)
}

const END_SESSIONS: &str = "UPDATE customer SET sessions = sessions + $1";

/// Ends all sessions of customers: among them may be such as had been ended already.
///
/// # Errors
/// Only the database's own.
pub async fn end_sessions(tx: &mut Tx) -> Result<(), StoreError> {
    exec!(tx, END_SESSIONS, SMALL_STEP).map(drop)
}

/// Makes sure that no number is given which somebody may have seen on another row: a lease's, a customer's, any.
///
/// # Errors
/// Only the database's own.
pub async fn raise_numbers(tx: &mut Tx) -> Result<(), StoreError> {
    /// A table without a row so far has none here either.
    const SQLITE_KNOWN: &str = "\
        INSERT INTO sqlite_sequence (name, seq)
        SELECT name, 0 FROM sqlite_master
        WHERE type = 'table' AND sql LIKE '% AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence)";
    const SQLITE_RAISE: &str = "\
        UPDATE sqlite_sequence SET seq = seq + CASE WHEN name IN ('lease', 'question') THEN $1 ELSE $2 END";
    const POSTGRES_RAISE: &str = "\
        SELECT setval(numbers, nextval(numbers) + step)
        FROM (
            SELECT CAST(pg_get_serial_sequence(quote_ident(table_name), column_name) AS regclass) AS numbers,
                CASE WHEN table_name IN ('lease', 'question') THEN $1 ELSE $2 END AS step
            FROM information_schema.columns
            WHERE table_schema = current_schema() AND is_identity = 'YES'
        ) AS identities";
    match tx.connection() {
        Connection::Sqlite(connection) => {
            sqlx::query(SQLITE_KNOWN).execute(&mut *connection).await?;
            sqlx::query(SQLITE_RAISE).bind(STEP).bind(SMALL_STEP).execute(connection).await?;
        }
        Connection::Postgres(connection) => {
            sqlx::query(POSTGRES_RAISE).bind(STEP).bind(SMALL_STEP).execute(connection).await?;
        }
    }
    Ok(())
}

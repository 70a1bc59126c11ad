//! The one place that knows which database it is: opening, transactions, and the macros that run one SQL text on
//! either.
//!
//! Statements are written for PostgreSQL. `FOR NO KEY UPDATE …` at a statement's end is cut off for SQLite, whose one
//! writer holds the only lock there is.

use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    ConnectOptions, Connection as _, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
};

use crate::error::StoreError;
use crate::feed::Announced;
use crate::{migrations, patience};

/// Older libraries can corrupt the write-ahead log (fixed in this version).
pub(crate) const OLDEST_SQLITE: &str = "3.51.3";
/// Connections that read SQLite beside the one that writes.
const SQLITE_READERS: u32 = 4;
/// How long SQLite waits for another process, such as an operator command, to end its transaction.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an act waits for the one writer of SQLite, behind the acts before it.
const SQLITE_WRITER_TIMEOUT: Duration = Duration::from_secs(30);
/// Pages in the log before a commit carries them over; 4 MiB.
const SQLITE_CHECKPOINT_PAGES: &str = "1000";
/// What SQLite keeps of its log when it is empty. 64 MiB.
const SQLITE_LOG_LIMIT_BYTES: &str = "67108864";
/// Rows SQLite's thread may be ahead of us.
const SQLITE_ROWS_AHEAD: usize = 512;
/// Statistics are of the moment at which somebody ran ANALYZE. Statements are written for tables that grow, and a table
/// that was empty then would be gone through for every row of a list; without statistics, plans are those that were tested.
const SQLITE_FORGET_STATISTICS: &str = "DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4";
/// Connections to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long an act waits for a connection to PostgreSQL.
const POSTGRES_CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);
/// What PostgreSQL ends of its own accord, in milliseconds, so that nothing waits for ever on a process that hangs; and
/// how it plans: our lists are short and indexes are in memory, so it must not read whole tables or compile statements.
const POSTGRES_SETTINGS: [(&str, &str); 9] = [
    ("statement_timeout", "20000"),
    ("lock_timeout", "10000"),
    ("idle_in_transaction_session_timeout", "20000"),
    // Locks of a process whose machine is gone are freed within seconds.
    ("tcp_user_timeout", "10000"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("random_page_cost", "1.1"),
    ("jit", "off"),
];

/// How transactions begin on PostgreSQL. Rows that a decision rests on are locked when they are read, so that only what
/// truly collides waits.
const WRITING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const ONE_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The channel that tells gateways of a new change.
pub(crate) const CHANNEL: &str = "turnpike_feed";

/// Either database.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// One writer, readers apart.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// One pool.
    Postgres(PgPool),
}

/// A connection on which statements run, mostly inside a transaction.
#[derive(Debug)]
pub struct Tx {
    link: Link,
    /// What to tell the gateways of when the transaction commits.
    pub(crate) announced: Vec<Announced>,
}

#[derive(Debug)]
enum Link {
    SqliteRead(PoolConnection<Sqlite>),
    Sqlite(Transaction<'static, Sqlite>),
    PostgresRead(PoolConnection<Postgres>),
    Postgres(Transaction<'static, Postgres>),
}

/// What the macros match on.
pub(crate) enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…` and brings its schema up to date.
    pub(crate) async fn open(uri: &str) -> Result<Self, StoreError> {
        match uri.split_once(':') {
            Some(("sqlite", _)) => Self::open_sqlite(SqliteConnectOptions::from_str(uri)?).await,
            Some(("postgres" | "postgresql", _)) => Self::open_postgres(PgConnectOptions::from_str(uri)?).await,
            _ => Err(StoreError::UnknownUri),
        }
    }

    async fn open_sqlite(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(SQLITE_BUSY_TIMEOUT)
            .row_buffer_size(SQLITE_ROWS_AHEAD)
            .pragma("wal_autocheckpoint", SQLITE_CHECKPOINT_PAGES)
            .pragma("journal_size_limit", SQLITE_LOG_LIMIT_BYTES);
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(SQLITE_WRITER_TIMEOUT)
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
                // SQLite undoes a transaction by itself when the disk is full, and then there is none to roll back: a
                // connection that still believes in one is of no more use.
                .after_release(|connection, _| Box::pin(async { Ok(!sqlx::Connection::is_in_transaction(connection)) }))
        };
        // By a connection of its own: those that are open already go by what they have read.
        let mut first = options.connect().await?;
        sqlx::raw_sql(SQLITE_FORGET_STATISTICS).execute(&mut first).await?;
        first.close().await?;
        let writer = pool(1).connect_with(options.clone()).await?;
        let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&writer).await?;
        refuse_old_sqlite(found)?;
        let applied = sqlx::query_scalar(migrations::APPLIED).fetch_one(&writer).await.ok();
        migrations::refuse_newer(&migrations::SQLITE, applied)?;
        migrations::SQLITE.run(&writer).await?;
        let readers = pool(SQLITE_READERS).connect_with(options.read_only(true)).await?;
        Ok(Self::Sqlite { writer, readers })
    }

    async fn open_postgres(options: PgConnectOptions) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(POSTGRES_CONNECTION_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, idle| Box::pin(patience::is_usable(connection, idle)))
            .after_release(|connection, _| Box::pin(patience::still_lives(connection)))
            .connect_with(options.application_name("turnpike").options(POSTGRES_SETTINGS))
            .await?;
        let applied = sqlx::query_scalar(migrations::APPLIED).fetch_one(&pool).await.ok();
        migrations::refuse_newer(&migrations::POSTGRES, applied)?;
        migrations::POSTGRES.run(&pool).await?;
        Ok(Self::Postgres(pool))
    }

    /// A transaction that may write.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx::new(match self {
            Self::Sqlite { writer, .. } => Link::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Link::Postgres(patience::answer(pool.begin_with(WRITING)).await?),
        }))
    }

    /// A transaction that only reads, all of it from one moment.
    pub(crate) async fn begin_snapshot(&self) -> Result<Tx, StoreError> {
        Ok(Tx::new(match self {
            Self::Sqlite { readers, .. } => Link::Sqlite(readers.begin_with("BEGIN DEFERRED").await?),
            Self::Postgres(pool) => Link::Postgres(patience::answer(pool.begin_with(ONE_MOMENT)).await?),
        }))
    }

    /// A connection for statements that only read, each by itself.
    pub(crate) async fn reader(&self) -> Result<Tx, StoreError> {
        Ok(Tx::new(match self {
            Self::Sqlite { readers, .. } => Link::SqliteRead(readers.acquire().await?),
            Self::Postgres(pool) => Link::PostgresRead(pool.acquire().await?),
        }))
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    const fn new(link: Link) -> Self {
        Self { link, announced: Vec::new() }
    }

    pub(crate) fn connection(&mut self) -> Connection<'_> {
        match &mut self.link {
            Link::SqliteRead(connection) => Connection::Sqlite(connection),
            Link::Sqlite(transaction) => Connection::Sqlite(transaction),
            Link::PostgresRead(connection) => Connection::Postgres(connection),
            Link::Postgres(transaction) => Connection::Postgres(transaction),
        }
    }

    /// Tells other processes that the feed has reached `seq`, once this transaction has committed.
    pub(crate) async fn notify(&mut self, seq: i64) -> Result<(), StoreError> {
        const NOTIFY: &str = "SELECT pg_notify($1, $2)";
        if let Connection::Postgres(connection) = self.connection() {
            patience::answer(sqlx::query(NOTIFY).bind(CHANNEL).bind(seq.to_string()).execute(connection)).await?;
        }
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self.link {
            Link::Sqlite(transaction) => transaction.commit().await?,
            Link::Postgres(transaction) => {
                let committed = patience::answer(transaction.commit()).await.map_err(StoreError::from);
                committed.map_err(StoreError::at_commit)?;
            }
            Link::SqliteRead(_) | Link::PostgresRead(_) => {}
        }
        Ok(())
    }

    /// Undoes everything. When that fails the database has done so already, or will when the connection is closed.
    pub(crate) async fn roll_back(self) {
        let undone = match self.link {
            Link::Sqlite(transaction) => transaction.rollback().await,
            Link::Postgres(transaction) => patience::answer(transaction.rollback()).await,
            Link::SqliteRead(_) | Link::PostgresRead(_) => Ok(()),
        };
        if let Err(error) = undone {
            tracing::warn!(%error, "a transaction could not be rolled back");
        }
    }
}

/// What SQLite gets of a statement: all but the row lock at its end.
pub(crate) fn sqlite_text(sql: &'static str) -> &'static str {
    sql.split_once("FOR NO KEY UPDATE").map_or(sql, |(text, _)| text)
}

fn refuse_old_sqlite(found: String) -> Result<(), StoreError> {
    let parts = |version: &str| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    if parts(&found) < parts(OLDEST_SQLITE) { Err(StoreError::SqliteTooOld { found }) } else { Ok(()) }
}

/// Runs a `sqlx` call on the connection of whichever database it is.
macro_rules! run {
    ($tx:expr, $sql:expr, [$($value:expr),*], $query:ident :: <$($row:ty)?>, $fetch:ident) => {
        match $tx.connection() {
            $crate::db::Connection::Sqlite(connection) => {
                sqlx::$query::<sqlx::Sqlite $(, $row)?>($crate::db::sqlite_text($sql))
                    $(.bind($value))*.$fetch(connection).await.map(run!(@done $query))
            }
            $crate::db::Connection::Postgres(connection) => {
                let query = sqlx::$query::<sqlx::Postgres $(, $row)?>($sql)$(.bind($value))*;
                $crate::patience::answer(query.$fetch(connection)).await.map(run!(@done $query))
            }
        }
        .map_err($crate::error::StoreError::from)
    };
    (@done query) => { |done| done.rows_affected() };
    (@done query_as) => { std::convert::identity };
}

/// Runs a statement: how many rows it changed.
macro_rules! exec {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => { run!($tx, $sql, [$($value),*], query::<>, execute) };
}

/// The one row of type `$row` there must be.
macro_rules! one {
    ($row:ty, $tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        run!($tx, $sql, [$($value),*], query_as::<$row>, fetch_one)
    };
}

/// The row of type `$row`, if there is one.
macro_rules! optional {
    ($row:ty, $tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        run!($tx, $sql, [$($value),*], query_as::<$row>, fetch_optional)
    };
}

/// All rows, of type `$row`.
macro_rules! all {
    ($row:ty, $tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        run!($tx, $sql, [$($value),*], query_as::<$row>, fetch_all)
    };
}

/// Asks for nothing but an answer.
pub(crate) async fn ping(tx: &mut Tx) -> Result<(), StoreError> {
    exec!(tx, "SELECT 1").map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_sqlite_undid_by_itself_stops_no_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("turnpike.db").display())).await.unwrap();
        for ends_with_commit in [false, true] {
            let mut tx = db.begin().await.unwrap();
            // What SQLite does by itself on SQLITE_FULL and SQLITE_IOERR.
            exec!(tx, "ROLLBACK").unwrap();
            if ends_with_commit {
                assert!(tx.commit().await.is_err());
            } else {
                tx.roll_back().await;
            }
            let mut next = db.begin().await.unwrap();
            exec!(next, "UPDATE feed_head SET seq = seq").unwrap();
            next.commit().await.unwrap();
        }
        db.close().await;
    }

    #[test]
    fn a_library_with_the_log_fault_is_refused() {
        for old in ["3.7.0", "3.40.1", "3.51.2"] {
            assert!(
                matches!(refuse_old_sqlite(old.to_owned()), Err(StoreError::SqliteTooOld { found }) if found == old)
            );
        }
        for fixed in ["3.51.3", "3.53.0", "4.0.0"] {
            assert!(refuse_old_sqlite(fixed.to_owned()).is_ok());
        }
    }

    #[test]
    fn sqlite_is_spared_the_row_lock() {
        assert_eq!(sqlite_text("SELECT 1\nFOR NO KEY UPDATE OF account"), "SELECT 1\n");
        assert_eq!(sqlite_text("SELECT 1"), "SELECT 1");
    }
}

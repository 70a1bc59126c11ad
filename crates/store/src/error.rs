//! What can go wrong with a store, and what of that is worth a second try.

/// Why a statement, a transaction or a start failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique value is there already.
    #[error("a unique value is there already")]
    Conflict,
    /// A row breaks a rule that everything written by us keeps.
    #[error("column {column} of {table} {id} holds what it never should")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Which row.
        id: i64,
    },
    /// Others are in the way: a serialization failure, a deadlock, a lock that was not had in time.
    #[error("others are changing the same rows")]
    Contended,
    /// The database cannot be reached, has no room or no free connection.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The database went away while it was to keep a change: it may have kept it.
    #[error("the database went away and may or may not have kept the change")]
    Uncertain(#[source] sqlx::Error),
    /// The request was carried out before, under the same key.
    #[error("the request was carried out before")]
    DoneBefore,
    /// The act was stopped before its end, by a panic or the end of the process.
    #[error("the act was interrupted")]
    Interrupted,
    /// The URI names no database we know.
    #[error("a store is named by sqlite:PATH or postgres://…")]
    UnknownUri,
    /// The database was written by a newer Turnpike.
    #[error("the database has schema {found}, this Turnpike knows {known} and older: start a newer Turnpike")]
    SchemaNewer {
        /// What the database has.
        found: i64,
        /// The newest we know.
        known: i64,
    },
    /// The SQLite library has the WAL-reset fault.
    #[error("SQLite {found} can corrupt its log; {} or newer is needed", crate::db::OLDEST_SQLITE)]
    SqliteTooOld {
        /// Which version is linked.
        found: String,
    },
    /// The schema could not be brought up to date.
    #[error("the schema could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A list could not be passed to a statement.
    #[error("a list could not be passed to a statement")]
    Rows(#[from] serde_json::Error),
    /// Anything else the database says.
    #[error("the database refused a statement")]
    Database(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether the same transaction, of which nothing was kept, can succeed when it is run again: others were in the way,
    /// or its connection was lost.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Contended | Self::Unavailable(sqlx::Error::Io(_)) => true,
            Self::Unavailable(sqlx::Error::Database(told)) => LOST.contains(&&*told.code().unwrap_or_default()),
            _ => false,
        }
    }

    /// What it means when it comes as the answer to a commit: one that is lost may have been carried out.
    pub(crate) fn at_commit(self) -> Self {
        match self {
            Self::Unavailable(error) => Self::Uncertain(error),
            other => other,
        }
    }
}

/// PostgreSQL: serialization failure, deadlock, lock not available. SQLite: busy, busy in recovery, busy snapshot.
const CONTENDED: &[&str] = &["40001", "40P01", "55P03", "5", "261", "517"];
/// PostgreSQL: too many connections, shut down by an administrator or a crash, starting, no room, no memory.
/// SQLite: input or output failed, no room.
const UNAVAILABLE: &[&str] = &["53300", "57P01", "57P02", "57P03", "53100", "53200", "10", "13"];

/// Those of them that end a connection whose successor may find the database well again.
const LOST: &[&str] = &["57P01", "57P02"];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) => {
                let code = refusal.code().unwrap_or_default();
                if refusal.is_unique_violation() {
                    Self::Conflict
                } else if CONTENDED.contains(&&*code) {
                    Self::Contended
                } else if UNAVAILABLE.contains(&&*code) {
                    Self::Unavailable(error)
                } else {
                    Self::Database(error)
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}

/// An act's own error, which may be the store's.
pub trait ActError: From<StoreError> + Send + 'static {
    /// The store's error, if that is what it is.
    fn store_error(&self) -> Option<&StoreError>;
}

impl ActError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pool_is_unavailable_and_not_worth_a_repeat() {
        let error = StoreError::from(sqlx::Error::PoolClosed);
        assert!(matches!(error, StoreError::Unavailable(_)));
        assert!(!error.is_passing());
    }

    #[test]
    fn a_lost_connection_is_worth_a_repeat_unless_it_was_to_commit() {
        let lost = || StoreError::from(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
        assert!(lost().is_passing());
        assert!(matches!(lost().at_commit(), StoreError::Uncertain(_)));
        assert!(!lost().at_commit().is_passing());
        assert!(StoreError::Contended.at_commit().is_passing());
    }
}

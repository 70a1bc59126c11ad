//! Requests that are carried out once: the row that says so is part of what they did, or is not there.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

/// A request under its caller's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnceRow {
    /// Whose key it is, such as `customer:17`.
    pub scope: String,
    /// The caller's key.
    pub key: String,
    /// A hash over what is asked for.
    pub request: [u8; 32],
    /// When it came.
    pub begun_at: Timestamp,
    /// Rows that are not younger than this count no more.
    pub expired_at: Timestamp,
}

/// What is kept of a request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOnce {
    /// The hash over what was asked for.
    pub request: [u8; 32],
    /// The sealed answer; `None` when the process ended before it was known, or has not got so far.
    pub answer: Option<Vec<u8>>,
    /// When it came.
    pub begun_at: Timestamp,
}

/// Makes the sealed answer of what an act gave, if it can.
pub type AnswerOf = dyn Fn(&dyn Any) -> Result<Option<Vec<u8>>, StoreError> + Send + Sync;

/// A claim on a key, which the next transaction that commits takes with it.
pub struct Claim {
    row: OnceRow,
    answer: Box<AnswerOf>,
    taken: Arc<AtomicBool>,
}

impl Claim {
    /// `answer` makes the answer that is kept together with what was done; `taken` tells when that has committed, and
    /// keeps what follows from claiming again.
    pub fn new(row: OnceRow, taken: Arc<AtomicBool>, answer: Box<AnswerOf>) -> Self {
        Self { row, answer, taken }
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.taken.load(Ordering::Acquire)
    }

    pub(crate) fn mark_taken(&self) {
        self.taken.store(true, Ordering::Release);
    }

    /// The transaction's first statement: whoever is second waits here, and then fails before it has looked at
    /// anything.
    pub(crate) async fn begin(&self, tx: &mut Tx) -> Result<(), StoreError> {
        const CLAIM: &str = "\
            INSERT INTO once (scope, key, request, begun_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (scope, key) DO UPDATE SET request = $3, answer = NULL, begun_at = $4
            WHERE once.begun_at <= $5";
        let OnceRow { scope, key, request, begun_at, expired_at } = &self.row;
        let (at, expired) = (begun_at.ms(), expired_at.ms());
        let claimed = exec!(tx, CLAIM, scope.as_str(), key.as_str(), request.as_slice(), at, expired)?;
        if claimed == 1 { Ok(()) } else { Err(StoreError::DoneBefore) }
    }

    /// The answer of what the act gave, sealed.
    pub(crate) fn answer(&self, done: &dyn Any) -> Result<Option<Vec<u8>>, StoreError> {
        (self.answer)(done)
    }

    /// Keeps the answer in the transaction.
    pub(crate) async fn end(&self, tx: &mut Tx, answer: Option<Vec<u8>>) -> Result<(), StoreError> {
        match answer {
            Some(sealed) => keep(tx, &self.row, &sealed).await,
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim").field("row", &self.row).field("taken", &self.taken).finish_non_exhaustive()
    }
}

const FIND: &str = "SELECT request, answer, begun_at FROM once WHERE scope = $1 AND key = $2";

/// What is kept under a key.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn find(tx: &mut Tx, scope: &str, key: &str) -> Result<Option<KeptOnce>, StoreError> {
    let Some((request, answer, at)) = optional!((Vec<u8>, Option<Vec<u8>>, i64), tx, FIND, scope, key)? else {
        return Ok(None);
    };
    let corrupt = |_| StoreError::Corrupt { table: "once", column: "request", id: at };
    Ok(Some(KeptOnce { request: request.try_into().map_err(corrupt)?, answer, begun_at: Timestamp::from_ms(at) }))
}

const KEEP: &str = "\
    INSERT INTO once (scope, key, request, begun_at, answer) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (scope, key) DO UPDATE SET answer = excluded.answer WHERE once.request = excluded.request";

/// Keeps the sealed answer of a request, in place of one that was kept for it before.
///
/// # Errors
/// Only the database's own.
pub async fn keep(tx: &mut Tx, row: &OnceRow, sealed: &[u8]) -> Result<(), StoreError> {
    let OnceRow { scope, key, request, begun_at, .. } = row;
    exec!(tx, KEEP, scope.as_str(), key.as_str(), request.as_slice(), begun_at.ms(), sealed)?;
    Ok(())
}

const TRIM: &str = "\
    DELETE FROM once WHERE (scope, key) IN (
        SELECT scope, key FROM once WHERE begun_at <= $1 ORDER BY begun_at LIMIT $2
    )";

/// Drops at most `most` rows that are as old as `before` or older: how many.
///
/// # Errors
/// Only the database's own.
pub async fn trim(tx: &mut Tx, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    exec!(tx, TRIM, before.ms(), i64::from(most))
}

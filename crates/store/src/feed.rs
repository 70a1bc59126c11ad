//! The change feed: what changed, in the order of commits.
//!
//! A number is taken from a one-row counter by the last statement of a transaction. Whoever holds the counter's row
//! commits before anybody gets the next number, so no late commit is ever skipped; a sequence would not do.

use turnpike_domain::ids::{AccountId, CustomerId, EndpointBatchId, ExitId, FeedSeq, PinBatchId, QuestionId};
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

/// Numbers of `kind`; `verify::checks` knows which of them name a row.
const CUSTOMER: i64 = 1;
const ACCOUNT: i64 = 2;
const QUESTION: i64 = 3;
const MACHINES: i64 = 4;
const EXIT: i64 = 5;
const PINS: i64 = 6;
const ENDPOINTS: i64 = 7;

/// A thing whose present state gateways should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A customer, its limits or its packages.
    Customer(CustomerId),
    /// An account, also one that is gone.
    Account(AccountId),
    /// The operator asks something.
    Question(QuestionId),
    /// Which machines may run gateways; a gateway that asks hears whether its own still may.
    Machines,
    /// An exit, also one that is gone.
    Exit(ExitId),
    /// A batch of sessions' exits.
    Pins(PinBatchId),
    /// A batch of endpoints.
    Endpoints(EndpointBatchId),
}

/// What is written when the transaction commits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announced {
    changed: Changed,
    at: Timestamp,
}

impl Tx {
    /// Tells the gateways of a change when, and only when, this transaction commits.
    pub fn announce(&mut self, changed: Changed, at: Timestamp) {
        self.announced.push(Announced { changed, at });
    }
}

const TAKE_NUMBERS: &str = "UPDATE feed_head SET seq = seq + $1 WHERE id = 1 RETURNING seq";
const INSERT: &str = "\
    INSERT INTO feed (seq, at, kind, subject)
    SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT),
        CAST(value ->> 3 AS BIGINT)
    FROM json_each($1)";

/// Writes what was announced: the newest number, if there was anything.
pub(crate) async fn append(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    let announced = std::mem::take(&mut tx.announced);
    if announced.is_empty() {
        return Ok(None);
    }
    let count = i64::try_from(announced.len()).unwrap_or(i64::MAX);
    let (newest,) = one!((i64,), tx, TAKE_NUMBERS, count)?;
    let written: Vec<_> = (newest - count + 1..)
        .zip(&announced)
        .map(|(seq, one)| {
            let (kind, subject) = match one.changed {
                Changed::Customer(customer) => (CUSTOMER, customer.get()),
                Changed::Account(account) => (ACCOUNT, account.get()),
                Changed::Question(question) => (QUESTION, question.get()),
                Changed::Machines => (MACHINES, 0),
                Changed::Exit(exit) => (EXIT, exit.get()),
                Changed::Pins(batch) => (PINS, batch.get()),
                Changed::Endpoints(batch) => (ENDPOINTS, batch.get()),
            };
            (seq, one.at.ms(), kind, subject)
        })
        .collect();
    exec!(tx, INSERT, rows(&written)?)?;
    Ok(Some(newest))
}

/// How far the feed reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The newest change; `None` before the first.
    pub newest: Option<FeedSeq>,
    /// The newest change that is no longer kept.
    pub trimmed: Option<FeedSeq>,
}

const REACH: &str = "SELECT seq, trimmed FROM feed_head WHERE id = 1";

/// How far the feed reaches.
///
/// # Errors
/// Only the database's own.
pub async fn reach(tx: &mut Tx) -> Result<Reach, StoreError> {
    let (newest, trimmed) = one!((i64, i64), tx, REACH)?;
    let place = |seq: i64| (seq > 0).then(|| FeedSeq::new(seq));
    Ok(Reach { newest: place(newest), trimmed: place(trimmed) })
}

const SINCE: &str = "SELECT DISTINCT kind, subject FROM feed WHERE seq > $1 AND seq <= $2";

/// What changed after `after`, up to and including `newest`, each thing once.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn since(tx: &mut Tx, after: Option<FeedSeq>, newest: FeedSeq) -> Result<Vec<Changed>, StoreError> {
    let changed = all!((i64, i64), tx, SINCE, after.map_or(0, FeedSeq::get), newest.get())?;
    let known = |(kind, subject)| match kind {
        CUSTOMER => Ok(Changed::Customer(CustomerId::new(subject))),
        ACCOUNT => Ok(Changed::Account(AccountId::new(subject))),
        QUESTION => Ok(Changed::Question(QuestionId::new(subject))),
        MACHINES => Ok(Changed::Machines),
        EXIT => Ok(Changed::Exit(ExitId::new(subject))),
        PINS => Ok(Changed::Pins(PinBatchId::new(subject))),
        ENDPOINTS => Ok(Changed::Endpoints(EndpointBatchId::new(subject))),
        _ => Err(StoreError::Corrupt { table: "feed", column: "kind", id: subject }),
    };
    changed.into_iter().map(known).collect()
}

const EXIT_SINCE: &str = "SELECT seq FROM feed WHERE seq > $1 AND kind = $2 LIMIT 1";

/// Whether an exit may have changed after `after`: the feed says so, or no longer reaches as far back.
///
/// # Errors
/// Only the database's own.
pub async fn exits_changed(tx: &mut Tx, after: Option<FeedSeq>) -> Result<bool, StoreError> {
    // `None` is before every number.
    Ok(reach(tx).await?.trimmed > after
        || optional!((i64,), tx, EXIT_SINCE, after.map_or(0, FeedSeq::get), EXIT)?.is_some())
}

const OLDEST_KEPT: &str = "SELECT CAST(coalesce(max(seq), 0) AS BIGINT) FROM feed WHERE at < $1";
const TRIM: &str = "DELETE FROM feed WHERE seq <= $1";
const MARK_TRIMMED: &str = "UPDATE feed_head SET trimmed = $1 WHERE id = 1 AND trimmed < $1";

/// Drops changes that were announced before `before`, and all but the newest `keep`: how many.
///
/// # Errors
/// Only the database's own.
pub async fn trim(tx: &mut Tx, before: Timestamp, keep: i64) -> Result<u64, StoreError> {
    let (aged,) = one!((i64,), tx, OLDEST_KEPT, before.ms())?;
    let (newest, _) = one!((i64, i64), tx, REACH)?;
    let upto = aged.max(newest.saturating_sub(keep));
    exec!(tx, MARK_TRIMMED, upto)?;
    exec!(tx, TRIM, upto)
}

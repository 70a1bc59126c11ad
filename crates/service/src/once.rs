//! Requests under an idempotency key: carried out once, answered with the same bytes for seven days.
//!
//! The row that says so commits with what was done. So a request never runs twice, whatever ends the process when.

mod underway;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use turnpike_domain::time::Span;
use turnpike_store::once::{self, Claim, OnceRow};
use turnpike_store::{StoreError, Tx};

use crate::error::ServiceError;
use crate::service::Service;

pub(crate) use underway::Underway;
use underway::{Entry, Turn};

/// How long answers are kept.
const KEPT_FOR: Span = Span::from_days(7);
/// How long a request waits for another one under its key.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks for the answer of a request that another process has under way.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A request that was carried out so long ago and has no answer will never get one.
const LOST_AFTER: Span = Span::from_secs(60);
/// Rows a trimming transaction takes at most.
const TRIM_BATCH: u32 = 2000;

/// An answer, as it went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// The media type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What is to be done with a request under a key.
#[derive(Debug)]
pub enum Once {
    /// Nobody has asked this before: do it, with [`Service::within`], and keep the answer.
    First(OnceTicket),
    /// It was done: say this again.
    Again(KeptAnswer),
    /// It was done, but the process ended before the answer was kept.
    Lost,
    /// Something else was asked under this key.
    Other,
    /// It is still being done, and waiting for it took too long.
    UnderWay,
}

/// The right to carry a request out.
#[derive(Debug)]
pub struct OnceTicket {
    row: OnceRow,
    /// Whether what was done has committed, with the row.
    committed: Arc<AtomicBool>,
    /// The answer that committed with it.
    rendered: Arc<Mutex<Option<KeptAnswer>>>,
    _turn: Turn,
}

impl OnceTicket {
    /// Whether what was asked for is done and committed. If not, nothing stands in the way of trying again.
    pub fn is_committed(&self) -> bool {
        self.committed.load(Ordering::Acquire)
    }
}

impl Service {
    /// A keyed hash over what is asked for, as parts, for [`Service::begin_once`].
    pub fn request_hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.shared.vault.request_hash(parts)
    }

    /// Looks a request up under its key; waits, for 10 seconds at most, while it is being carried out. `scope` names
    /// whose key it is, such as `customer:17`.
    ///
    /// # Errors
    /// [`ServiceError::Vault`], or the store's.
    pub async fn begin_once(&self, scope: &str, key: &str, request: [u8; 32]) -> Result<Once, ServiceError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let turn = match self.shared.underway.enter(scope, key) {
                Entry::Mine(turn) => turn,
                Entry::Theirs(end) => match tokio::time::timeout_at(deadline, end.wait()).await {
                    Ok(()) => continue,
                    Err(_) => return Ok(Once::UnderWay),
                },
            };
            let row = self.row(scope, key, request);
            if let Some(once) = self.look(row, turn).await? {
                return Ok(once);
            }
            if Instant::now() >= deadline {
                return Ok(Once::UnderWay);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn row(&self, scope: &str, key: &str, request: [u8; 32]) -> OnceRow {
        let begun_at = self.now();
        let expired_at = begun_at.minus(KEPT_FOR);
        OnceRow { scope: scope.to_owned(), key: key.to_owned(), request, begun_at, expired_at }
    }

    /// What is known under a key; `None` when another process has not got to its answer yet.
    async fn look(&self, row: OnceRow, turn: Turn) -> Result<Option<Once>, ServiceError> {
        let kept = self.store.read(async |tx: &mut Tx| once::find(tx, &row.scope, &row.key).await).await?;
        let Some(kept) = kept.filter(|kept| kept.begun_at > row.expired_at) else {
            let (committed, rendered) = (Arc::default(), Arc::default());
            return Ok(Some(Once::First(OnceTicket { row, committed, rendered, _turn: turn })));
        };
        if kept.request != row.request {
            return Ok(Some(Once::Other));
        }
        match kept.answer {
            Some(sealed) => {
                let clear = self.shared.vault.open_answer(&row.scope, &row.key, &sealed)?;
                Ok(Some(KeptAnswer::from_bytes(&clear).map_or(Once::Lost, Once::Again)))
            }
            None if kept.begun_at < row.begun_at.minus(LOST_AFTER) => Ok(Some(Once::Lost)),
            None => Ok(None),
        }
    }

    /// The service in which the next act takes the ticket's row with it. When another request under the same key was
    /// first after all, the act does nothing and fails with [`StoreError::DoneBefore`]: begin again.
    #[must_use]
    pub fn within(&self, ticket: &OnceTicket) -> Self {
        self.within_answering(ticket, |(): &()| None)
    }

    /// As [`Service::within`]; what the act gives, when it is a `T`, makes the answer that commits with it.
    #[must_use]
    pub fn within_answering<T: Any>(
        &self,
        ticket: &OnceTicket,
        answer: impl Fn(&T) -> Option<KeptAnswer> + Send + Sync + 'static,
    ) -> Self {
        let (service, row, rendered) = (self.clone(), ticket.row.clone(), Arc::clone(&ticket.rendered));
        let sealed = move |done: &dyn Any| {
            let Some(kept) = done.downcast_ref::<T>().and_then(&answer) else { return Ok(None) };
            let sealed = service.seal_answer(&row, &kept)?;
            *rendered.lock() = Some(kept);
            Ok(Some(sealed))
        };
        let claim = Claim::new(ticket.row.clone(), Arc::clone(&ticket.committed), Box::new(sealed));
        Self { store: self.store.claiming(claim), ..self.clone() }
    }

    /// Keeps the answer that goes out, and lets others under the key go on.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep_answer(&self, ticket: OnceTicket, answer: &KeptAnswer) -> Result<(), ServiceError> {
        if ticket.is_committed() && ticket.rendered.lock().as_ref() == Some(answer) {
            return Ok(());
        }
        let sealed = self.seal_answer(&ticket.row, answer)?;
        let keeping = (ticket.row.clone(), sealed);
        Ok(self.store.write(keeping, |(row, sealed), tx| Box::pin(once::keep(tx, row, sealed))).await?)
    }

    /// Drops answers that are older than seven days: how many.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn trim_answers(&self) -> Result<u64, ServiceError> {
        let before = self.now().minus(KEPT_FOR);
        let mut dropped = 0;
        loop {
            let count = self.store.write(before, |before, tx| Box::pin(once::trim(tx, *before, TRIM_BATCH))).await?;
            dropped += count;
            if count < u64::from(TRIM_BATCH) {
                return Ok(dropped);
            }
        }
    }

    fn seal_answer(&self, row: &OnceRow, answer: &KeptAnswer) -> Result<Vec<u8>, StoreError> {
        let sealed = self.shared.vault.seal_answer(self.random(), &row.scope, &row.key, &answer.to_bytes());
        sealed.map_err(|_| StoreError::Interrupted)
    }
}

impl KeptAnswer {
    /// Status, length of the media type, media type, body.
    fn to_bytes(&self) -> Vec<u8> {
        let content_type = self.content_type.as_bytes();
        let length = u16::try_from(content_type.len()).unwrap_or(0);
        let content_type = content_type.get(..usize::from(length)).unwrap_or_default();
        [&self.status.to_be_bytes(), &length.to_be_bytes(), content_type, &self.body].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (status, rest) = bytes.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (content_type, body) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some(Self {
            status: u16::from_be_bytes(*status),
            content_type: std::str::from_utf8(content_type).ok()?.to_owned(),
            body: body.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_back_as_it_was_kept() {
        let answer = KeptAnswer { status: 201, content_type: "application/json".into(), body: b"{\"a\":1}".to_vec() };
        let bytes = answer.to_bytes();
        assert_eq!(KeptAnswer::from_bytes(&bytes), Some(answer));
        for length in 0..20 {
            assert_eq!(KeptAnswer::from_bytes(&bytes[..length]), None, "{length}");
        }
    }
}

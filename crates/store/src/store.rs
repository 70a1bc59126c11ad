//! The store: the one way into a transaction.

use std::ffi::OsStr;
use std::panic::Location;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use tracing::field::Empty;
use turnpike_domain::ids::FeedSeq;

use crate::db::{Db, Tx};
use crate::error::{ActError, StoreError};
use crate::news::{Hearing, News, listen};
use crate::once::Claim;
use crate::timings::Timings;

/// How often an act is run before its last failure is told.
const MOST_TRIES: u32 = 12;
/// The longest wait before the second try; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(4);
/// The longest wait between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// No further try is begun after so long, however few there were.
const LONGEST_TRYING: Duration = Duration::from_secs(15);
/// Acts that are in a transaction at once. Fewer than there are connections to PostgreSQL, so that acts which wait for each
/// other's locks leave connections to those who only read, and wait for their turn instead of for a connection.
const MOST_ACTING: usize = 12;
/// How long an act waits for its turn behind others; as long as one may wait for a lock.
const LONGEST_TURN: Duration = Duration::from_secs(10);
/// Acts that may run or wait for the database at once; more wait before they are begun.
const MOST_ACTS: usize = 1024;

/// A database, open. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    news: Arc<News>,
    hearing: Hearing,
    acts: Acts,
    timings: Arc<Timings>,
    /// What the next transaction takes with it.
    claim: Option<Arc<Claim>>,
    /// Whether transactions only show what they would do.
    rehearsing: bool,
}

/// The tasks that acts run in.
#[derive(Clone, Debug)]
struct Acts {
    tasks: TaskTracker,
    room: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    stop: CancellationToken,
    tries: Arc<AtomicU64>,
}

impl Acts {
    /// Waits for a turn, which lasts as long as what is given.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        match tokio::time::timeout(LONGEST_TURN, self.turns.acquire()).await {
            Ok(turn) => turn.map_err(|_| StoreError::Interrupted),
            Err(_) => Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut)),
        }
    }
}

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…` and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`], when the database cannot be reached, is too new, or its library too old.
    pub async fn open(uri: &str) -> Result<Self, StoreError> {
        Self::open_with(uri, Hearing::Notified).await
    }

    /// The same, and says how it hears of what other processes commit.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(uri: &str, hearing: Hearing) -> Result<Self, StoreError> {
        let db = Db::open(uri).await?;
        let acts = Acts {
            tasks: TaskTracker::new(),
            room: Arc::new(Semaphore::new(MOST_ACTS)),
            turns: Arc::new(Semaphore::new(MOST_ACTING)),
            stop: CancellationToken::new(),
            tries: Arc::new(AtomicU64::new(u64::from(std::process::id()))),
        };
        let news = Arc::new(News::new());
        acts.tasks.spawn(listen(db.clone(), Arc::clone(&news), hearing, acts.stop.clone()));
        Ok(Self { db, news, hearing, acts, timings: Arc::default(), claim: None, rehearsing: false })
    }

    /// The same store, whose next transaction takes this claim with it, or fails with [`StoreError::DoneBefore`].
    #[must_use]
    pub fn claiming(&self, claim: Claim) -> Self {
        Self { claim: Some(Arc::new(claim)), ..self.clone() }
    }

    /// The same store, whose transactions are undone at their end: an act finds out what it would do, under every rule and
    /// constraint, and nothing is written or told to anybody.
    #[must_use]
    pub fn rehearsing(&self) -> Self {
        Self { rehearsing: true, ..self.clone() }
    }

    /// Waits for the acts that run to end, and closes the database. Later acts fail.
    pub async fn close(&self) {
        self.acts.room.close();
        self.acts.stop.cancel();
        self.acts.tasks.close();
        self.acts.tasks.wait().await;
        self.db.close().await;
    }

    /// Runs `act` on `input` in a transaction, and commits when it succeeds.
    ///
    /// It is run again, from the start, when others were in the way, so it must do nothing but read and write through
    /// its [`Tx`]. Once begun it runs to its end even when nobody waits for it any more.
    ///
    /// # Errors
    /// The act's own, or the store's.
    #[track_caller]
    pub fn write<I, T, E, A>(&self, input: I, act: A) -> impl Future<Output = Result<T, E>> + Send
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: ActError,
        A: for<'a> Fn(&'a I, &'a mut Tx) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    {
        // An act has a file of its own, which is what it is called where somebody traces.
        let file = Path::new(Location::caller().file()).file_stem().and_then(OsStr::to_str);
        let span = tracing::trace_span!("write", act = file, failed = Empty);
        async move {
            let room = Arc::clone(&self.acts.room).acquire_owned().await.map_err(|_| StoreError::Interrupted)?;
            let store = self.clone();
            let running = async move {
                let began = Instant::now();
                let outcome = store.repeat(&input, &act).await;
                store.timings.write(began, &outcome);
                drop(room);
                outcome
            };
            let running = self.acts.tasks.spawn(running.instrument(span.clone()));
            let outcome = running.await.unwrap_or_else(|_| Err(StoreError::Interrupted.into()));
            span.record("failed", outcome.is_err());
            outcome
        }
    }

    /// Reads; every statement sees what is committed when it begins.
    ///
    /// # Errors
    /// What `look` says, or the store's.
    pub async fn read<T, E, L>(&self, look: L) -> Result<T, E>
    where
        E: ActError,
        L: AsyncFnOnce(&mut Tx) -> Result<T, E>,
    {
        let began = Instant::now();
        let seen = async { look(&mut self.db.reader().await?).await }.await;
        self.timings.read(began, &seen);
        seen
    }

    /// Reads; all statements see the same moment.
    ///
    /// # Errors
    /// What `look` says, or the store's.
    pub async fn snapshot<T, E, L>(&self, look: L) -> Result<T, E>
    where
        E: ActError,
        L: AsyncFnOnce(&mut Tx) -> Result<T, E>,
    {
        let began = Instant::now();
        let seen = async {
            let mut tx = self.db.begin_snapshot().await?;
            let seen = look(&mut tx).await;
            tx.roll_back().await;
            seen
        };
        let seen = seen.await;
        self.timings.read(began, &seen);
        seen
    }

    /// Asks the database for nothing but an answer.
    ///
    /// # Errors
    /// When none comes.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(async |tx| crate::db::ping(tx).await).await
    }

    /// How long reads and writes took so far, and how many failed.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// Waits until this process hears of a change after `seen`: at once of its own, and of others' as [`Hearing`] says.
    pub async fn wait_for_news(&self, seen: Option<FeedSeq>) {
        self.news.after(seen.map_or(0, FeedSeq::get)).await;
    }

    /// The newest change that this process has heard of.
    pub fn newest_news(&self) -> Option<FeedSeq> {
        self.news.newest()
    }

    pub(crate) const fn db(&self) -> &Db {
        &self.db
    }

    async fn repeat<I, T, E, A>(&self, input: &I, act: &A) -> Result<T, E>
    where
        T: 'static,
        E: ActError,
        A: for<'a> Fn(&'a I, &'a mut Tx) -> BoxFuture<'a, Result<T, E>>,
    {
        let (begun, mut tries) = (Instant::now(), 1);
        loop {
            let outcome = self.run(input, act).await;
            let may_try_again = tries < MOST_TRIES && begun.elapsed() < LONGEST_TRYING;
            match outcome {
                Err(error) if may_try_again && error.store_error().is_some_and(StoreError::is_passing) => {
                    tokio::time::sleep(self.pause(tries)).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn run<I, T, E, A>(&self, input: &I, act: &A) -> Result<T, E>
    where
        T: 'static,
        E: ActError,
        A: for<'a> Fn(&'a I, &'a mut Tx) -> BoxFuture<'a, Result<T, E>>,
    {
        let _turn = self.acts.turn().await?;
        let mut tx = self.db.begin().await?;
        match self.act_once(input, act, &mut tx).await {
            Ok(done) if self.rehearsing => {
                tx.roll_back().await;
                Ok(done)
            }
            Ok(done) => {
                self.finish(tx).await?;
                if let Some(claim) = &self.claim {
                    claim.mark_taken();
                }
                Ok(done)
            }
            Err(error) => {
                tx.roll_back().await;
                Err(error)
            }
        }
    }

    /// Acts, between the two ends of the claim if there is one.
    async fn act_once<I, T, E, A>(&self, input: &I, act: &A, tx: &mut Tx) -> Result<T, E>
    where
        T: 'static,
        E: ActError,
        A: for<'a> Fn(&'a I, &'a mut Tx) -> BoxFuture<'a, Result<T, E>>,
    {
        let Some(claim) = self.claim.as_deref().filter(|claim| claim.is_open()) else { return act(input, tx).await };
        claim.begin(tx).await?;
        let done = act(input, tx).await?;
        let answer = claim.answer(&done)?;
        claim.end(tx, answer).await?;
        Ok(done)
    }

    /// Writes what was announced into the feed, as the last statements, and commits.
    async fn finish(&self, mut tx: Tx) -> Result<(), StoreError> {
        match self.tell_feed(&mut tx).await {
            Ok(newest) => {
                tx.commit().await?;
                if let Some(seq) = newest {
                    self.news.tell(seq);
                }
                Ok(())
            }
            Err(error) => {
                tx.roll_back().await;
                Err(error)
            }
        }
    }

    /// The newest number, if anything was announced.
    async fn tell_feed(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        let newest = crate::feed::append(tx).await?;
        if let (Some(seq), Hearing::Notified) = (newest, self.hearing) {
            tx.notify(seq).await?;
        }
        Ok(newest)
    }

    /// How long to wait before the next try. Spread out, so that those who collided do not collide again; nothing else
    /// rests on the spread, so a counter that is stirred well does.
    fn pause(&self, tries: u32) -> Duration {
        let longest = FIRST_PAUSE.saturating_mul(1 << tries.min(16)).min(LONGEST_PAUSE);
        let stirred = self.acts.tries.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let share = u32::from(stirred.to_be_bytes()[0]) + 1;
        longest.saturating_mul(share) / 256
    }
}

//! The exits that are out or suspected, on their way to whoever probes them, and counts of what happened to exits.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use turnpike_domain::ids::ExitId;

use super::health::Flip;
use super::{DialError, ExitFault, HealthOf};

/// Shared by all threads of a gateway. It holds each exit at most once.
#[derive(Debug)]
pub(crate) struct Ward {
    began: Instant,
    waiting: Mutex<HashSet<ExitId>>,
    news: Notify,
    outs: AtomicU64,
    recoveries: AtomicU64,
    probes: AtomicU64,
    failed_probes: AtomicU64,
    faults: [AtomicU64; ExitFault::ALL.len()],
}

/// How exits are, and what happened to them since the gateway began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitCounts {
    /// Exits that were made and can be used, as far as is known.
    pub up: u64,
    /// Exits that were made and are out.
    pub out: u64,
    /// How often one went out.
    pub outs: u64,
    /// How often one came back.
    pub recoveries: u64,
    /// Probes that ended.
    pub probes: u64,
    /// Those of them that failed.
    pub failed_probes: u64,
    /// Connections that failed because of their exit, by what was wrong with it.
    pub faults: Vec<(&'static str, u64)>,
}

impl Default for Ward {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            waiting: Mutex::default(),
            news: Notify::new(),
            outs: AtomicU64::new(0),
            recoveries: AtomicU64::new(0),
            probes: AtomicU64::new(0),
            failed_probes: AtomicU64::new(0),
            faults: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Ward {
    /// The moment, as exits' healths are told it.
    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// When that moment is.
    pub(super) fn instant(&self, ms: u64) -> Instant {
        self.began + Duration::from_millis(ms)
    }

    /// A connection by an exit was made, or was not.
    pub(super) fn note(&self, (exit, health): HealthOf<'_>, error: Option<&DialError>) {
        let Some(error) = error else { return health.succeeded() };
        if let DialError::Exit { fault, .. } = error {
            self.count_fault(*fault);
        }
        if let Some(failure) = error.failure() {
            let flip = health.failed(failure, self.now_ms(), seed_of(exit));
            self.count_flip(exit, flip, Some(error));
        }
    }

    /// An upstream does not answer, which may be the target's fault.
    pub(super) fn suspect(&self, (exit, health): HealthOf<'_>) {
        if health.suspect(self.now_ms()) {
            self.admit(exit);
        }
    }

    /// A probe ended.
    pub(super) fn note_probe(&self, (exit, health): HealthOf<'_>, error: Option<&DialError>) {
        let failure = error.and_then(DialError::failure);
        self.probes.fetch_add(1, Ordering::Relaxed);
        if failure.is_some() {
            self.failed_probes.fetch_add(1, Ordering::Relaxed);
        }
        let flip = health.probed(failure.map_or(Ok(()), Err), self.now_ms(), seed_of(exit));
        self.count_flip(exit, flip, error);
    }

    fn count_flip(&self, exit: ExitId, flip: Flip, error: Option<&DialError>) {
        match flip {
            Flip::Out => {
                tracing::warn!(%exit, cause = error.map_or("", DialError::word), "an exit is out");
                self.outs.fetch_add(1, Ordering::Relaxed);
                self.admit(exit);
            }
            Flip::Back => {
                tracing::info!(%exit, "an exit is back");
                self.recoveries.fetch_add(1, Ordering::Relaxed);
            }
            Flip::None => {}
        }
    }

    fn count_fault(&self, fault: ExitFault) {
        let place = ExitFault::ALL.iter().position(|one| *one == fault);
        if let Some(count) = place.and_then(|place| self.faults.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn admit(&self, exit: ExitId) {
        self.waiting.lock().insert(exit);
        self.news.notify_one();
    }

    /// Waits until somebody is to be probed, and takes all of them.
    pub(super) async fn admitted(&self) -> HashSet<ExitId> {
        loop {
            let news = self.news.notified();
            let waiting = std::mem::take(&mut *self.waiting.lock());
            if !waiting.is_empty() {
                return waiting;
            }
            news.await;
        }
    }

    /// What happened so far; how exits are is not known here.
    pub(crate) fn counts(&self) -> ExitCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let faults = ExitFault::ALL.iter().zip(&self.faults).map(|(fault, count)| (fault.word(), read(count)));
        ExitCounts {
            up: 0,
            out: 0,
            outs: read(&self.outs),
            recoveries: read(&self.recoveries),
            probes: read(&self.probes),
            failed_probes: read(&self.failed_probes),
            faults: faults.collect(),
        }
    }
}

/// Exits that went out together are not probed in step.
fn seed_of(exit: ExitId) -> u64 {
    turnpike_domain::exit::stirred(exit.get().cast_unsigned())
}

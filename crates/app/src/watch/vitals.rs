//! What is known of the process at any moment without waiting for anything: counters that are read in place, and the
//! outcome of probes that run beside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use turnpike_gateway::Gateway;
use turnpike_store::Store;

use super::requests::Requests;

/// Between two probes.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// How long a probe of the store may take.
const PROBE_AT_MOST: Duration = Duration::from_secs(2);

/// How the process is.
pub(crate) struct Vitals {
    pub(super) gateway: Option<Arc<Gateway>>,
    pub(super) store: Option<Store>,
    pub(crate) requests: Arc<Requests>,
    draining: AtomicBool,
    probed: Mutex<Probed>,
}

/// What the last probes found.
#[derive(Clone, Debug)]
pub(super) struct Probed {
    /// When the runtime of API and jobs last did anything.
    pub(super) beat_at: Instant,
    /// Why the store did not answer, or when it last did.
    pub(super) store: Result<Instant, String>,
}

impl Vitals {
    /// Of what this process has.
    pub(crate) fn new(gateway: Option<Arc<Gateway>>, store: Option<Store>, requests: Arc<Requests>) -> Self {
        let now = Instant::now();
        let probed = Mutex::new(Probed { beat_at: now, store: Ok(now) });
        Self { gateway, store, requests, draining: AtomicBool::new(false), probed }
    }

    /// From now on the process is not ready for anything new.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub(super) fn probed(&self) -> Probed {
        self.probed.lock().clone()
    }

    /// Probes again and again until `stop`. Runs on the runtime that it says something about.
    pub(crate) async fn probe(self: Arc<Self>, stop: CancellationToken) {
        let mut turns = tokio::time::interval(PROBE_EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(turns.tick()).await.is_some() {
            self.probed.lock().beat_at = Instant::now();
            let store = self.probe_store().await;
            self.probed.lock().store = store;
        }
    }

    async fn probe_store(&self) -> Result<Instant, String> {
        let Some(store) = &self.store else { return Ok(Instant::now()) };
        match tokio::time::timeout(PROBE_AT_MOST, store.ping()).await {
            Ok(Ok(())) => Ok(Instant::now()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", PROBE_AT_MOST.as_secs())),
        }
    }
}

//! What is known of the process at any moment without waiting for anything: counters that are read in place, and the
//! outcome of probes that run beside.

use std::collections::BTreeMap;
use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use turnpike_gateway::Gateway;
use turnpike_service::Service;
use turnpike_store::Store;

use super::requests::Requests;
use crate::settings::Settings;
use crate::wiring::Backend;

/// Between two probes.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// How long a probe of the store may take.
const PROBE_AT_MOST: Duration = Duration::from_secs(2);

/// A gateway that has gone without saying so is told of for so long.
const LOST_FOR: Duration = Duration::from_hours(24);

/// How the process is.
pub(crate) struct Vitals {
    pub(super) gateway: Option<Arc<Gateway>>,
    pub(super) store: Option<Store>,
    service: Option<Service>,
    pub(crate) requests: Arc<Requests>,
    draining: AtomicBool,
    staleness_s: AtomicU64,
    exit: Mutex<Option<IpAddr>>,
    probed: Mutex<Probed>,
}

/// What the last probes found.
#[derive(Clone, Debug)]
pub(super) struct Probed {
    /// When the runtime of API and jobs last did anything.
    pub(super) beat_at: Instant,
    /// Why the store did not answer, or when it last did.
    pub(super) store: Result<Instant, String>,
    /// Gateways by state, as the store knows them.
    pub(super) nodes: BTreeMap<&'static str, u64>,
    /// Payments that wait for the operator to say what becomes of them.
    pub(super) parked_payments: u64,
    /// Whether connections can leave by the configured address.
    pub(super) exit_is_up: bool,
}

impl Vitals {
    /// Of what this process has.
    pub(crate) fn new(gateway: Option<Arc<Gateway>>, backend: Option<&Backend>, requests: Arc<Requests>) -> Self {
        let now = Instant::now();
        Self {
            gateway,
            store: backend.map(|backend| backend.store.clone()),
            service: backend.map(|backend| backend.service.clone()),
            requests,
            draining: AtomicBool::new(false),
            staleness_s: AtomicU64::new(0),
            exit: Mutex::new(None),
            probed: Mutex::new(Probed {
                beat_at: now,
                store: Ok(now),
                nodes: BTreeMap::new(),
                parked_payments: 0,
                exit_is_up: true,
            }),
        }
    }

    /// Judges by these settings from now on.
    pub(crate) fn follow(&self, settings: &Settings) {
        self.staleness_s.store(settings.gateway.staleness_s, Ordering::Relaxed);
        *self.exit.lock() = settings.gateway.exit.bind;
    }

    /// Without news from the store for so long, new connections are refused.
    pub(super) fn staleness(&self) -> Duration {
        Duration::from_secs(self.staleness_s.load(Ordering::Relaxed))
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
            let exit_is_up = (*self.exit.lock()).is_none_or(|exit| UdpSocket::bind((exit, 0)).is_ok());
            let store = self.probe_store().await;
            let nodes = self.probe_nodes().await;
            let parked_payments = self.probe_payments().await;
            let mut probed = self.probed.lock();
            probed.exit_is_up = exit_is_up;
            probed.store = store;
            if let Some(nodes) = nodes {
                probed.nodes = nodes;
            }
            if let Some(parked) = parked_payments {
                probed.parked_payments = parked;
            }
        }
    }

    /// `None` when the store does not say.
    async fn probe_nodes(&self) -> Option<BTreeMap<&'static str, u64>> {
        let service = self.service.as_ref()?;
        let known = tokio::time::timeout(PROBE_AT_MOST, service.list_nodes()).await.ok()?.ok()?;
        let (now, staleness) = (service.now(), self.staleness());
        let mut nodes = BTreeMap::from([("live", 0), ("lost", 0), ("drained", 0)]);
        for node in known {
            let silent = Duration::from_millis(u64::try_from(now.since(node.last_contact).ms()).unwrap_or(0));
            let state = match node.left_at.or(node.revoked_at) {
                Some(_) => "drained",
                None if silent <= staleness => "live",
                None if silent <= LOST_FOR => "lost",
                None => continue,
            };
            let count: &mut u64 = nodes.entry(state).or_default();
            *count = count.saturating_add(1);
        }
        Some(nodes)
    }

    /// `None` when the store does not say.
    async fn probe_payments(&self) -> Option<u64> {
        let service = self.service.as_ref()?;
        tokio::time::timeout(PROBE_AT_MOST, service.count_parked_events()).await.ok()?.ok()
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

//! A steady load whose every failure counts: tunnels that exchange messages without a pause, and new connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use tokio::task::JoinSet;
use turnpike_testkit::client::{Protocol, Proxy};
use turnpike_testkit::wire::Wire;

use super::serving::Serving;

/// The accounts it uses: of tunnels, of new connections.
pub(super) const ACCOUNTS: [&str; 2] = ["tunnels", "connections"];
/// Tunnels that are open all the time.
pub(super) const TUNNELS: u64 = 40;
/// New connections that are made at the same time, one after the other.
const CONNECTING: u64 = 4;
/// Between two messages, and between two new connections.
const REST: Duration = Duration::from_millis(20);
/// How long an answer may take.
const ANSWER_AT_MOST: Duration = Duration::from_secs(5);
/// What a new connection fetches.
const FETCHED: u64 = 2000;
const MESSAGE: &[u8] = b"are you there?";

/// The load, running.
pub(super) struct Steady {
    seen: Arc<Seen>,
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    round_trips: AtomicU64,
    connections: AtomicU64,
    bytes: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Steady {
    /// Opens the tunnels and starts.
    ///
    /// # Errors
    /// When a tunnel is refused.
    pub(super) async fn start(serving: &Serving) -> Result<Self> {
        let (seen, mut tasks) = (Arc::new(Seen::default()), JoinSet::new());
        let [tunnels, connections] = ACCOUNTS.map(|account| serving.proxy(account));
        let target = serving.origin.address();
        for turn in 0..TUNNELS {
            let wire = tunnels.tunnel(protocol(turn), target).await.context("a tunnel before the first reload")?;
            let seen = Arc::clone(&seen);
            tasks.spawn(async move { seen.talk(wire).await });
        }
        for turn in 0..CONNECTING {
            let (seen, proxy) = (Arc::clone(&seen), connections.clone());
            tasks.spawn(async move { seen.connect(&proxy, protocol(turn), target).await });
        }
        Ok(Self { seen, tasks: Mutex::new(tasks) })
    }

    /// Ends it; what failed.
    ///
    /// # Errors
    /// When a task has panicked.
    pub(super) async fn stop(&self) -> Result<Vec<String>> {
        self.seen.stop.store(true, Ordering::Relaxed);
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        while let Some(ended) = tasks.join_next().await {
            ended?;
        }
        Ok(self.seen.failures.lock().clone())
    }

    pub(super) fn round_trips(&self) -> u64 {
        self.seen.round_trips.load(Ordering::Relaxed)
    }

    pub(super) fn connections(&self) -> u64 {
        self.seen.connections.load(Ordering::Relaxed)
    }

    /// What all ends of all connections counted.
    pub(super) fn bytes(&self) -> u64 {
        self.seen.bytes.load(Ordering::Relaxed)
    }
}

impl Seen {
    async fn talk(&self, mut wire: Wire) {
        let talk = async {
            wire.send(b"ECHO\n").await?;
            while !self.stop.load(Ordering::Relaxed) {
                wire.send(MESSAGE).await?;
                while wire.pending().len() < MESSAGE.len() {
                    let read = tokio::time::timeout(ANSWER_AT_MOST, wire.fill()).await.context("no answer")??;
                    anyhow::ensure!(read > 0, "the tunnel ended");
                }
                anyhow::ensure!(wire.pending() == MESSAGE, "another answer");
                wire.consume(MESSAGE.len());
                self.round_trips.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(REST).await;
            }
            wire.finish_sending()?;
            wire.discard(u64::MAX).await.map_err(anyhow::Error::from)
        };
        let outcome = talk.await;
        self.note(&wire, "a tunnel", outcome.map(drop));
    }

    async fn connect(&self, proxy: &Proxy, protocol: Protocol, target: SocketAddr) {
        while !self.stop.load(Ordering::Relaxed) {
            self.connections.fetch_add(1, Ordering::Relaxed);
            match tokio::time::timeout(ANSWER_AT_MOST, proxy.tunnel(protocol, target)).await {
                Ok(Ok(mut wire)) => {
                    let fetch = async {
                        wire.send(format!("DOWN {FETCHED}\n").as_bytes()).await?;
                        let came = wire.discard(u64::MAX).await?;
                        anyhow::ensure!(came == FETCHED, "{came} bytes came");
                        Ok(())
                    };
                    let outcome = fetch.await;
                    self.note(&wire, "a new connection", outcome);
                }
                Ok(Err(error)) => self.failures.lock().push(format!("a new connection: {error}")),
                Err(_) => self.failures.lock().push("a new connection: no answer".to_owned()),
            }
            tokio::time::sleep(REST).await;
        }
    }

    fn note(&self, wire: &Wire, what: &str, outcome: Result<()>) {
        self.bytes.fetch_add(wire.sent().saturating_add(wire.received()), Ordering::Relaxed);
        if let Err(error) = outcome {
            self.failures.lock().push(format!("{what}: {error:#}"));
        }
    }
}

const fn protocol(turn: u64) -> Protocol {
    if turn.is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 }
}

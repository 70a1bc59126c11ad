//! Tunnels over all gateways that exchange small messages without a pause. Each that ends before its time is a failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use parking_lot::Mutex;
use tokio::task::JoinSet;
use turnpike_testkit::client::Protocol;
use turnpike_testkit::wire::Wire;

use super::super::machines::Machines;
use super::super::rig::PASSWORD;

pub(super) const TUNNELS: usize = 40;
/// Between two messages.
const REST: Duration = Duration::from_millis(50);
/// How long an answer may take: a tunnel whose lease is used up waits until PostgreSQL is back.
const ANSWER_AT_MOST: Duration = Duration::from_secs(45);
const MESSAGE: &[u8] = b"are you there?";

/// The load, running.
pub(super) struct Load {
    seen: Arc<Seen>,
    tunnels: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    round_trips: AtomicU64,
    slowest_ms: AtomicU64,
    bytes: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Load {
    /// Opens the tunnels and starts.
    ///
    /// # Errors
    /// When one is refused.
    pub(super) async fn start(machines: &Machines, account: &str) -> Result<Self> {
        let (seen, mut tunnels) = (Arc::new(Seen::default()), JoinSet::new());
        let proxies = machines.proxies(account, PASSWORD);
        for (proxy, target) in proxies.iter().cycle().take(TUNNELS) {
            let (seen, wire) = (Arc::clone(&seen), proxy.tunnel(Protocol::Connect, *target).await?);
            tunnels.spawn(async move { seen.talk(wire).await });
        }
        Ok(Self { seen, tunnels })
    }

    /// Why tunnels ended.
    pub(super) fn failures(&self) -> Vec<String> {
        self.seen.failures.lock().clone()
    }

    /// Messages that came back.
    pub(super) fn round_trips(&self) -> u64 {
        self.seen.round_trips.load(Ordering::Relaxed)
    }

    /// The longest that one took.
    pub(super) fn slowest(&self) -> Duration {
        Duration::from_millis(self.seen.slowest_ms.load(Ordering::Relaxed))
    }

    /// Ends it; bytes both ways.
    ///
    /// # Errors
    /// When a task has panicked.
    pub(super) async fn stop(mut self) -> Result<u64> {
        self.seen.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tunnels.join_next().await {
            ended?;
        }
        Ok(self.seen.bytes.load(Ordering::Relaxed))
    }
}

impl Seen {
    async fn talk(&self, mut wire: Wire) {
        let begin = Instant::now();
        let outcome = self.exchange(&mut wire).await;
        self.bytes.fetch_add(wire.sent().saturating_add(wire.received()), Ordering::Relaxed);
        if let Err(error) = outcome {
            self.failures.lock().push(format!("a tunnel ended after {} ms: {error:#}", begin.elapsed().as_millis()));
        }
    }

    async fn exchange(&self, wire: &mut Wire) -> Result<()> {
        wire.send(b"ECHO\n").await?;
        while !self.stop.load(Ordering::Relaxed) {
            let begin = Instant::now();
            wire.send(MESSAGE).await?;
            while wire.pending().len() < MESSAGE.len() {
                let read = tokio::time::timeout(ANSWER_AT_MOST, wire.fill()).await.context("no answer")??;
                ensure!(read > 0, "end of the stream");
            }
            ensure!(wire.pending() == MESSAGE, "another answer");
            wire.consume(MESSAGE.len());
            self.round_trips.fetch_add(1, Ordering::Relaxed);
            let took_ms = u64::try_from(begin.elapsed().as_millis())?;
            self.slowest_ms.fetch_max(took_ms, Ordering::Relaxed);
            tokio::time::sleep(REST).await;
        }
        wire.finish_sending()?;
        wire.discard(u64::MAX).await?;
        Ok(())
    }
}

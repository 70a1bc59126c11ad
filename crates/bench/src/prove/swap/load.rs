//! The load of a swap: short connections at a steady pace, and tunnels that each live for a time of their own and say
//! something every second.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until};
use turnpike_testkit::client::{Protocol, Proxy};
use turnpike_testkit::wire::Wire;

use super::super::dice::Dice;
use super::super::serving::Serving;

/// The account of short connections.
pub(super) const SHORT: &str = "short";
/// The account of tunnels.
pub(super) const LONG: &str = "long";
/// New connections a second.
pub(super) const CONNECTIONS_A_SECOND: u64 = 500;
/// Tunnels open at any time.
const TUNNELS: u64 = 1000;
/// How long a tunnel lives at most.
const LIFETIME_MS: u64 = 40_000;
/// Between two messages on a tunnel.
const SPEAK_EVERY: Duration = Duration::from_secs(1);
/// What a short connection fetches.
const FETCHED: u64 = 2000;
/// How long a connection may take until it is answered, and an answer to a message.
const ANSWER_AT_MOST: Duration = Duration::from_secs(10);
const MESSAGE: &[u8] = b"still there?";

/// What one side of an account came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// A tunnel that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tunnel {
    pub(super) opened: Instant,
    pub(super) ended: Instant,
    /// How long it was to live.
    pub(super) wanted: Duration,
    /// Whether it did, and every message came back.
    pub(super) whole: bool,
}

/// The load and what it saw.
pub(super) struct Load {
    short: Proxy,
    long: Proxy,
    target: SocketAddr,
    seed: u64,
    began: Instant,
    stop: AtomicBool,
    turns: AtomicU64,
    short_counts: Mutex<Counts>,
    long_counts: Mutex<Counts>,
    tunnels: Mutex<Vec<Tunnel>>,
    failures: Mutex<Vec<String>>,
    /// For how long short connections were made.
    ran: Mutex<Duration>,
}

/// The tasks of a load.
pub(super) struct Running(JoinSet<()>);

impl Running {
    /// Waits until everything that was begun has ended.
    ///
    /// # Errors
    /// When a task has panicked.
    pub(super) async fn ended(mut self) -> Result<()> {
        while let Some(ended) = self.0.join_next().await {
            ended?;
        }
        Ok(())
    }
}

impl Load {
    pub(super) fn new(serving: &Serving, seed: u64) -> Self {
        Self {
            short: serving.proxy(SHORT),
            long: serving.proxy(LONG),
            target: serving.origin.address(),
            seed,
            began: Instant::now(),
            stop: AtomicBool::new(false),
            turns: AtomicU64::new(0),
            short_counts: Mutex::default(),
            long_counts: Mutex::default(),
            tunnels: Mutex::default(),
            failures: Mutex::default(),
            ran: Mutex::default(),
        }
    }

    /// Starts all of it.
    pub(super) fn run(self: &Arc<Self>) -> Running {
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(self).connect_steadily());
        for _ in 0..TUNNELS {
            tasks.spawn(Arc::clone(self).keep_a_tunnel());
        }
        Running(tasks)
    }

    /// Begins nothing more; what was begun goes on to its end.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn short(&self) -> Counts {
        *self.short_counts.lock()
    }

    pub(super) fn long(&self) -> Counts {
        *self.long_counts.lock()
    }

    pub(super) fn tunnels(&self) -> Vec<Tunnel> {
        self.tunnels.lock().clone()
    }

    pub(super) fn failures(&self) -> Vec<String> {
        self.failures.lock().clone()
    }

    /// Short connections a second.
    pub(super) fn rate(&self) -> u64 {
        let (done, ran_ms) = (self.short().done, u64::try_from(self.ran.lock().as_millis()).unwrap_or(u64::MAX));
        done.saturating_mul(1000).checked_div(ran_ms).unwrap_or(0)
    }

    async fn connect_steadily(self: Arc<Self>) {
        let mut pace = interval(Duration::from_micros(1_000_000 / CONNECTIONS_A_SECOND));
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut open, began) = (JoinSet::new(), Instant::now());
        while !self.stop.load(Ordering::Relaxed) {
            pace.tick().await;
            open.spawn(Arc::clone(&self).fetch());
            while open.try_join_next().is_some() {}
        }
        *self.ran.lock() = began.elapsed();
        while open.join_next().await.is_some() {}
    }

    /// One short connection: opened, used, ended by both sides.
    async fn fetch(self: Arc<Self>) {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let protocol = if turn.is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 };
        let transfer = async {
            let mut wire = self.short.tunnel(protocol, self.target).await.map_err(|error| error.to_string())?;
            let whole = async {
                wire.send(format!("DOWN {FETCHED} {SHORT}\n").as_bytes()).await?;
                wire.discard(u64::MAX).await
            };
            let outcome = whole.await;
            let mut counts = self.short_counts.lock();
            counts.sent = counts.sent.saturating_add(wire.sent());
            counts.received = counts.received.saturating_add(wire.received());
            match outcome {
                Ok(FETCHED) => Ok(()),
                Ok(received) => Err(format!("{received} bytes came")),
                Err(error) => Err(error.to_string()),
            }
        };
        let outcome =
            tokio::time::timeout(ANSWER_AT_MOST, transfer).await.unwrap_or_else(|_| Err("too slow".to_owned()));
        let mut counts = self.short_counts.lock();
        counts.done = counts.done.saturating_add(1);
        if let Err(why) = outcome {
            counts.failed = counts.failed.saturating_add(1);
            self.failures.lock().push(format!("{} ms, {protocol:?}: {why}", self.began.elapsed().as_millis()));
        }
    }

    /// Opens a tunnel, lets it live, and opens another.
    async fn keep_a_tunnel(self: Arc<Self>) {
        while !self.stop.load(Ordering::Relaxed) {
            let turn = self.turns.fetch_add(1, Ordering::Relaxed);
            let wanted = Duration::from_millis(Dice::new(self.seed, turn).below(LIFETIME_MS));
            let protocol = if turn.is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 };
            let opened = Instant::now();
            match self.long.tunnel(protocol, self.target).await {
                Ok(wire) => self.live(wire, opened, wanted).await,
                Err(error) => {
                    self.short_counts.lock().failed += 1;
                    self.failures.lock().push(format!("a tunnel was refused: {error}"));
                    tokio::time::sleep(SPEAK_EVERY).await;
                }
            }
        }
    }

    async fn live(&self, mut wire: Wire, opened: Instant, wanted: Duration) {
        let whole = speak(&mut wire, opened + wanted).await.is_ok();
        if !whole {
            // What the kernel received before the cut was acknowledged, so it counts.
            drop(wire.discard(u64::MAX).await);
        }
        let mut counts = self.long_counts.lock();
        counts.done = counts.done.saturating_add(1);
        counts.sent = counts.sent.saturating_add(wire.sent());
        counts.received = counts.received.saturating_add(wire.received());
        self.tunnels.lock().push(Tunnel { opened, ended: Instant::now(), wanted, whole });
    }
}

/// Says something every second until `until`, and hears it again; then ends.
async fn speak(wire: &mut Wire, until: Instant) -> Result<()> {
    wire.send(format!("ECHO {LONG}\n").as_bytes()).await?;
    loop {
        wire.send(MESSAGE).await?;
        let heard = async {
            while wire.pending().len() < MESSAGE.len() {
                anyhow::ensure!(wire.fill().await? > 0, "the tunnel ended");
            }
            anyhow::ensure!(wire.pending() == MESSAGE, "another answer");
            Ok(())
        };
        tokio::time::timeout(ANSWER_AT_MOST, heard).await??;
        wire.consume(MESSAGE.len());
        let next = Instant::now() + SPEAK_EVERY;
        if next >= until {
            sleep_until(until.into()).await;
            wire.finish_sending()?;
            anyhow::ensure!(wire.discard(u64::MAX).await? == 0, "something came at the end");
            return Ok(());
        }
        sleep_until(next.into()).await;
    }
}

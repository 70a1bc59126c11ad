//! Tunnels of one account over all gateways that pull as much as they get, and come again as long as anything is left.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use turnpike_testkit::client::{Protocol, Proxy};
use turnpike_testkit::wire::Wire;

use super::super::machines::Machines;
use super::super::reset::NARROW_BYTES;
use super::super::rig::PASSWORD;

/// More than any package here.
const ENDLESS: u64 = 1 << 50;
/// Until a tunnel that was ended is asked for again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long a tunnel may take to open before another gateway is tried.
const OPEN_WITHIN: Duration = Duration::from_secs(20);
/// What a slow tunnel takes at once.
const PIECE: u64 = 32 * 1024;
/// How long a tunnel waits for bytes before it looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long tunnels still try to get more than there is.
const GREED: Duration = Duration::from_secs(3);

/// How fast each tunnel takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Pace {
    /// As fast as it gets.
    Full,
    /// A piece at a time with a rest after each, so that a disturbance of many seconds falls into it.
    Rest(Duration),
}

/// The tunnels.
pub(in super::super) struct Pull {
    shared: Arc<Shared>,
    tunnels: JoinSet<()>,
}

struct Shared {
    delivered: AtomicU64,
    /// What tunnels asked for that was not answered: it may have come no further than the gateway, or to the origin.
    unanswered: AtomicU64,
    stop: AtomicBool,
    pace: Pace,
    proxies: Vec<(Proxy, SocketAddr)>,
}

impl Pull {
    /// Opens all tunnels, then lets all pull at once.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub(in super::super) async fn start(
        machines: &Machines,
        account: &str,
        tunnels: usize,
        pace: Pace,
    ) -> Result<Self> {
        let proxies = machines.proxies(account, PASSWORD);
        let shared = Shared {
            delivered: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            pace,
            proxies,
        };
        let mut pull = Self { shared: Arc::new(shared), tunnels: JoinSet::new() };
        let mut wires = Vec::new();
        for turn in 0..tunnels {
            wires.push(pull.shared.open(turn).await?);
        }
        for (turn, wire) in wires.into_iter().enumerate() {
            pull.tunnels.spawn(pull.shared.clone().go_on(turn, wire));
        }
        Ok(pull)
    }

    /// Bytes both ways so far, as clients counted, that were delivered for certain.
    pub(in super::super) fn delivered(&self) -> u64 {
        self.shared.delivered.load(Ordering::Relaxed)
    }

    /// Waits until so much may be delivered, at most `patience`.
    pub(in super::super) async fn reach(&self, bytes: u64, patience: Duration) {
        let begin = Instant::now();
        let perhaps = || self.delivered().saturating_add(self.shared.unanswered.load(Ordering::Relaxed));
        while perhaps() < bytes && begin.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Lets them try for more a while longer, then ends them. Returns the bytes both ways.
    ///
    /// # Errors
    /// When a task has panicked.
    pub(in super::super) async fn stop(mut self) -> Result<u64> {
        tokio::time::sleep(GREED).await;
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(tunnel) = self.tunnels.join_next().await {
            tunnel?;
        }
        Ok(self.delivered())
    }
}

impl Shared {
    async fn open(&self, turn: usize) -> Result<Wire> {
        let (proxy, target) = self.proxies.iter().cycle().nth(turn).ok_or_else(|| anyhow::anyhow!("no gateway"))?;
        let protocol =
            if (turn / self.proxies.len().max(1)).is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 };
        let wire = match self.pace {
            Pace::Full => Wire::connect(proxy.address).await?,
            // What a client has not taken yet is delivered all the same.
            Pace::Rest(_) => Wire::connect_narrow(proxy.address, NARROW_BYTES).await?,
        };
        Ok(proxy.tunnel_on(wire, protocol, *target).await?)
    }

    async fn go_on(self: Arc<Self>, turn: usize, wire: Wire) {
        let (mut next, mut turn) = (Some(wire), turn);
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(wire) = next.take() {
                // How it ended does not matter here: what came is counted.
                drop(self.drain(wire).await);
            }
            tokio::time::sleep(AGAIN_AFTER).await;
            turn = turn.saturating_add(1);
            next = match tokio::time::timeout(OPEN_WITHIN, self.open(turn)).await {
                Ok(Ok(wire)) => Some(wire),
                Ok(Err(_)) | Err(_) => None,
            };
        }
    }

    async fn drain(&self, mut wire: Wire) -> std::io::Result<()> {
        wire.send(format!("DOWN {ENDLESS}\n").as_bytes()).await?;
        let mut asked = wire.sent();
        self.unanswered.fetch_add(asked, Ordering::Relaxed);
        while !self.stop.load(Ordering::Relaxed) {
            let before = wire.received();
            let taken = match self.pace {
                Pace::Full => tokio::time::timeout(LOOK_EVERY, wire.discard_some()).await,
                Pace::Rest(_) => tokio::time::timeout(LOOK_EVERY, wire.discard(PIECE)).await,
            };
            // Also of a read that was cut short.
            let came = wire.received().saturating_sub(before);
            let asked = if came > 0 { std::mem::take(&mut asked) } else { 0 };
            self.delivered.fetch_add(came.saturating_add(asked), Ordering::Relaxed);
            self.unanswered.fetch_sub(asked, Ordering::Relaxed);
            match (taken, self.pace) {
                (Ok(Ok(0)), _) => return Ok(()),
                (Ok(Err(error)), _) => return Err(error),
                (Ok(Ok(_)), Pace::Rest(rest)) => tokio::time::sleep(rest).await,
                (Ok(Ok(_)), Pace::Full) | (Err(_), _) => {}
            }
        }
        // What the kernel acknowledged is delivered, taken or not.
        self.delivered.fetch_add(wire.waiting()?, Ordering::Relaxed);
        Ok(())
    }
}

//! A plan's bandwidth over all gateways together: what clients get in ten seconds of full use.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;
use turnpike_testkit::client::{Protocol, Proxy};

use super::super::Verdict;
use super::super::machines::Machines;
use super::super::rig::PASSWORD;
use super::{Parts, add_customer};
use crate::figures::{decimal, grouped};
use crate::say;

const TUNNELS: usize = 32;
/// More than any plan carries here.
const ENDLESS: u64 = 1 << 50;
/// How long is measured.
const MEASURED: Duration = Duration::from_secs(10);
/// How long tunnels pull before that: a plan that was not used gives a burst.
const WARMED_UP: Duration = Duration::from_secs(2);
/// How far from the plan's bandwidth is allowed, in thousandths.
const TOLERANCE: u64 = 50;
/// How long a gateway serves before clients go to another, when they come and go.
const STAYS: Duration = Duration::from_millis(2500);
/// How long a tunnel waits for bytes before it looks whether it is to go on elsewhere.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Until a tunnel that failed is asked for again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Tunnels that pull what they get, each at the gateway of its turn, and go where they are told.
struct Pull {
    shared: Arc<Shared>,
    tunnels: JoinSet<()>,
}

struct Shared {
    proxies: Vec<(Proxy, SocketAddr)>,
    /// How many of the gateways are used, and from which on.
    used: AtomicUsize,
    first: AtomicUsize,
    received: Vec<AtomicU64>,
    ended: AtomicU64,
    stop: AtomicBool,
}

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(machines: &mut Machines, verdict: &mut Verdict) -> Result<()> {
    for (bandwidth, kbps, name) in [(1, 10_000, "slow"), (2, 100_000, "fast")] {
        add_customer(machines, name, Parts { bandwidth, concurrency: 2 }).await?;
        let pull = Pull::start(machines, name);
        for gateways in [1, machines.gateways.len()] {
            pull.shared.used.store(gateways, Ordering::Relaxed);
            steady(&pull, verdict, kbps, &format!("{gateways} gateways")).await;
        }
        pull.shared.used.store(1, Ordering::Relaxed);
        let moving = Arc::clone(&pull.shared);
        let mover = tokio::spawn(async move {
            while !moving.stop.load(Ordering::Relaxed) {
                tokio::time::sleep(STAYS).await;
                moving.first.fetch_add(1, Ordering::Relaxed);
            }
        });
        steady(&pull, verdict, kbps, "gateways that come and go").await;
        mover.abort();
        pull.shared.used.store(machines.gateways.len(), Ordering::Relaxed);
        killed(machines, &pull, verdict, kbps).await?;
        pull.stop().await?;
    }
    Ok(())
}

/// What is received in a while of full use is what the plan carries in it.
async fn steady(pull: &Pull, verdict: &mut Verdict, kbps: u64, what: &str) {
    tokio::time::sleep(WARMED_UP).await;
    let (begin, before) = (Instant::now(), pull.shared.counts());
    tokio::time::sleep(MEASURED).await;
    let (took, after) = (begin.elapsed(), pull.shared.counts());
    let each: Vec<u64> = after.iter().zip(&before).map(|(after, before)| after.saturating_sub(*before)).collect();
    let got: u64 = each.iter().sum();
    judge(verdict, kbps, (got, took), what);
    let (least, most) = (each.iter().min().copied().unwrap_or(0), each.iter().max().copied().unwrap_or(0));
    say(&format!("          of {TUNNELS} tunnels the slowest got {}, the fastest {}", grouped(least), grouped(most)));
}

fn judge(verdict: &mut Verdict, kbps: u64, (got, took): (u64, Duration), what: &str) {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let whole = kbps.saturating_mul(ms) / 8;
    let share = decimal(got.saturating_mul(100), whole.max(1), 2);
    let off = got.abs_diff(whole).saturating_mul(1000) <= whole.saturating_mul(TOLERANCE);
    verdict.check(off, &format!("{kbps} kbit/s, {what}: {} bytes in {ms} ms, {share} %", grouped(got)));
}

/// A gateway dies: the others carry the whole plan, and no tunnel of theirs ends.
async fn killed(machines: &mut Machines, pull: &Pull, verdict: &mut Verdict, kbps: u64) -> Result<()> {
    tokio::time::sleep(WARMED_UP).await;
    machines.gateways.first_mut().context("no gateway")?.process.kill()?;
    pull.shared.first.store(1, Ordering::Relaxed);
    pull.shared.used.store(machines.gateways.len().saturating_sub(1), Ordering::Relaxed);
    tokio::time::sleep(WARMED_UP).await;
    let ended = pull.shared.ended.load(Ordering::Relaxed);
    steady(pull, verdict, kbps, "one gateway was killed").await;
    let ended = pull.shared.ended.load(Ordering::Relaxed).saturating_sub(ended);
    verdict.check(ended == 0, &format!("{kbps} kbit/s: {ended} tunnels ended though they only had to wait"));
    machines.gateways.first_mut().context("no gateway")?.process.restart()?;
    Ok(())
}

impl Pull {
    fn start(machines: &Machines, account: &str) -> Self {
        let shared = Arc::new(Shared {
            proxies: machines.proxies(account, PASSWORD),
            used: AtomicUsize::new(1),
            first: AtomicUsize::new(0),
            received: (0..TUNNELS).map(|_| AtomicU64::new(0)).collect(),
            ended: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let mut tunnels = JoinSet::new();
        for turn in 0..TUNNELS {
            tunnels.spawn(Arc::clone(&shared).go_on(turn));
        }
        Self { shared, tunnels }
    }

    async fn stop(mut self) -> Result<()> {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(tunnel) = self.tunnels.join_next().await {
            tunnel?;
        }
        Ok(())
    }
}

impl Shared {
    fn counts(&self) -> Vec<u64> {
        self.received.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// At which gateway a tunnel is to be now.
    fn place(&self, turn: usize) -> usize {
        let (first, used) = (self.first.load(Ordering::Relaxed), self.used.load(Ordering::Relaxed).max(1));
        first.saturating_add(turn % used) % self.proxies.len().max(1)
    }

    async fn go_on(self: Arc<Self>, turn: usize) {
        while !self.stop.load(Ordering::Relaxed) {
            let place = self.place(turn);
            if self.pull(turn, place).await.is_err() {
                self.ended.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }

    /// Pulls at a gateway until it is not this tunnel's any more.
    async fn pull(&self, turn: usize, place: usize) -> Result<()> {
        let (proxy, target) = self.proxies.get(place).context("no gateway")?;
        let protocol = if turn.is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 };
        let mut wire = proxy.tunnel(protocol, *target).await?;
        wire.send(format!("DOWN {ENDLESS}\n").as_bytes()).await?;
        let received = self.received.get(turn).context("no count")?;
        while !self.stop.load(Ordering::Relaxed) && self.place(turn) == place {
            match tokio::time::timeout(LOOK_EVERY, wire.discard_some()).await {
                Ok(Ok(0)) => anyhow::bail!("the tunnel ended"),
                Ok(Ok(bytes)) => drop(received.fetch_add(bytes, Ordering::Relaxed)),
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
        Ok(())
    }
}

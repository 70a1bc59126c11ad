//! A plan's connections over all gateways together: never more than it has, and all of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;
use turnpike_testkit::client::{Protocol, Proxy, ProxyError};
use turnpike_testkit::wire::Wire;

use super::super::dice::Dice;
use super::super::machines::Machines;
use super::super::rig::PASSWORD;
use super::super::{Plan, Verdict};
use super::{Parts, add_customer};
use crate::say;

const SEATS: u64 = 20;
const CLIENTS: u64 = 200;
/// How long clients crowd in each part of the proof.
const CROWDED: Duration = Duration::from_secs(10);
/// The longest that a client keeps its connection.
const KEPT_MS: u64 = 600;
/// A service manager starts a gateway again that died.
const RESTARTED_AFTER: Duration = Duration::from_secs(3);
/// How soon the seats of one that does not come back must be had by others.
const HAD_WITHIN: Duration = Duration::from_mins(2);
/// How long clients of a gateway that died may take to notice.
const NOTICED_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Clients that want more than the plan has.
struct Crowd {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

struct Shared {
    proxies: Vec<(Proxy, SocketAddr)>,
    open: AtomicU64,
    /// The same at each gateway.
    open_at: Vec<AtomicU64>,
    /// The most that were open at once.
    most: AtomicU64,
    opened: AtomicU64,
    refused: AtomicU64,
    /// Refusals without `Retry-After`, or other answers than the one promised.
    odd: AtomicU64,
    stop: AtomicBool,
}

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, machines: &mut Machines, verdict: &mut Verdict) -> Result<()> {
    add_customer(machines, "crowd", Parts { bandwidth: 3, concurrency: 1 }).await?;
    let crowd = Crowd::start(machines, plan.seed);
    crowd.check(verdict, "four gateways", CROWDED).await;
    let (dead, _) = kill(machines, &crowd, verdict).await?;
    tokio::time::sleep(RESTARTED_AFTER).await;
    machines.gateways.get_mut(dead).context("no gateway")?.process.restart()?;
    crowd.shared.forget();
    crowd.check(verdict, "one was killed and is back", CROWDED).await;
    let (dead, begin) = kill(machines, &crowd, verdict).await?;
    while crowd.shared.most.load(Ordering::Relaxed) < SEATS && begin.elapsed() < HAD_WITHIN {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    say(&format!("          all were had by the other three {} ms after a gateway died", begin.elapsed().as_millis()));
    crowd.check(verdict, "one was killed for good", CROWDED).await;
    let odd = crowd.stop().await?;
    verdict.check(odd == 0, &format!("{odd} answers other than a tunnel or 429 with Retry-After"));
    machines.gateways.get_mut(dead).context("no gateway")?.process.restart()
}

/// Kills the gateway that most connections are open at: its number and when it died. Until it is known to be gone the others
/// have no more than it left them.
async fn kill(machines: &mut Machines, crowd: &Crowd, verdict: &mut Verdict) -> Result<(usize, Instant)> {
    let open: Vec<u64> = crowd.shared.open_at.iter().map(|count| count.load(Ordering::SeqCst)).collect();
    let (dead, had) = open.iter().copied().enumerate().max_by_key(|(_, had)| *had).context("no gateway")?;
    machines.gateways.get_mut(dead).context("no gateway")?.process.kill()?;
    let at = Instant::now();
    tokio::time::sleep(NOTICED_WITHIN).await;
    crowd.shared.forget();
    tokio::time::sleep(NOTICED_WITHIN).await;
    let most = crowd.shared.most.load(Ordering::SeqCst);
    let told = format!("a gateway died with {had} open; {most} of {SEATS} at once at the others right after");
    verdict.check(had > 0 && most < SEATS, &told);
    Ok((dead, at))
}

impl Crowd {
    fn start(machines: &Machines, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            proxies: machines.proxies("crowd", PASSWORD),
            open: AtomicU64::new(0),
            open_at: machines.gateways.iter().map(|_| AtomicU64::new(0)).collect(),
            most: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            odd: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let mut clients = JoinSet::new();
        for turn in 0..CLIENTS {
            clients.spawn(Arc::clone(&shared).crowd_in(turn, Dice::new(seed, turn)));
        }
        Self { shared, clients }
    }

    /// Looks for a while how many are open at once.
    async fn check(&self, verdict: &mut Verdict, what: &str, span: Duration) {
        tokio::time::sleep(span).await;
        let shared = &self.shared;
        let most = shared.most.load(Ordering::Relaxed);
        let (opened, refused) = (shared.opened.load(Ordering::Relaxed), shared.refused.load(Ordering::Relaxed));
        let told = format!("{what}: at most {most} of {SEATS} open at once; {opened} opened, {refused} refused so far");
        verdict.check(most == SEATS, &told);
    }

    async fn stop(mut self) -> Result<u64> {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(client) = self.clients.join_next().await {
            client?;
        }
        Ok(self.shared.odd.load(Ordering::Relaxed))
    }
}

impl Shared {
    /// What was the most so far does not count from here on.
    fn forget(&self) {
        self.most.store(0, Ordering::Relaxed);
    }

    async fn crowd_in(self: Arc<Self>, turn: u64, mut dice: Dice) {
        let count = u64::try_from(self.proxies.len()).unwrap_or(1);
        while !self.stop.load(Ordering::Relaxed) {
            let place = usize::try_from(turn.checked_rem(count).unwrap_or(0)).unwrap_or(0);
            let Some((proxy, target)) = self.proxies.get(place) else { return };
            match proxy.tunnel(Protocol::Connect, *target).await {
                Ok(wire) => self.stay(wire, place, Duration::from_millis(dice.below(KEPT_MS))).await,
                Err(ProxyError::Status { status: 429, text }) if text.to_lowercase().contains("retry-after: 1") => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
                // A gateway that was killed.
                Err(ProxyError::Io(_) | ProxyError::Garbled(_)) => {}
                Err(error) => {
                    say(&format!("          {error}"));
                    self.odd.fetch_add(1, Ordering::Relaxed);
                }
            }
            tokio::time::sleep(Duration::from_millis(dice.below(KEPT_MS))).await;
        }
    }

    /// Keeps a connection for a while, or until its gateway dies.
    async fn stay(&self, mut wire: Wire, place: usize, span: Duration) {
        let Some(here) = self.open_at.get(place) else { return };
        here.fetch_add(1, Ordering::SeqCst);
        let open = self.open.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        self.most.fetch_max(open, Ordering::SeqCst);
        self.opened.fetch_add(1, Ordering::Relaxed);
        // It ends sooner only with its gateway.
        drop(tokio::time::timeout(span, wire.fill()).await);
        self.open.fetch_sub(1, Ordering::SeqCst);
        here.fetch_sub(1, Ordering::SeqCst);
    }
}

//! Limits: a small package pulled by many tunnels at once, and an account limit that moves while it is pulled. All of
//! it is delivered, and never a byte more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use turnpike_testkit::client::{Protocol, Proxy, ProxyError};
use turnpike_testkit::wire::Wire;

use super::billing::wait_for;
use super::rig::Rig;
use super::{Plan, Verdict};
use crate::figures::{decimal, grouped};
use crate::say;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;
/// The small package.
const SMALL: u64 = 64 * MIB;
/// How many tunnels pull it.
const MANY: usize = 256;
/// How many tunnels pull the large one.
const FEW: usize = 8;
/// More than any limit here.
const ENDLESS: u64 = 1 << 50;
/// How long the tunnels may go on before they must have been ended.
const ENDED_WITHIN: Duration = Duration::from_mins(1);
/// The least share of a limit that must be delivered, in thousandths.
const LEAST_SHARE: u64 = 999;
/// How soon after the last byte everything must be billed.
const BILLED_WITHIN: Duration = Duration::from_secs(2);
/// HTTP's answer when there is no traffic left (contract 10).
const PAYMENT_REQUIRED: u16 = 402;

/// Proves both.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let rig = Rig::start(plan, 0)?;
    small_package(&rig, verdict).await?;
    moving_limit(&rig, verdict).await
}

async fn small_package(rig: &Rig, verdict: &mut Verdict) -> Result<()> {
    rig.add_customer("small@turnpike.example", SMALL / 1024, "small").await?;
    let begin = Instant::now();
    let pull = Pull::start(rig, "small", MANY).await?;
    let delivered = pull.ended(verdict).await?;
    say(&format!("{MANY} tunnels pulled a package of 64 MiB in {} ms", begin.elapsed().as_millis()));
    judge(verdict, "package of 64 MiB", delivered, SMALL);
    billed(rig, verdict, "small", delivered).await?;
    refused(&rig.proxy("small"), rig, verdict).await;
    Ok(())
}

async fn moving_limit(rig: &Rig, verdict: &mut Verdict) -> Result<()> {
    let api = rig.add_customer("moving@turnpike.example", 4 * GIB / 1024, "moving").await?;
    let limit = async |gigabytes: u64| {
        api.post("whitelist-account/change-limit", json!({ "account": "moving", "limit": gigabytes })).await
    };
    limit(3).await?;
    let pull = Pull::start(rig, "moving", FEW).await?;
    pull.reach(GIB).await?;
    let asked_at = pull.total();
    limit(2).await?;
    let answered_at = pull.total();
    say(&format!("limit lowered from 3 to 2 GB between byte {} and {}", grouped(asked_at), grouped(answered_at)));
    verdict
        .check(answered_at < 2 * GIB, "the limit was lowered before it was reached, so that this run shows something");
    let lowered = pull.ended(verdict).await?;
    judge(verdict, "limit lowered to 2 GB", lowered, 2 * GIB);
    refused(&rig.proxy("moving"), rig, verdict).await;
    limit(3).await?;
    rig.until_open(&rig.proxy("moving"), Protocol::Connect).await?;
    let again = Pull::start(rig, "moving", FEW).await?.ended(verdict).await?;
    let total = lowered.saturating_add(again);
    judge(verdict, "limit raised to 3 GB again", total, 3 * GIB);
    billed(rig, verdict, "moving", total).await
}

fn judge(verdict: &mut Verdict, what: &str, delivered: u64, limit: u64) {
    let share = decimal(delivered.saturating_mul(100), limit, 3);
    let enough = delivered >= limit.saturating_mul(LEAST_SHARE) / 1000;
    verdict.check(
        delivered <= limit && enough,
        &format!("{what}: {} of {} bytes delivered, {share} %", grouped(delivered), grouped(limit)),
    );
}

async fn billed(rig: &Rig, verdict: &mut Verdict, account: &str, delivered: u64) -> Result<()> {
    let (books, took) =
        wait_for(&rig.product, BILLED_WITHIN, |books| books.get(account).copied() == Some(delivered)).await?;
    let billed = books.get(account).copied().unwrap_or(0);
    let figures = format!("{account}: billed {}, delivered {}", grouped(billed), grouped(delivered));
    verdict.check(billed == delivered, &format!("{figures}, after {} ms", took.as_millis()));
    Ok(())
}

/// A new tunnel must be refused for want of traffic, over both protocols.
async fn refused(proxy: &Proxy, rig: &Rig, verdict: &mut Verdict) {
    let connect = proxy.tunnel(Protocol::Connect, rig.target()).await;
    let kept = matches!(connect, Err(ProxyError::Status { status: PAYMENT_REQUIRED, .. }));
    verdict.check(kept, &format!("a new CONNECT when all is used: {}", outcome(&connect)));
    let socks = proxy.tunnel(Protocol::Socks5, rig.target()).await;
    verdict.check(matches!(socks, Err(ProxyError::Socks(2))), &format!("the same over SOCKS5: {}", outcome(&socks)));
}

fn outcome(tunnel: &Result<Wire, ProxyError>) -> String {
    match tunnel {
        Ok(_) => "opened".to_owned(),
        Err(ProxyError::Status { status, .. }) => status.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Tunnels that pull as much as they get.
struct Pull {
    delivered: Arc<AtomicU64>,
    tunnels: tokio::task::JoinSet<std::io::Result<()>>,
}

impl Pull {
    /// Opens all tunnels, then lets all pull at once.
    async fn start(rig: &Rig, account: &str, tunnels: usize) -> Result<Self> {
        let proxy = rig.proxy(account);
        let mut wires = Vec::new();
        for turn in 0..tunnels {
            let protocol = if turn.is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 };
            wires.push(proxy.tunnel(protocol, rig.target()).await?);
        }
        let mut pull = Self { delivered: Arc::default(), tunnels: tokio::task::JoinSet::new() };
        for wire in wires {
            pull.tunnels.spawn(drain(wire, Arc::clone(&pull.delivered)));
        }
        Ok(pull)
    }

    /// Bytes both ways so far.
    fn total(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Waits until so much is delivered.
    async fn reach(&self, bytes: u64) -> Result<()> {
        let reached = async {
            while self.total() < bytes {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(ENDED_WITHIN, reached).await.context("the tunnels deliver too little")
    }

    /// Waits until every tunnel was ended; all must have been by FIN. Returns the bytes both ways.
    async fn ended(mut self, verdict: &mut Verdict) -> Result<u64> {
        let (mut fins, mut resets) = (0_u64, 0_u64);
        let all = async {
            while let Some(tunnel) = self.tunnels.join_next().await {
                match tunnel? {
                    Ok(()) => fins = fins.saturating_add(1),
                    Err(_) => resets = resets.saturating_add(1),
                }
            }
            Ok::<_, anyhow::Error>(())
        };
        let in_time = tokio::time::timeout(ENDED_WITHIN, all).await;
        verdict.check(
            in_time.is_ok() && resets == 0,
            &format!(
                "tunnels out of traffic: {fins} ended by FIN, {resets} by a reset, {} still open",
                self.tunnels.len()
            ),
        );
        in_time.unwrap_or(Ok(()))?;
        Ok(self.delivered.load(Ordering::Relaxed))
    }
}

async fn drain(wire: Wire, delivered: Arc<AtomicU64>) -> std::io::Result<()> {
    let mut wire = wire;
    wire.send(format!("DOWN {ENDLESS}\n").as_bytes()).await?;
    delivered.fetch_add(wire.sent(), Ordering::Relaxed);
    loop {
        match wire.discard_some().await? {
            0 => return Ok(()),
            bytes => delivered.fetch_add(bytes, Ordering::Relaxed),
        };
    }
}

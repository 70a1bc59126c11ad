//! Running out of descriptors: open tunnels go on as before, the product does not spin, and new tunnels work again as
//! soon as there is room.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use turnpike_testkit::client::Protocol;
use turnpike_testkit::wire::Wire;

use super::rig::Rig;
use super::{Plan, Verdict};
use crate::process;

/// What the product may open.
const DESCRIPTORS: &str = "--nofile=256:256";
/// Tunnels opened before; two descriptors each.
const LIVE: usize = 40;
/// Connections that use up the rest and more.
const CROWD: usize = 400;
/// How long the shortage lasts.
const SHORTAGE: Duration = Duration::from_secs(3);
/// The most a live tunnel's round trip may take meanwhile.
const ROUND_TRIP_AT_MOST: Duration = Duration::from_millis(250);
/// The most CPU time of the product in the shortage, in percent of one core.
const CPU_AT_MOST_PERCENT: u128 = 25;
/// How soon a new tunnel must work when there is room again.
const RECOVERY: Duration = Duration::from_secs(1);
const MESSAGE: &[u8] = b"are you there?";

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let rig = Rig::start_under(plan, 1, &["prlimit", DESCRIPTORS])?;
    let proxy = rig.product.proxy();
    let mut live = Vec::new();
    for turn in 0..LIVE {
        let protocol = if turn.is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 };
        let mut wire = proxy.tunnel(protocol, rig.target()).await.context("a tunnel before the shortage")?;
        wire.send(b"ECHO\n").await?;
        live.push(wire);
    }
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.push(Wire::connect(rig.product.ready().gateway).await?);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let new = tokio::time::timeout(ROUND_TRIP_AT_MOST, proxy.tunnel(Protocol::Connect, rig.target())).await;
    verdict.check(!matches!(new, Ok(Ok(_))), "there is a shortage: a new tunnel does not open");
    shortage(&rig, &mut live, verdict).await?;
    drop(crowd);
    let freed = Instant::now();
    let mut worked = None;
    while worked.is_none() && freed.elapsed() < RECOVERY.saturating_mul(10) {
        let attempt = tokio::time::timeout(RECOVERY, proxy.tunnel(Protocol::Connect, rig.target())).await;
        worked = matches!(attempt, Ok(Ok(_))).then(|| freed.elapsed());
    }
    let took = worked.map_or_else(|| "never".to_owned(), |took| format!("after {} ms", took.as_millis()));
    verdict.check(worked.is_some_and(|took| took <= RECOVERY), &format!("a new tunnel works again {took}"));
    for wire in &mut live {
        round_trip(wire).await.context("a live tunnel after the shortage")?;
    }
    Ok(())
}

async fn shortage(rig: &Rig, live: &mut [Wire], verdict: &mut Verdict) -> Result<()> {
    let (before, begin) = (process::usage(rig.product.pid())?.cpu, Instant::now());
    let (mut slowest, mut trips, mut lost) = (Duration::ZERO, 0_u64, 0_u64);
    while begin.elapsed() < SHORTAGE {
        for wire in live.iter_mut() {
            match tokio::time::timeout(SHORTAGE, round_trip(wire)).await {
                Ok(Ok(took)) => slowest = slowest.max(took),
                Ok(Err(_)) | Err(_) => lost = lost.saturating_add(1),
            }
            trips = trips.saturating_add(1);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let used = process::usage(rig.product.pid())?.cpu.saturating_sub(before);
    let percent = used.as_millis().saturating_mul(100).checked_div(begin.elapsed().as_millis()).unwrap_or(0);
    verdict.check(lost == 0, &format!("live tunnels in the shortage: {trips} round trips, {lost} lost"));
    verdict.check(slowest <= ROUND_TRIP_AT_MOST, &format!("the slowest round trip took {} µs", slowest.as_micros()));
    verdict.check(percent <= CPU_AT_MOST_PERCENT, &format!("the product used {percent} % of a core"));
    Ok(())
}

async fn round_trip(wire: &mut Wire) -> Result<Duration> {
    let begin = Instant::now();
    wire.send(MESSAGE).await?;
    while wire.pending().len() < MESSAGE.len() {
        anyhow::ensure!(wire.fill().await? > 0, "the tunnel ended");
    }
    anyhow::ensure!(wire.pending() == MESSAGE, "another answer");
    wire.consume(MESSAGE.len());
    Ok(begin.elapsed())
}

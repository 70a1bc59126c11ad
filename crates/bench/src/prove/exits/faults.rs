//! Exits that fail: a proxy that is killed in the middle of a transfer, and one that becomes a black hole.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use turnpike_testkit::client::{Login, Protocol, Proxy};

use super::hosts::{Host, origin};
use super::{ACCOUNT, gateways, kept_of, moved, of, seen};
use crate::figures::grouped;
use crate::prove::Verdict;
use crate::prove::machines::Machines;
use crate::prove::rig::PASSWORD;

/// What is pulled, and how much of it before the exit is killed.
const PULLED: u64 = 1 << 30;
const KILLED_AT: u64 = 64 << 20;
/// How soon a client must see that its exit is gone.
const SEEN_WITHIN: Duration = Duration::from_secs(1);
/// How long a connection may take while an exit of its place is a black hole.
const REACHED_WITHIN: Duration = Duration::from_secs(10);
/// How soon a failing exit must be out.
const OUT_WITHIN: Duration = Duration::from_secs(5);
/// How soon a mended exit must be back.
const BACK_WITHIN: Duration = Duration::from_secs(40);
/// Connections that are made while an exit is a black hole.
const CONNECTIONS: usize = 40;
/// The place of one exit alone, and that of several.
const LONE: &str = "_area-US_state-Oregon";
const SHARED: &str = "_area-DE";

/// The only exit of its place is killed in the middle of a transfer, and started again.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn killed(machines: &Machines, host: &mut Host, verdict: &mut Verdict) -> Result<()> {
    let both = gateways(machines);
    let gateway = of(&both, 0)?;
    let login = Login::new(format!("{ACCOUNT}{LONE}"), PASSWORD);
    let proxy = Proxy { address: gateway.address, login: Some(login) };
    let mut wire = proxy.tunnel(Protocol::Connect, origin()).await?;
    wire.restart_counts();
    wire.send(format!("DOWN {PULLED}\n").as_bytes()).await?;
    let mut taken = wire.discard(KILLED_AT).await?;
    host.kill()?;
    let begin = Instant::now();
    while let Ok(more @ 1..) = wire.discard(1 << 20).await {
        taken = taken.saturating_add(more);
    }
    let took = begin.elapsed();
    let figures = format!("killed at {} of {} bytes: {} came", grouped(KILLED_AT), grouped(PULLED), grouped(taken));
    verdict.check(taken < PULLED && took <= SEEN_WITHIN, &format!("{figures}, over after {} ms", took.as_millis()));
    let refused = seen(gateway, LONE, Protocol::Connect).await?;
    verdict.check(matches!(refused, Err(502..=504)), &format!("the next connection there: {refused:?}"));
    host.start().await?;
    let begin = Instant::now();
    while seen(gateway, LONE, Protocol::Connect).await?.is_err() && begin.elapsed() < BACK_WITHIN {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let back = begin.elapsed();
    verdict.check(back < BACK_WITHIN, &format!("back {} ms after it was started again", back.as_millis()));
    Ok(())
}

/// One of the exits of a place becomes a black hole: connections still come through, and its sessions move once.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn black_hole(machines: &Machines, host: &Host, verdict: &mut Verdict) -> Result<()> {
    let both = gateways(machines);
    let gateway = of(&both, 0)?;
    let before = kept_of(gateway, SHARED).await?;
    host.cut_off(true)?;
    let begin = Instant::now();
    let (mut slowest, mut failed) = (Duration::ZERO, 0_u32);
    for _ in 0..CONNECTIONS {
        let each = Instant::now();
        if seen(gateway, SHARED, Protocol::Connect).await?.is_err() {
            failed = failed.saturating_add(1);
        }
        slowest = slowest.max(each.elapsed());
    }
    let text = format!(
        "{CONNECTIONS} connections beside a black hole: {failed} failed, the slowest took {} ms",
        slowest.as_millis()
    );
    verdict.check(failed == 0 && slowest <= REACHED_WITHIN, &text);
    tokio::time::sleep(OUT_WITHIN.saturating_sub(begin.elapsed())).await;
    let after = kept_of(gateway, SHARED).await?;
    let own = IpAddr::from(host.address);
    let others = before.iter().filter(|(session, exit)| **exit != own && after.get(*session) != Some(exit)).count();
    let still = after.values().filter(|exit| **exit == own).count();
    verdict.check(
        others == 0 && still == 0,
        &format!("{still} sessions are still in the black hole, {others} others moved"),
    );
    host.cut_off(false)?;
    let begin = Instant::now();
    let mut back = false;
    while !back && begin.elapsed() < BACK_WITHIN {
        back = seen(gateway, SHARED, Protocol::Connect).await? == Ok(own);
    }
    verdict.check(back, &format!("used again {} ms after it was mended", begin.elapsed().as_millis()));
    let again = moved(&after, &kept_of(gateway, SHARED).await?);
    verdict.check(again == 0, &format!("{again} sessions moved when it came back"));
    Ok(())
}

/// The exit whose proxy is killed: the only one in its place.
///
/// # Errors
/// When there is none.
pub(super) fn lone(hosts: &mut [Host]) -> Result<&mut Host> {
    hosts.iter_mut().find(|host| host.place.starts_with("US/Oregon")).context("no such host")
}

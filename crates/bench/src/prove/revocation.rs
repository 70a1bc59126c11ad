//! Revocation: after the API's answer to disable, delete or a new password, how long new connections still succeed and
//! how long an open tunnel still carries bytes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use turnpike_testkit::client::{Login, Protocol, Proxy, ProxyError};
use turnpike_testkit::wire::Wire;

use super::rig::{PASSWORD, Rig};
use super::{Plan, Verdict};
use crate::figures::median;
use crate::say;

const TRIES: u64 = 200;
/// How often a probe asks for a tunnel, and an open tunnel is used.
const PROBE_EVERY: Duration = Duration::from_millis(2);
/// How long before the act something may have been in use for the last time: it may be over before the next probe.
const IN_USE_WITHIN: Duration = Duration::from_millis(100);
/// How long after the answer is looked; longer than anything promised.
const LOOK_FOR: Duration = Duration::from_millis(2500);
/// When this many probes in a row failed and the tunnel is gone, the try is over.
const FAILURES_IN_A_ROW: u32 = 20;
/// The most.
const AT_MOST: Duration = Duration::from_secs(1);
/// Half of all tries.
const MEDIAN_AT_MOST: Duration = Duration::from_millis(250);
const ACCOUNT: &str = "revoked";
const OTHER_PASSWORD: &str = "changed456";

/// What is done to the account.
#[derive(Clone, Copy, Debug)]
enum Act {
    Disable,
    Delete,
    ChangePassword,
}

/// Proves all three.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let rig = Rig::start(plan, 100)?;
    rig.add_accounts(&[ACCOUNT.to_owned()]).await?;
    let tries = plan.times.unwrap_or(TRIES);
    for act in [Act::Disable, Act::Delete, Act::ChangePassword] {
        let (mut connections, mut tunnels, mut not_reset) = (Vec::new(), Vec::new(), 0_u64);
        for number in 0..tries {
            let seen = one(&rig, act, number).await.with_context(|| format!("{act:?}, try {number}"))?;
            connections.push(seen.last_connection);
            tunnels.push(seen.last_byte);
            not_reset = not_reset.saturating_add(u64::from(!seen.reset));
        }
        judge(verdict, &format!("{act:?}: last new connection"), &connections);
        judge(verdict, &format!("{act:?}: last byte on an open tunnel"), &tunnels);
        verdict.check(not_reset == 0, &format!("{act:?}: open tunnels not ended by a reset: {not_reset} of {tries}"));
    }
    Ok(())
}

fn judge(verdict: &mut Verdict, what: &str, times: &[Duration]) {
    let nanoseconds: Vec<u64> = times.iter().map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)).collect();
    let half = Duration::from_nanos(median(&nanoseconds).unwrap_or(0));
    let most = times.iter().max().copied().unwrap_or_default();
    let figures = format!("{what}: p50 {} ms, most {} ms after the answer", half.as_millis(), most.as_millis());
    verdict.check(half <= MEDIAN_AT_MOST && most <= AT_MOST, &figures);
}

/// What one try showed.
struct Seen {
    last_connection: Duration,
    last_byte: Duration,
    reset: bool,
}

async fn one(rig: &Rig, act: Act, number: u64) -> Result<Seen> {
    let (current, next) = passwords(act, number);
    let proxy = rig.product.proxy_as(Login::new(ACCOUNT, current));
    let protocol = if number.is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 };
    rig.until_open(&proxy, protocol).await?;
    let mut tunnel = proxy.tunnel(protocol, rig.target()).await?;
    tunnel.send(b"ECHO\n").await?;
    round_trip(&mut tunnel).await?;
    // The user of the tunnel and the prober are at it while the act is done, not only after.
    let user = tokio::spawn(use_until_end(tunnel));
    let prober = tokio::spawn(probe_until_refused(proxy, protocol, rig.target()));
    let asked = Instant::now();
    revoke(rig, act, next).await?;
    let answered = Instant::now();
    let (last_byte, reset) = user.await??;
    let last_connection = prober.await??;
    let unused_for = asked.saturating_duration_since(last_byte.max(last_connection));
    anyhow::ensure!(unused_for <= IN_USE_WITHIN, "nothing was in use when the act was done");
    restore(rig, act).await?;
    Ok(Seen {
        last_connection: last_connection.saturating_duration_since(answered),
        last_byte: last_byte.saturating_duration_since(answered),
        reset,
    })
}

/// The password in force at a try, and the one it is changed to.
fn passwords(act: Act, number: u64) -> (&'static str, &'static str) {
    match act {
        Act::ChangePassword if number.is_multiple_of(2) => (PASSWORD, OTHER_PASSWORD),
        Act::ChangePassword => (OTHER_PASSWORD, PASSWORD),
        Act::Disable | Act::Delete => (PASSWORD, PASSWORD),
    }
}

async fn revoke(rig: &Rig, act: Act, next: &str) -> Result<()> {
    let api = rig.product.api()?;
    let accounts = json!({ "accounts": ACCOUNT });
    match act {
        Act::Disable => api.post("whitelist-account/disable", accounts).await,
        Act::Delete => api.post("whitelist-account/delete", accounts).await,
        Act::ChangePassword => {
            let change = json!({ "account": ACCOUNT, "password": next });
            api.post("whitelist-account/change-password", change).await
        }
    }
    .map(drop)
}

async fn restore(rig: &Rig, act: Act) -> Result<()> {
    match act {
        Act::Disable => {
            rig.product.api()?.post("whitelist-account/enable", json!({ "accounts": ACCOUNT })).await.map(drop)
        }
        Act::Delete => rig.add_accounts(&[ACCOUNT.to_owned()]).await,
        Act::ChangePassword => Ok(()),
    }
}

/// Sends and receives until the tunnel ends. Returns when the last byte came, and whether it ended by a reset.
async fn use_until_end(tunnel: Wire) -> Result<(Instant, bool)> {
    let (mut tunnel, begin, mut last) = (tunnel, Instant::now(), Instant::now());
    while begin.elapsed() < LOOK_FOR {
        match round_trip(&mut tunnel).await {
            Ok(()) => last = Instant::now(),
            Err(error) => return Ok((last, error.kind() != std::io::ErrorKind::UnexpectedEof)),
        }
        tokio::time::sleep(PROBE_EVERY).await;
    }
    Ok((last, false))
}

async fn round_trip(wire: &mut Wire) -> std::io::Result<()> {
    wire.send(b"x").await?;
    if wire.fill().await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    wire.consume(1);
    Ok(())
}

/// Opens tunnels until that fails for good. Returns when the last one was open.
async fn probe_until_refused(proxy: Proxy, protocol: Protocol, target: std::net::SocketAddr) -> Result<Instant> {
    let (begin, mut last, mut failures) = (Instant::now(), Instant::now(), 0_u32);
    while begin.elapsed() < LOOK_FOR && failures < FAILURES_IN_A_ROW {
        match proxy.tunnel(protocol, target).await {
            Ok(_) => (last, failures) = (Instant::now(), 0),
            Err(ProxyError::Garbled(what)) => say(&format!("          a probe saw {what}")),
            Err(_) => failures = failures.saturating_add(1),
        }
        tokio::time::sleep(PROBE_EVERY).await;
    }
    Ok(last)
}

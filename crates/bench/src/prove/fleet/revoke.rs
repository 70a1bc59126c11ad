//! Revocation over all gateways: how long after the API's answer any of them still lets the account in or carries its
//! bytes, and whether the receipt of an answer that waited is true.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use turnpike_testkit::client::{Protocol, Proxy};
use turnpike_testkit::wire::Wire;

use super::super::machines::Machines;
use super::super::rig::PASSWORD;
use super::super::{Plan, Verdict};
use super::GATEWAYS;
use crate::figures::median;
use crate::say;

const TRIES: u64 = 200;
/// Between two uses of an open tunnel, and between two new ones at a gateway.
const PROBE_EVERY: Duration = Duration::from_millis(4);
/// How long before the act something may have been in use for the last time: it may be over before the next probe.
const IN_USE_WITHIN: Duration = Duration::from_millis(100);
/// How long after the beginning is looked; longer than anything promised.
const LOOK_FOR: Duration = Duration::from_millis(2500);
/// When this many probes in a row failed, a gateway knows.
const FAILURES_IN_A_ROW: u32 = 15;
/// Nearly all tries: 999 of 1000.
const AT_MOST: Duration = Duration::from_secs(1);
/// Half of all tries.
const MEDIAN_AT_MOST: Duration = Duration::from_millis(250);
const ACCOUNT: &str = "revoked";
const OTHER_PASSWORD: &str = "changed456";

/// What is done to the account.
#[derive(Clone, Copy)]
enum Act {
    Disable,
    Delete,
    ChangePassword,
}

/// What one gateway still did last: when that began and when it was done.
#[derive(Clone, Copy)]
struct Last {
    begun: Instant,
    done: Instant,
}

impl Last {
    fn now(begun: Instant) -> Self {
        Self { begun, done: Instant::now() }
    }
}

/// Proves it, first with answers that do not wait, then with answers that do.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, machines: &Machines, verdict: &mut Verdict) -> Result<()> {
    let tries = plan.times.unwrap_or(TRIES);
    let key = machines.add_customer(ACCOUNT, 1024 * 1024).await?;
    let mut account = Account { machines, key, password: PASSWORD };
    let (mut connections, mut bytes) = (Vec::new(), Vec::new());
    for number in 0..tries {
        let seen = account.revoke(number, false).await.with_context(|| format!("try {number}"))?;
        connections.push(seen.connection.done.saturating_duration_since(seen.answered));
        bytes.push(seen.byte.done.saturating_duration_since(seen.answered));
    }
    judge(verdict, "last new connection on any gateway", &connections);
    judge(verdict, "last byte on an open tunnel of any gateway", &bytes);
    let (mut receipts, mut untrue, mut waits) = (0_u64, 0_u64, Vec::new());
    for number in 0..tries {
        let seen = account.revoke(number, true).await.with_context(|| format!("waiting try {number}"))?;
        let all = format!("{GATEWAYS}/{GATEWAYS}");
        receipts = receipts.saturating_add(u64::from(seen.receipt.as_deref() == Some(all.as_str())));
        let late = seen.connection.begun > seen.answered || seen.byte.begun > seen.answered;
        untrue = untrue.saturating_add(u64::from(late));
        waits.push(seen.answered.saturating_duration_since(seen.asked));
    }
    let (half, nearly_all) = spread(&waits);
    say(&format!(
        "          an answer that waits takes {} ms, {} ms at p99.9",
        half.as_millis(),
        nearly_all.as_millis()
    ));
    let figures = format!("revocation: {receipts} of {tries} receipts say {GATEWAYS}/{GATEWAYS}, {untrue} are untrue");
    verdict.check(receipts == tries && untrue == 0, &figures);
    Ok(())
}

fn judge(verdict: &mut Verdict, what: &str, times: &[Duration]) {
    let (half, nearly_all) = spread(times);
    let figures = format!("{what}: p50 {} ms, p99.9 {} ms after the answer", half.as_millis(), nearly_all.as_millis());
    verdict.check(half <= MEDIAN_AT_MOST && nearly_all <= AT_MOST, &figures);
}

/// The median, and what one in a thousand exceeds; of fewer than a thousand, the greatest.
fn spread(times: &[Duration]) -> (Duration, Duration) {
    let mut sorted: Vec<u64> = times.iter().map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).collect();
    sorted.sort_unstable();
    let place = sorted.len().saturating_sub(1).saturating_sub(sorted.len() / 1000);
    let nearly_all = sorted.get(place).copied().unwrap_or(0);
    (Duration::from_millis(median(&sorted).unwrap_or(0)), Duration::from_millis(nearly_all))
}

/// What one try showed, over all gateways.
struct Seen {
    asked: Instant,
    answered: Instant,
    receipt: Option<String>,
    connection: Last,
    byte: Last,
}

/// The account that is revoked and given back.
struct Account<'a> {
    machines: &'a Machines,
    key: String,
    password: &'static str,
}

impl Account<'_> {
    async fn revoke(&mut self, number: u64, wait: bool) -> Result<Seen> {
        let act = match number % 3 {
            0 => Act::Disable,
            1 => Act::Delete,
            _ => Act::ChangePassword,
        };
        self.machines.until_open(ACCOUNT, self.password).await?;
        let (mut users, mut probers) = (JoinSet::new(), JoinSet::new());
        for (proxy, target) in self.machines.proxies(ACCOUNT, self.password) {
            let mut tunnel = proxy.tunnel(Protocol::Connect, target).await?;
            tunnel.send(b"ECHO\n").await?;
            round_trip(&mut tunnel).await?;
            users.spawn(use_until_end(tunnel));
            probers.spawn(probe_until_refused(proxy, target, number));
        }
        let asked = Instant::now();
        let answer = self.act(act, wait, usize::try_from(number)?).await?;
        let answered = Instant::now();
        let (byte, connection) = (last(users).await?, last(probers).await?);
        let unused_for = asked.saturating_duration_since(byte.done.min(connection.done));
        ensure!(unused_for <= IN_USE_WITHIN, "nothing was in use when the act was done");
        self.give_back(act).await?;
        let receipt = answer.get("effective").and_then(Value::as_str).map(str::to_owned);
        Ok(Seen { asked, answered, receipt, connection, byte })
    }

    /// Does it at one API process or the other.
    async fn act(&mut self, act: Act, wait: bool, number: usize) -> Result<Value> {
        let api = self.machines.api(&self.key, number / 3);
        let (path, mut body) = match act {
            Act::Disable => ("whitelist-account/disable", json!({ "accounts": ACCOUNT })),
            Act::Delete => ("whitelist-account/delete", json!({ "accounts": ACCOUNT })),
            Act::ChangePassword => {
                self.password = if self.password == PASSWORD { OTHER_PASSWORD } else { PASSWORD };
                ("whitelist-account/change-password", json!({ "account": ACCOUNT, "password": self.password }))
            }
        };
        if let Some(fields) = body.as_object_mut().filter(|_| wait) {
            fields.insert("wait".to_owned(), json!("applied"));
        }
        api.post(path, body).await
    }

    async fn give_back(&mut self, act: Act) -> Result<()> {
        let api = self.machines.api(&self.key, 0);
        match act {
            Act::Disable => api.post("whitelist-account/enable", json!({ "accounts": ACCOUNT })).await.map(drop),
            Act::Delete => api.add_accounts(&format!("{ACCOUNT}:{}", self.password)).await,
            Act::ChangePassword => Ok(()),
        }
    }
}

/// The last of what all gateways did.
async fn last(mut gateways: JoinSet<Last>) -> Result<Last> {
    let mut last: Option<Last> = None;
    while let Some(one) = gateways.join_next().await {
        let one = one?;
        last = Some(last.map_or(one, |last| Last { begun: last.begun.max(one.begun), done: last.done.max(one.done) }));
    }
    last.context("no gateway")
}

/// Sends and receives until the tunnel ends.
async fn use_until_end(mut tunnel: Wire) -> Last {
    let (start, mut last) = (Instant::now(), Last::now(Instant::now()));
    while start.elapsed() < LOOK_FOR {
        let begun = Instant::now();
        match round_trip(&mut tunnel).await {
            Ok(()) => last = Last::now(begun),
            Err(_) => break,
        }
        tokio::time::sleep(PROBE_EVERY).await;
    }
    last
}

async fn round_trip(wire: &mut Wire) -> std::io::Result<()> {
    wire.send(b"x").await?;
    if wire.fill().await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    wire.consume(1);
    Ok(())
}

/// Opens tunnels until that fails for good.
async fn probe_until_refused(proxy: Proxy, target: std::net::SocketAddr, number: u64) -> Last {
    let protocol = if (number / 3).is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 };
    let (start, mut last, mut failures) = (Instant::now(), Last::now(Instant::now()), 0_u32);
    while start.elapsed() < LOOK_FOR && failures < FAILURES_IN_A_ROW {
        let begun = Instant::now();
        match proxy.tunnel(protocol, target).await {
            Ok(_) => (last, failures) = (Last::now(begun), 0),
            Err(_) => failures = failures.saturating_add(1),
        }
        tokio::time::sleep(PROBE_EVERY).await;
    }
    last
}

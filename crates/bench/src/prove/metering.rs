//! Metering: thousands of mixed transfers, counted by the client, by the origin and by the product. Where both sides
//! ended cleanly all three agree to the byte; where one was reset, no more is billed than the client sent and its kernel
//! acknowledged.

mod http;
mod tunnel;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use turnpike_testkit::client::Proxy;

use super::billing::{billed, wait_for};
use super::dice::Dice;
use super::rig::Rig;
use super::{Plan, Verdict};
use crate::say;

const TRANSFERS: u64 = 10_000;
/// The largest transfer.
const LARGEST: u64 = 64 * 1024 * 1024;
/// How many run at once.
const AT_ONCE: u64 = 24;
/// How long one may take.
const ONE_AT_MOST: Duration = Duration::from_mins(2);
/// One that takes longer is listed.
const SLOW: Duration = Duration::from_secs(5);
/// After how many there is a line of progress.
const PROGRESS_EVERY: u64 = 1000;
/// How soon after the last transfer everything must be billed.
const BILLED_WITHIN: Duration = Duration::from_secs(2);
/// The package: more than all transfers together.
const PACKAGE_GB: u32 = 10_000;
/// How many accounts of each group share the transfers.
const ACCOUNTS_A_GROUP: u64 = 3;

/// Transfers of a group are judged by the same rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// Tunnels that ended cleanly.
    Tunnel,
    /// HTTP exchanges that ended cleanly.
    Http,
    /// Tunnels and exchanges that one side reset.
    Reset,
}

impl Group {
    const ALL: [Self; 3] = [Self::Tunnel, Self::Http, Self::Reset];

    /// The name of one of its accounts.
    fn account(self, index: u64) -> String {
        let word = match self {
            Self::Tunnel => "tunnel",
            Self::Http => "http",
            Self::Reset => "reset",
        };
        format!("{word}{index}")
    }
}

/// What the client's side of an account came to.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    transfers: u64,
    sent: u64,
    /// Taken from the kernel, or still in it when the connection was reset.
    received: u64,
}

/// What one transfer is given.
struct Transfer {
    proxy: Proxy,
    origin: SocketAddr,
    /// The account's name; the origin counts under it too.
    token: String,
    dice: Dice,
}

#[derive(Default)]
struct Tallies {
    accounts: Mutex<BTreeMap<String, Counts>>,
    failures: Mutex<Vec<String>>,
    slow: Mutex<Vec<String>>,
    done: AtomicU64,
}

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let transfers = plan.times.unwrap_or(TRANSFERS);
    let rig = Arc::new(Rig::start(plan, PACKAGE_GB)?);
    let accounts: Vec<String> =
        Group::ALL.iter().flat_map(|group| (0..ACCOUNTS_A_GROUP).map(|index| group.account(index))).collect();
    rig.add_accounts(&accounts).await?;
    let tallies = Arc::new(Tallies::default());
    let begin = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..AT_ONCE {
        let (rig, tallies, seed) = (Arc::clone(&rig), Arc::clone(&tallies), plan.seed);
        workers.spawn(async move {
            let mut number = worker;
            while number < transfers {
                one(&rig, &tallies, Dice::new(seed, number), number).await;
                number = number.saturating_add(AT_ONCE);
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended?;
    }
    say(&format!("{transfers} transfers in {} s", begin.elapsed().as_secs()));
    tallies.slow.lock().iter().take(20).for_each(|slow| say(&format!("          slow: {slow}")));
    judge(&rig, &tallies, verdict).await
}

async fn one(rig: &Rig, tallies: &Tallies, dice: Dice, number: u64) {
    let mut dice = dice;
    let group = match dice.below(10) {
        0..5 => Group::Tunnel,
        5..8 => Group::Http,
        _ => Group::Reset,
    };
    let token = group.account(dice.below(ACCOUNTS_A_GROUP));
    let transfer = Transfer { proxy: rig.proxy(&token), origin: rig.target(), token: token.clone(), dice };
    let (what, run): (_, futures::Outcome<'_>) = match group {
        Group::Tunnel => tunnel::clean(transfer),
        Group::Http => http::clean(transfer),
        Group::Reset if number.is_multiple_of(3) => http::reset(transfer),
        Group::Reset => tunnel::reset(transfer),
    };
    let begin = Instant::now();
    let outcome = tokio::time::timeout(ONE_AT_MOST, run).await;
    if begin.elapsed() > SLOW {
        tallies.slow.lock().push(format!("{number} {what}: {} ms", begin.elapsed().as_millis()));
    }
    match outcome {
        Ok(Ok(counts)) => {
            let mut accounts = tallies.accounts.lock();
            let sums = accounts.entry(token).or_default();
            sums.transfers = sums.transfers.saturating_add(1);
            sums.sent = sums.sent.saturating_add(counts.sent);
            sums.received = sums.received.saturating_add(counts.received);
        }
        Ok(Err(error)) => tallies.failures.lock().push(format!("{number} {what}: {error:#}")),
        Err(_) => tallies.failures.lock().push(format!("{number} {what}: not done within {ONE_AT_MOST:?}")),
    }
    let done = tallies.done.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    if done.is_multiple_of(PROGRESS_EVERY) {
        say(&format!("{done} transfers"));
    }
}

async fn judge(rig: &Rig, tallies: &Tallies, verdict: &mut Verdict) -> Result<()> {
    let settled = rig.origin.settled(Duration::from_secs(90)).await;
    verdict.check(settled, &format!("connections left open at the origin: {}", rig.origin.ledger().open()));
    let failures = tallies.failures.lock().clone();
    verdict.check(failures.is_empty(), &format!("transfers that failed: {}", failures.len()));
    failures.iter().take(10).for_each(|failure| say(&format!("          {failure}")));
    let accounts = tallies.accounts.lock().clone();
    let mut exact = BTreeMap::new();
    for (name, client) in &accounts {
        let origin = rig.origin.ledger().tally(name);
        let (up, down) = (origin.received, origin.sent);
        if name.starts_with("tunnel") {
            let both = client.sent == up && client.received == down;
            verdict.check(
                both,
                &format!("{name}: client {} up {} down, origin {up} up {down} down", client.sent, client.received),
            );
            exact.insert(name.clone(), client.sent.saturating_add(client.received));
        } else if name.starts_with("http") {
            // The request is billed as it reached the origin, the answer as it reached the client.
            exact.insert(name.clone(), up.saturating_add(client.received));
        }
    }
    let equal = |books: &BTreeMap<String, u64>| exact.iter().all(|(name, bytes)| books.get(name) == Some(bytes));
    let (_, took) = wait_for(&rig.product, BILLED_WITHIN, equal).await?;
    verdict.check(took <= BILLED_WITHIN, &format!("everything billed {} ms after the last transfer", took.as_millis()));
    // Late reports would show as too much.
    tokio::time::sleep(BILLED_WITHIN).await;
    let books = billed(&rig.product)?;
    for (name, expected) in &exact {
        let billed = books.get(name).copied().unwrap_or(0);
        let transfers = accounts.get(name).map_or(0, |counts| counts.transfers);
        verdict
            .check(billed == *expected, &format!("{name}: {transfers} transfers, billed {billed}, counted {expected}"));
    }
    for (name, client) in accounts.iter().filter(|(name, _)| name.starts_with("reset")) {
        let (billed, most) = (books.get(name).copied().unwrap_or(0), client.sent.saturating_add(client.received));
        let figures = format!(
            "{name}: {} transfers cut short, billed {billed}, sent and acknowledged {most}, unbilled {}",
            client.transfers,
            most.saturating_sub(billed)
        );
        verdict.check(billed <= most, &figures);
    }
    api_agrees(rig, &exact, verdict).await
}

/// The API reports whole kilobytes a day, rounded down.
async fn api_agrees(rig: &Rig, exact: &BTreeMap<String, u64>, verdict: &mut Verdict) -> Result<()> {
    for (name, bytes) in exact {
        let data = rig.product.api()?.get("user-usage-flow/total", &format!("username={name}")).await?;
        let days = data.get("list").and_then(|list| list.as_array()).context("no list of days")?;
        let sum: u64 = days.iter().filter_map(|day| day.get("flow")?.as_u64()).sum();
        let used: u64 = u64::try_from(days.iter().filter(|day| day.get("flow").is_some_and(|flow| flow != 0)).count())?;
        // A run over midnight is rounded down twice.
        let kept = sum <= bytes / 1024 && sum.saturating_add(used) > bytes / 1024;
        verdict.check(kept, &format!("{name}: the API says {sum} KB, counted {} KB", bytes / 1024));
    }
    Ok(())
}

/// The type of a transfer on its way.
mod futures {
    use std::pin::Pin;

    use anyhow::Result;

    use super::Counts;

    pub(super) type Outcome<'a> = Pin<Box<dyn Future<Output = Result<Counts>> + Send + 'a>>;
}

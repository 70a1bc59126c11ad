//! Swap: a successor takes over under new connections and open tunnels. Nobody is refused, no tunnel that would have
//! ended within the grace is cut, and every byte is booked.

mod load;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use self::load::{Counts, LONG, Load, SHORT, Tunnel};
use super::serving::Serving;
use super::{Plan, Verdict};
use crate::figures::grouped;
use crate::say;

/// How often the binary is swapped.
const SWAPS: u64 = 1;
/// How long the old process lets tunnels go on.
const GRACE: Duration = Duration::from_secs(30);
/// What is added to that for settling leases and ending.
const ENDING_AT_MOST: Duration = Duration::from_secs(10);
/// How long the load runs before the swap, and after it.
const BEFORE: Duration = Duration::from_secs(8);
const AFTER: Duration = Duration::from_secs(5);
/// How soon after the last transfer everything must be billed.
const BILLED_WITHIN: Duration = Duration::from_secs(5);
/// A tunnel that is cut so little before the end of the grace counts as cut at it: clocks are read at different places.
const SLACK: Duration = Duration::from_millis(500);

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let swaps = plan.times.unwrap_or(SWAPS);
    let grace = format!("drain_s = {}\n", GRACE.as_secs());
    let mut serving = Serving::start(plan, &grace, 10_000, &[SHORT, LONG]).await?;
    let load = Arc::new(Load::new(&serving, plan.seed));
    let running = load.run();
    tokio::time::sleep(BEFORE).await;
    let mut drains = Vec::new();
    for swap in 1..=swaps {
        let asked = Instant::now();
        let old = tokio::task::block_in_place(|| serving.succeed())?;
        let served = asked.elapsed();
        let drain_began = Instant::now();
        let (status, took) = old.ended(GRACE.saturating_add(ENDING_AT_MOST)).await?;
        drains.push(drain_began);
        verdict.check(
            status.success(),
            &format!(
                "swap {swap}: the successor served after {} ms, the old process ended {} ms later with {status}",
                served.as_millis(),
                took.as_millis()
            ),
        );
        tokio::time::sleep(AFTER).await;
    }
    load.stop();
    running.ended().await?;
    anyhow::ensure!(serving.origin.settled(ENDING_AT_MOST).await, "a connection at the origin did not end");
    connections(&load, verdict);
    tunnels(&load.tunnels(), &drains, verdict);
    books(&serving, &load, verdict).await
}

/// New connections: none may fail.
fn connections(load: &Load, verdict: &mut Verdict) {
    let (Counts { done, failed, .. }, rate) = (load.short(), load.rate());
    for failure in load.failures().iter().take(10) {
        say(&format!("          {failure}"));
    }
    verdict.check(failed == 0, &format!("{} new connections, {rate} a second, {failed} failed", grouped(done)));
    let wanted = load::CONNECTIONS_A_SECOND.saturating_mul(95) / 100;
    verdict.check(rate >= wanted, &format!("the load was kept up: {rate} of {} a second", load::CONNECTIONS_A_SECOND));
}

/// Open tunnels: none may end before its time, unless a drain's grace had passed.
fn tunnels(tunnels: &[Tunnel], drains: &[Instant], verdict: &mut Verdict) {
    let cut: Vec<&Tunnel> = tunnels.iter().filter(|tunnel| !tunnel.whole).collect();
    let allowed = |tunnel: &Tunnel| {
        drains.iter().any(|began| {
            let end = *began + GRACE;
            tunnel.opened < *began + SLACK && tunnel.ended + SLACK >= end
        })
    };
    let early = cut.iter().filter(|tunnel| !allowed(tunnel)).count();
    for tunnel in cut.iter().filter(|tunnel| !allowed(tunnel)).take(10) {
        say(&format!(
            "          a tunnel for {} ms was cut after {} ms",
            tunnel.wanted.as_millis(),
            tunnel.ended.duration_since(tunnel.opened).as_millis()
        ));
    }
    verdict.check(
        early == 0,
        &format!(
            "{} tunnels, {} cut at the end of a grace, {early} before",
            grouped(count(tunnels)),
            cut.len() - early
        ),
    );
}

/// Every byte of what ended cleanly is booked to the byte; of what was cut, no more than was sent and received and no
/// less than reached both ends.
async fn books(serving: &Serving, load: &Load, verdict: &mut Verdict) -> Result<()> {
    let (short, long) = (load.short(), load.long());
    let ledger = serving.origin.ledger();
    let least = long.received.saturating_add(ledger.tally(LONG).received);
    let most = long.received.saturating_add(long.sent);
    let exact = short.received.saturating_add(short.sent);
    let of = |books: &std::collections::BTreeMap<String, u64>, name: &str| books.get(name).copied().unwrap_or(0);
    let (books, took) =
        serving.wait_for_books(BILLED_WITHIN, |books| of(books, SHORT) >= exact && of(books, LONG) >= least).await?;
    let (billed_short, billed_long) = (of(&books, SHORT), of(&books, LONG));
    verdict.check(
        billed_short == exact,
        &format!(
            "short connections: {} bytes counted, {} billed, after {} ms",
            grouped(exact),
            grouped(billed_short),
            took.as_millis()
        ),
    );
    verdict.check(
        (least..=most).contains(&billed_long),
        &format!(
            "tunnels: {} billed; {} reached both ends, {} were sent and received",
            grouped(billed_long),
            grouped(least),
            grouped(most)
        ),
    );
    Ok(())
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

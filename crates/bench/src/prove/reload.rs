//! Reload: good and broken configurations in turn, under load. Each good one is applied, each broken one refused with
//! the line that is wrong, and no tunnel and no new connection notices any of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::dice::Dice;
use super::serving::Serving;
use super::steady::{ACCOUNTS, Steady, TUNNELS};
use super::{Plan, Verdict};
use crate::figures::grouped;
use crate::{process, say};

/// How many reloads.
const RELOADS: u64 = 500;
/// After how many there is a line of progress.
const PROGRESS_EVERY: u64 = 100;
/// How long connections may take to end.
const ENDED_WITHIN: Duration = Duration::from_secs(20);
/// How soon after the last transfer everything must be billed.
const BILLED_WITHIN: Duration = Duration::from_secs(5);

/// Good lines, each of which changes something while serving.
const GOOD: [&str; 9] = [
    "drain_s = {}",
    "api.answers.language = 'en'\napi.answers.request_deadline_ms = 1{}00",
    "gateway.deadlines.idle_s = 3{}",
    "gateway.limits.requests = 9{}",
    "destinations.allow_ports = [80, 443, 8080, 8443, 1{}]",
    "[leases]\nshare = {}",
    "[jobs]\nroll_up_every_s = {}",
    "gateway.open = [{ listen = '127.0.0.1:31{}', account = 'tunnels' }]",
    "log.level = 'info,turnpike_gateway=warn'\napi.server.most_headers = 1{}",
];

/// Broken lines: what is wrong stands in the last one.
const BROKEN: [&str; 13] = [
    "drain_s = 'soon'",
    "drain_s = {}\n[gateway",
    "drain_s = {}\n\ngateway.threds = 2",
    "[leases]\nshare = 0",
    "destinations.allow_ports = [80, 99999]",
    "drain_s = {}\ndestinations.allow_cidrs = []",
    "zone = 'Mars/Olympus'",
    "log.level = 'a=b=c'",
    "[jobs]\nroll_up_every_s = {}\nlapse_every_s = -1",
    "gateway.exit.bind = '203.0.113.{}'",
    "api.answers.prefixes = []",
    "drain_s = {}\ngateway.open = [{ listen = '203.0.113.9:31{}', account = 'tunnels' }]",
    "gateway.limits.requests = {}\ngateway.limits.connections = 0",
];

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let serving = Serving::start(plan, "", 10_000, &ACCOUNTS).await?;
    let pid = serving.pid();
    let before_kb = process::usage(pid)?.rss_kb;
    let load = Arc::new(Steady::start(&serving).await?);
    let (mut wrong, mut slowest) = (Vec::new(), Duration::ZERO);
    let reloads = plan.times.unwrap_or(RELOADS);
    for turn in 0..reloads {
        let began = Instant::now();
        let told = tokio::task::block_in_place(|| one(&serving, turn, Dice::new(plan.seed, turn)))?;
        slowest = slowest.max(began.elapsed());
        wrong.extend(told);
        let done = turn.saturating_add(1);
        if done.is_multiple_of(PROGRESS_EVERY) {
            say(&format!("{done} reloads, {} round trips, {} new connections", load.round_trips(), load.connections()));
        }
    }
    serving.write("")?;
    for told in wrong.iter().take(10) {
        say(&format!("          {told}"));
    }
    verdict.check(wrong.is_empty(), &format!("{reloads} reloads, every other one broken: {} went wrong", wrong.len()));
    say(&format!("          the slowest took {} ms, with the start of its command", slowest.as_millis()));
    let failures = load.stop().await?;
    for failure in failures.iter().take(10) {
        say(&format!("          {failure}"));
    }
    verdict.check(
        failures.is_empty(),
        &format!(
            "{} round trips on {} tunnels and {} new connections meanwhile, {} failed",
            grouped(load.round_trips()),
            TUNNELS,
            grouped(load.connections()),
            failures.len()
        ),
    );
    let after_kb = process::usage(pid)?.rss_kb;
    say(&format!("          resident memory: {} KB before, {} KB after", grouped(before_kb), grouped(after_kb)));
    books(&serving, &load, verdict).await
}

/// One reload; what went wrong with it, if anything did.
fn one(serving: &Serving, turn: u64, mut dice: Dice) -> Result<Option<String>> {
    // Never the same twice in a row, so that there always is something to apply.
    let figure = (10 + turn % 90).to_string();
    let broken = !turn.is_multiple_of(2);
    let lines = if broken { pick(&BROKEN, &mut dice) } else { pick(&GOOD, &mut dice) }.replace("{}", &figure);
    let first = serving.write(&lines)?;
    let wrong_line = first.saturating_add(lines.lines().count()).saturating_sub(1);
    let output = serving.run(&["reload"])?;
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let place = format!("{}:{wrong_line}:", serving.config().display());
    let right = if broken { !output.status.success() && told.contains(&place) } else { output.status.success() };
    Ok((!right).then(|| format!("{lines:?}: {told}")))
}

fn pick(lines: &[&'static str], dice: &mut Dice) -> &'static str {
    let index = usize::try_from(dice.below(u64::try_from(lines.len()).unwrap_or(1))).unwrap_or(0);
    lines.get(index).copied().unwrap_or_default()
}

/// Every byte is booked.
async fn books(serving: &Serving, load: &Steady, verdict: &mut Verdict) -> Result<()> {
    anyhow::ensure!(serving.origin.settled(ENDED_WITHIN).await, "a connection at the origin did not end");
    let exact = load.bytes();
    let sum = |books: &std::collections::BTreeMap<String, u64>| books.values().copied().fold(0, u64::saturating_add);
    let (books, took) = serving.wait_for_books(BILLED_WITHIN, |books| sum(books) >= exact).await?;
    let billed = sum(&books);
    verdict.check(
        billed == exact,
        &format!("{} bytes counted, {} billed, after {} ms", grouped(exact), grouped(billed), took.as_millis()),
    );
    Ok(())
}

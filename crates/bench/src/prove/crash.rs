//! Crash: the product is killed again and again while tunnels run both ways and accounts are added. No acknowledged
//! write is missing, nothing is billed that was not delivered, and little that was delivered goes unbilled.

mod load;
mod writer;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use turnpike_testkit::client::Protocol;

use self::load::{DIRECTIONS, Delivered, Load};
use self::writer::Writer;
use super::billing::billed;
use super::dice::Dice;
use super::rig::Rig;
use super::{Plan, Verdict};
use crate::figures::grouped;
use crate::say;

const KILLS: u64 = 100;
/// More than all rounds together.
const PACKAGE_GB: u32 = 100_000;
/// The load runs this long before the kill, and up to [`LOAD_MORE_MS`] longer.
const LOAD_LEAST_MS: u64 = 50;
const LOAD_MORE_MS: u64 = 250;
/// From the start of the process to the first tunnel.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// How long what was cut may take to end at both ends.
const ENDED_WITHIN: Duration = Duration::from_secs(20);
/// What one gateway thread may leave unbilled at one kill.
const UNBILLED_A_THREAD: u64 = 1024 * 1024;
/// After how many kills there is a line of progress.
const PROGRESS_EVERY: u64 = 10;

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let kills = plan.times.unwrap_or(KILLS);
    let mut rig = Rig::start(plan, PACKAGE_GB)?;
    rig.add_accounts(&DIRECTIONS.map(|direction| direction.account().to_owned())).await?;
    let (mut writer, mut sums) = (Writer::default(), BTreeMap::new());
    let (mut slowest, mut over, mut missing) = (Duration::ZERO, 0_u64, 0_u64);
    for kill in 0..kills {
        let back = one(&mut rig, &mut writer, &mut sums, Dice::new(plan.seed, kill)).await?;
        slowest = slowest.max(back);
        let books = billed(&rig.product)?;
        over = over.saturating_add(overbilled(&books, &sums));
        missing = missing.saturating_add(writer.missing(&rig.product.api()?).await?);
        let done = kill.saturating_add(1);
        if done.is_multiple_of(PROGRESS_EVERY) {
            let delivered = sums.values().map(|sum| sum.least).sum();
            say(&format!(
                "{done} kills, {} bytes delivered, {} writes acknowledged",
                grouped(delivered),
                writer.acknowledged()
            ));
        }
    }
    verdict.check(
        missing == 0,
        &format!("{} acknowledged writes, {missing} times one was missing", writer.acknowledged()),
    );
    verdict.check(over == 0, &format!("{kills} kills, {over} times an account was billed more than was delivered"));
    verdict.check(slowest <= BACK_WITHIN, &format!("back in service after at most {} ms", slowest.as_millis()));
    unbilled(&rig, &sums, kills, verdict)
}

/// Load, kill, restart.
async fn one(
    rig: &mut Rig,
    writer: &mut Writer,
    sums: &mut BTreeMap<&'static str, Delivered>,
    dice: Dice,
) -> Result<Duration> {
    let mut dice = dice;
    let load = Load::start(rig).await?;
    let writing = writer.start(rig.product.api()?);
    tokio::time::sleep(Duration::from_millis(LOAD_LEAST_MS.saturating_add(dice.below(LOAD_MORE_MS)))).await;
    anyhow::ensure!(load.has_moved(), "nothing moved before the kill");
    tokio::task::block_in_place(|| rig.kill())?;
    writer.finish(writing).await?;
    let ended = tokio::time::timeout(ENDED_WITHIN, load.ended()).await.context("a client's connection did not end")?;
    anyhow::ensure!(rig.origin.settled(ENDED_WITHIN).await, "a connection at the origin did not end");
    for (account, client) in ended {
        let sum = sums.entry(account).or_default();
        sum.most = sum.most.saturating_add(client.sent).saturating_add(client.received);
        sum.received = sum.received.saturating_add(client.received);
        sum.least = sum.received.saturating_add(rig.origin.ledger().tally(account).received);
    }
    let begin = Instant::now();
    tokio::task::block_in_place(|| rig.restart())?;
    rig.proxy(DIRECTIONS[0].account()).tunnel(Protocol::Connect, rig.target()).await.context("not back in service")?;
    Ok(begin.elapsed())
}

fn overbilled(books: &BTreeMap<String, u64>, sums: &BTreeMap<&'static str, Delivered>) -> u64 {
    let mut over = 0;
    for (account, delivered) in sums {
        let billed = books.get(*account).copied().unwrap_or(0);
        if billed > delivered.most {
            let (billed, most) = (grouped(billed), grouped(delivered.most));
            say(&format!("          {account}: billed {billed}, sent and received {most}"));
            over += 1;
        }
    }
    over
}

fn unbilled(rig: &Rig, sums: &BTreeMap<&'static str, Delivered>, kills: u64, verdict: &mut Verdict) -> Result<()> {
    let threads = u64::try_from(std::thread::available_parallelism()?.get())?;
    let books = billed(&rig.product)?;
    let mut all = 0;
    for (account, delivered) in sums {
        let billed = books.get(*account).copied().unwrap_or(0);
        let unbilled = delivered.least.saturating_sub(billed);
        all += unbilled;
        let (billed, least) = (grouped(billed), grouped(delivered.least));
        say(&format!(
            "          {account}: billed {billed}, reached both ends {least}, unbilled {}",
            grouped(unbilled)
        ));
    }
    let most = UNBILLED_A_THREAD.saturating_mul(threads).saturating_mul(kills);
    verdict.check(
        all <= most,
        &format!("unbilled after {kills} kills of {threads} threads: {} of at most {}", grouped(all), grouped(most)),
    );
    Ok(())
}

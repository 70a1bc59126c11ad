//! One service on many machines: two API processes and four gateways on one PostgreSQL share a package to the byte, also
//! when a gateway dies or is cut off, and change their minds together.

pub(super) mod pull;
mod revoke;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::database::Database;
use super::machines::{Machines, Separate, Size, new_folder};
use super::{Plan, Verdict};
use crate::figures::{decimal, grouped};
use crate::say;
use pull::{Pace, Pull};

const MIB: u64 = 1024 * 1024;
/// The package that all gateways share.
const PACKAGE: u64 = 256 * MIB;
const TUNNELS: usize = 256;
const GATEWAYS: usize = 4;
/// How much is delivered when a gateway is disturbed.
const DISTURBED_AT: u64 = 64 * MIB;
/// How long each tunnel rests after a piece while a gateway is cut off: 16 MiB a second in all.
const REST: Duration = Duration::from_millis(500);
/// How long it is cut off.
const CUT_FOR: Duration = Duration::from_secs(10);
/// How soon a service manager starts a gateway again that died.
const RESTARTED_AFTER: Duration = Duration::from_secs(5);
/// How soon the rest of a package must be spendable after a gateway died.
const SPENDABLE_WITHIN: Duration = Duration::from_mins(2);
/// The least share of a package that must be delivered, in thousandths.
const LEAST_SHARE: u64 = 999;
/// How long everything may take to be billed.
const BILLED_WITHIN: Duration = Duration::from_secs(10);

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let (folder, before) = (new_folder("fleet")?, verdict.violations);
    let database = match &plan.postgres {
        Some(_) => None,
        None => Some(Database::start(&folder)?),
    };
    let uri = database.as_ref().map(Database::uri).or_else(|| plan.postgres.clone()).context("no database")?;
    let separate =
        Separate::make().inspect_err(|error| say(&format!("skipped   no gateway is cut off: {error:#}"))).ok();
    let size = Size { uri: &uri, apis: 2, gateways: GATEWAYS };
    let mut machines = Machines::start(plan, &folder, &size, separate)?;
    shared(&machines, verdict).await?;
    killed(&mut machines, verdict, "restarted", RESTARTED_AFTER).await?;
    killed(&mut machines, verdict, "killed", SPENDABLE_WITHIN).await?;
    if machines.separate.is_some() {
        cut_off(&mut machines, verdict).await?;
    }
    revoke::prove(plan, &machines, verdict).await?;
    machines.verify(verdict);
    machines.tidy(verdict.violations == before)
}

/// All four pull one package.
async fn shared(machines: &Machines, verdict: &mut Verdict) -> Result<()> {
    machines.add_customer("shared", PACKAGE / 1024).await?;
    let (begin, pull) = (Instant::now(), Pull::start(machines, "shared", TUNNELS, Pace::Full).await?);
    pull.reach(PACKAGE, SPENDABLE_WITHIN).await;
    let took = begin.elapsed();
    finish(machines, verdict, "shared", pull).await?;
    say(&format!("          {TUNNELS} tunnels over {GATEWAYS} gateways took {} ms", took.as_millis()));
    Ok(())
}

/// One gateway dies while all pull, and is started again after `back_after`: at once, as a service manager does, or only
/// after its leases have lapsed and the others have spent what they held.
async fn killed(machines: &mut Machines, verdict: &mut Verdict, account: &str, back_after: Duration) -> Result<()> {
    machines.add_customer(account, PACKAGE / 1024).await?;
    let pull = Pull::start(machines, account, TUNNELS, Pace::Full).await?;
    pull.reach(DISTURBED_AT, SPENDABLE_WITHIN).await;
    machines.gateways.first_mut().context("no gateway")?.process.kill()?;
    let (begin, at) = (Instant::now(), pull.delivered());
    pull.reach(PACKAGE, back_after).await;
    let first = machines.gateways.first_mut().context("no gateway")?;
    if back_after < SPENDABLE_WITHIN {
        first.process.restart()?;
    }
    pull.reach(PACKAGE, SPENDABLE_WITHIN.saturating_sub(begin.elapsed())).await;
    let took = begin.elapsed();
    say(&format!("          a gateway was killed after {} bytes", grouped(at)));
    finish(machines, verdict, account, pull).await?;
    say(&format!("          the last of the rest was spent {} ms after that", took.as_millis()));
    let first = machines.gateways.first_mut().context("no gateway")?;
    if !first.process.is_alive()? {
        first.process.restart()?;
    }
    let billed = machines.billed(account, BILLED_WITHIN, |billed| billed > PACKAGE).await?;
    verdict.check(billed <= PACKAGE, &format!("{account}: billed {} once it is back", grouped(billed)));
    Ok(())
}

/// One gateway is cut off from the API processes while all pull; its clients are not.
async fn cut_off(machines: &mut Machines, verdict: &mut Verdict) -> Result<()> {
    machines.add_customer("cutoff", PACKAGE / 1024).await?;
    let pull = Pull::start(machines, "cutoff", TUNNELS, Pace::Rest(REST)).await?;
    pull.reach(DISTURBED_AT, SPENDABLE_WITHIN).await;
    let separate = machines.separate.as_ref().context("no machine to cut off")?;
    let (begin, at) = (Instant::now(), pull.delivered());
    separate.cut_off(true)?;
    tokio::time::sleep(CUT_FOR).await;
    separate.cut_off(false)?;
    let mended_at = pull.delivered();
    pull.reach(PACKAGE, SPENDABLE_WITHIN).await;
    let took = begin.elapsed();
    say(&format!("          cut off for {CUT_FOR:?} from byte {} to {}", grouped(at), grouped(mended_at)));
    finish(machines, verdict, "cutoff", pull).await?;
    say(&format!("          the last was spent {} ms after the cut", took.as_millis()));
    let alive = machines.gateways.last_mut().context("no gateway")?.process.is_alive()?;
    verdict.check(alive, "cutoff: the gateway goes on after the cut");
    Ok(())
}

/// Ends the tunnels, and judges what they got against the package and the books.
async fn finish(machines: &Machines, verdict: &mut Verdict, account: &str, pull: Pull) -> Result<()> {
    let delivered = pull.stop().await?;
    let share = decimal(delivered.saturating_mul(100), PACKAGE, 3);
    let enough = delivered >= PACKAGE.saturating_mul(LEAST_SHARE) / 1000;
    let figures = format!("{account}: {} of {} bytes delivered, {share} %", grouped(delivered), grouped(PACKAGE));
    verdict.check(delivered <= PACKAGE && enough, &figures);
    let billed = machines.billed(account, BILLED_WITHIN, |billed| billed == delivered).await?;
    verdict
        .check(billed <= PACKAGE, &format!("{account}: billed {}, delivered {}", grouped(billed), grouped(delivered)));
    Ok(())
}

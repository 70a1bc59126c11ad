//! An outage of PostgreSQL: killed every ten seconds for two minutes, then frozen for half a minute, under load through
//! two gateways. Tunnels live, limits hold, nothing that was acknowledged is lost, and all is back soon.

mod load;
mod writers;

use std::time::{Duration, Instant};

use anyhow::Result;

use super::database::Database;
use super::fleet::pull::{Pace, Pull};
use super::machines::{Machines, Size, new_folder};
use super::{Plan, Verdict};
use crate::figures::{decimal, grouped};
use crate::say;
use load::Load;
use writers::Writers;

const MIB: u64 = 1024 * 1024;
const GATEWAYS: usize = 2;
/// How often PostgreSQL is killed.
const RESTARTS: u64 = 12;
/// Between two kills.
const RESTART_EVERY: Duration = Duration::from_secs(10);
/// How long it is frozen.
const FROZEN_FOR: Duration = Duration::from_secs(30);
/// How soon everything must work again.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// How long it is waited for that, so that there is a figure when it is later.
const PATIENCE: Duration = Duration::from_secs(20);
/// A package that is pulled slowly all the time.
const PACKAGE: u64 = 256 * MIB;
const PULLING: usize = 32;
/// What each of them rests after 32 KiB: not quite 1 MiB a second in all, so that the package outlasts the outages.
const REST: Duration = Duration::from_secs(1);
/// How soon the rest of it must be spent afterwards.
const SPENT_WITHIN: Duration = Duration::from_mins(4);
const BILLED_WITHIN: Duration = Duration::from_secs(10);
/// The least share of the package that must be delivered, in thousandths.
const LEAST_SHARE: u64 = 999;

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let (folder, before) = (new_folder("outage")?, verdict.violations);
    let mut database = Database::start(&folder)?;
    let uri = database.uri();
    let machines = Machines::start(plan, &folder, &Size { uri: &uri, apis: 2, gateways: GATEWAYS }, None)?;
    let key = machines.add_customer("steady", 1024 * 1024).await?;
    machines.add_customer("limited", PACKAGE / 1024).await?;
    let scene = Scene {
        writers: Writers::start(&machines, &key),
        load: Load::start(&machines, "steady").await?,
        pull: Pull::start(&machines, "limited", PULLING, Pace::Rest(REST)).await?,
    };
    scene.killed(&mut database, plan.times.unwrap_or(RESTARTS), verdict).await?;
    scene.frozen(&database, verdict).await?;
    scene.end(&machines, &key, verdict).await?;
    machines.verify(verdict);
    machines.tidy(verdict.violations == before)
}

/// What goes on all the time.
struct Scene {
    writers: Writers,
    load: Load,
    pull: Pull,
}

impl Scene {
    async fn killed(&self, database: &mut Database, times: u64, verdict: &mut Verdict) -> Result<()> {
        let mut back = Vec::new();
        for _ in 0..times {
            tokio::time::sleep(RESTART_EVERY).await;
            let begin = Instant::now();
            tokio::task::block_in_place(|| database.restart_immediately())?;
            let returned = Instant::now();
            let took = self.writers.next_after(returned, PATIENCE).await;
            say(&format!(
                "          PostgreSQL was away for {} ms; the next write was acknowledged {} ms after it returned",
                returned.saturating_duration_since(begin).as_millis(),
                took.as_millis()
            ));
            back.push(took);
        }
        let most = back.iter().max().copied().unwrap_or_default();
        verdict
            .check(most <= BACK_WITHIN, &format!("killed {times} times: back after {} ms at most", most.as_millis()));
        self.judge_load("killed", verdict);
        Ok(())
    }

    async fn frozen(&self, database: &Database, verdict: &mut Verdict) -> Result<()> {
        tokio::time::sleep(RESTART_EVERY).await;
        let (pulled, written) = (self.pull.delivered(), self.writers.acknowledged());
        database.freeze()?;
        tokio::time::sleep(FROZEN_FOR).await;
        let (pulled, written) = (self.pull.delivered() - pulled, self.writers.acknowledged() - written);
        say(&format!("          {} bytes pulled and {written} writes acknowledged while frozen", grouped(pulled)));
        database.thaw()?;
        let took = self.writers.next_after(Instant::now(), PATIENCE).await;
        verdict.check(took <= BACK_WITHIN, &format!("frozen for {FROZEN_FOR:?}: back after {} ms", took.as_millis()));
        self.judge_load("frozen", verdict);
        Ok(())
    }

    /// Tunnels with a lease that lasts must live.
    fn judge_load(&self, when: &str, verdict: &mut Verdict) {
        let failures = self.load.failures();
        failures.iter().take(5).for_each(|failure| say(&format!("          {failure}")));
        let figures = format!(
            "{when}: {} of {} tunnels ended; {} messages there and back, the slowest took {} ms",
            failures.len(),
            load::TUNNELS,
            grouped(self.load.round_trips()),
            self.load.slowest().as_millis(),
        );
        verdict.check(failures.is_empty(), &figures);
    }

    async fn end(self, machines: &Machines, key: &str, verdict: &mut Verdict) -> Result<()> {
        let writers = self.writers.stop().await?;
        let lost = writers.missing(&machines.api(key, 0)).await?;
        let figures = format!("{lost} of {} acknowledged writes lost", grouped(writers.acknowledged()));
        verdict.check(lost == 0, &figures);
        self.pull.reach(PACKAGE, SPENT_WITHIN).await;
        let delivered = self.pull.stop().await?;
        let share = decimal(delivered.saturating_mul(100), PACKAGE, 3);
        let enough = delivered >= PACKAGE.saturating_mul(LEAST_SHARE) / 1000;
        let figures = format!("package: {} of {} bytes delivered, {share} %", grouped(delivered), grouped(PACKAGE));
        verdict.check(delivered <= PACKAGE && enough, &figures);
        let billed = machines.billed("limited", BILLED_WITHIN, |billed| billed == delivered).await?;
        verdict.check(
            billed <= PACKAGE,
            &format!("package: billed {}, delivered {}", grouped(billed), grouped(delivered)),
        );
        let bytes = self.load.stop().await?;
        let billed = machines.billed("steady", BILLED_WITHIN, |billed| billed == bytes).await?;
        verdict.check(billed <= bytes, &format!("tunnels: billed {}, delivered {}", grouped(billed), grouped(bytes)));
        Ok(())
    }
}

//! How much one database takes: every act that grows with gateways, accounts or traffic, by itself and as fast as it
//! goes, on a fresh database with many accounts. The table of `docs/SCALING.md`.

mod acts;
mod gateways;

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_service::Service;
use turnpike_store::Store;

use crate::figures::{decimal, grouped};
use crate::scale::seed::{self, Amount};
use crate::{process, say};

/// Flags of `store`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// An empty database, `postgres://…` or `sqlite:PATH`.
    uri: String,
    /// The process id of PostgreSQL's first process, on this machine: its processor time is told then.
    #[arg(long)]
    postmaster: Option<u32>,
    /// How many customers, with ten accounts and a package each.
    #[arg(long, default_value_t = 10_000)]
    customers: u64,
    /// How long each act is measured, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// What is measured on.
#[derive(Clone)]
struct Bench {
    store: Store,
    service: Service,
    customers: Vec<CustomerId>,
    accounts: Vec<AccountId>,
    seconds: Duration,
    postmaster: Option<u32>,
}

/// Measures.
///
/// # Errors
/// When the database cannot be used or an act fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure(arguments))
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let store = Store::open(&arguments.uri).await?;
    let service = seed::service(&store, &[7; 32]);
    ensure!(service.list_customers().await?.is_empty(), "the database is not empty");
    let amount = Amount { customers: arguments.customers, accounts_each: 10 };
    let customers = seed::equip_all(&store, &service, amount).await?;
    let began = Instant::now();
    let snapshot = service.directory_snapshot().await?;
    let (loaded, accounts) = (began.elapsed(), snapshot.accounts.iter().map(|entry| entry.id).collect::<Vec<_>>());
    say(&format!(
        "A snapshot of {} accounts and {} customers takes {} s.\n",
        grouped(u64::try_from(accounts.len())?),
        grouped(arguments.customers),
        decimal(u64::try_from(loaded.as_millis())?, 1000, 2),
    ));
    let seconds = Duration::from_secs(arguments.seconds);
    let bench = Bench { store, service, customers, accounts, seconds, postmaster: arguments.postmaster };
    say("| act | at once | a second | rows a second | ms each | database's CPU ms each |");
    say("|---|--:|--:|--:|--:|--:|");
    gateways::measure(&bench).await?;
    acts::measure(&bench).await?;
    bench.store.close().await;
    Ok(())
}

impl Bench {
    /// Lets `at_once` workers do one thing after the other, each of which is worth `rows` rows, and prints a line.
    async fn line<W, F>(&self, name: &str, at_once: usize, rows: u64, worker: W) -> Result<()>
    where
        W: Fn(usize, Until) -> F,
        F: Future<Output = Result<u64>> + Send + 'static,
    {
        let before = self.postmaster.map(process::usage).transpose()?;
        let began = Instant::now();
        let until = Until(began.checked_add(self.seconds).context("too long")?);
        let mut workers = JoinSet::new();
        (0..at_once).for_each(|number| drop(workers.spawn(worker(number, until))));
        let mut done: u64 = 0;
        while let Some(worker) = workers.join_next().await {
            done = done.saturating_add(worker??);
        }
        let took_us = u64::try_from(began.elapsed().as_micros())?.max(1);
        let after = self.postmaster.map(process::usage).transpose()?;
        let a_second = |count: u64| count.saturating_mul(1_000_000).checked_div(took_us).unwrap_or(0);
        let each_us = |total_us: u64| decimal(total_us.checked_div(done.max(1)).unwrap_or(0), 1000, 2);
        let cpu = before.zip(after).map_or_else(
            || "–".to_owned(),
            |(before, after)| each_us(u64::try_from(after.cpu.saturating_sub(before.cpu).as_micros()).unwrap_or(0)),
        );
        let workers = u64::try_from(at_once)?;
        say(&format!(
            "| {name} | {at_once} | {} | {} | {} | {cpu} |",
            grouped(a_second(done)),
            grouped(a_second(done.saturating_mul(rows))),
            each_us(took_us.saturating_mul(workers)),
        ));
        Ok(())
    }
}

/// When a worker ends.
#[derive(Clone, Copy)]
struct Until(Instant);

impl Until {
    fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

//! Many accounts: how long the product takes to start with them, what each costs in memory, and whether a new tunnel
//! costs more than with one account.

pub(crate) mod seed;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use turnpike_testkit::product::{Launch, Product};

use self::seed::{Amount, PASSWORD, account, seed};
use crate::figures::{decimal, grouped, median, scaled};
use crate::load::{Figures, Job, Speech, Work};
use crate::table::OriginProcess;
use crate::{process, say};

/// The longest start.
const START_AT_MOST: Duration = Duration::from_secs(2);
/// The most memory an account may take.
const BYTES_AN_ACCOUNT: u64 = 500;
/// What a tunnel may cost more with many accounts than with one, in percent of the latter: the noise of a run.
const COST_AT_MOST_PERCENT: u64 = 110;
/// Tunnels at once.
const AT_ONCE: usize = 64;
/// How long each round measures.
const WINDOW_MS: u64 = 1500;
/// How long the product comes to rest before its memory is read.
const REST: Duration = Duration::from_secs(3);
/// How often the start is repeated; the slowest counts.
const STARTS: usize = 5;

/// Flags of `scale`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many customers.
    #[arg(long, default_value_t = 10_000)]
    customers: u64,
    /// How many accounts each has.
    #[arg(long, default_value_t = 10)]
    accounts_each: u64,
    /// Rounds of new tunnels.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// The `turnpike` binary; a release build is made when not given.
    #[arg(long)]
    turnpike: Option<PathBuf>,
}

/// Measures and judges.
///
/// # Errors
/// When something cannot be run, or an aim is missed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = crate::product_binary(arguments.turnpike.as_ref())?;
    let folder = tempfile::tempdir()?;
    let few = Product::start(launch(&binary, &folder.path().join("few"))?)?;
    let mut many = Product::start(launch(&binary, &folder.path().join("many"))?)?;
    many.kill()?;
    let amount = Amount { customers: arguments.customers, accounts_each: arguments.accounts_each };
    let begin = Instant::now();
    tokio::runtime::Runtime::new()?.block_on(seed(&many.launch().data, amount))?;
    let accounts = amount.customers.saturating_mul(amount.accounts_each);
    let (customers, took) = (grouped(amount.customers), begin.elapsed().as_secs());
    say(&format!("{} accounts of {customers} customers made in {took} s", grouped(accounts)));
    let mut kept = starts(&mut many)?;
    kept &= memory(&few, &many, accounts)?;
    kept &= tunnels(&few, &many, arguments.rounds)?;
    ensure!(kept, "an aim was missed");
    Ok(())
}

fn launch(binary: &std::path::Path, data: &std::path::Path) -> Result<Launch> {
    let mut launch = Launch::new(binary, data)?;
    launch.package_gb = 1000;
    Ok(launch)
}

/// Leaves the product running after the last start.
fn starts(many: &mut Product) -> Result<bool> {
    let mut slowest = Duration::ZERO;
    for _ in 0..STARTS {
        many.restart()?;
        slowest = slowest.max(many.started_in());
        many.kill()?;
    }
    many.restart()?;
    slowest = slowest.max(many.started_in());
    Ok(judge(slowest <= START_AT_MOST, &format!("start-up: at most {} ms", slowest.as_millis())))
}

fn memory(few: &Product, many: &Product, accounts: u64) -> Result<bool> {
    std::thread::sleep(REST);
    let (few, many) = (process::usage(few.pid())?.rss_kb, process::usage(many.pid())?.rss_kb);
    let each = scaled(many.saturating_sub(few), 1024, accounts);
    let figures = format!("memory: {} KB with one account, {} KB with all", grouped(few), grouped(many));
    Ok(judge(each <= BYTES_AN_ACCOUNT, &format!("{figures}: {each} bytes an account")))
}

fn tunnels(few: &Product, many: &Product, rounds: usize) -> Result<bool> {
    let origin = OriginProcess::start()?;
    let alone = (few.ready().username.clone(), few.ready().password.clone());
    let middle = (account(1, 1), PASSWORD.to_owned());
    let (mut with_few, mut with_many) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        with_few.push(cost(&measure(few, &origin, alone.clone())?));
        with_many.push(cost(&measure(many, &origin, middle.clone())?));
    }
    let (few, many) = (median(&with_few).unwrap_or(0), median(&with_many).unwrap_or(0));
    let percent = scaled(many, 100, few);
    let show = |cost| decimal(cost, 1_000_000, 1);
    let figures = format!("new tunnels: {} CPU ms/1000 with one account, {} with all", show(few), show(many));
    Ok(judge(percent <= COST_AT_MOST_PERCENT, &format!("{figures}: {percent} %")))
}

fn cost(figures: &Figures) -> u64 {
    scaled(figures.cpu_ns, 1000, figures.count)
}

fn measure(product: &Product, origin: &OriginProcess, login: (String, String)) -> Result<Figures> {
    Job {
        proxy: product.ready().gateway,
        login: Some(login),
        speech: Speech::Connect,
        origins: origin.addresses().to_vec(),
        pid: product.pid(),
        window_ms: WINDOW_MS,
        work: Work::Tunnels(AT_ONCE),
    }
    .measure()
}

fn judge(kept: bool, figures: &str) -> bool {
    say(&format!("{} {figures}", if kept { "ok    " } else { "MISSED" }));
    kept
}

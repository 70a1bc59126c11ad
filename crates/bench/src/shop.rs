//! What the shop costs: orders made and paid, pages of orders in a large store, and a long list of accounts. Over the
//! API of the real binary, on both databases. The table of `docs/PERFORMANCE.md`.

mod client;
mod fill;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;
use turnpike_store::Store;

use self::client::Kept;
use crate::figures::{decimal, grouped};
use crate::prove::dice::Dice;
use crate::prove::shop::Site;
use crate::{process, say};

/// Customers that buy at once, each over a kept connection.
const BUYERS: usize = 16;
/// Connections that read at once.
const READERS: usize = 8;
/// Orders on a page.
const PAGE: u64 = 20;
/// Orders of the customer whose first page is read, and of the one whose every page is.
const MANY: u64 = 1_000;
const VERY_MANY: u64 = 10_000;

/// Flags of `shop`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The `turnpike` binary; a release build is made when not given.
    #[arg(long)]
    turnpike: Option<PathBuf>,
    /// How many orders the store holds when pages are read.
    #[arg(long, default_value_t = 1_000_000)]
    orders: u64,
    /// How many accounts the long list has.
    #[arg(long, default_value_t = 100_000)]
    accounts: u64,
    /// How long each act is measured, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// An empty PostgreSQL database; a cluster of its own when not given.
    #[arg(long)]
    postgres: Option<String>,
}

/// Measures.
///
/// # Errors
/// When a site does not start or an act fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = crate::product_binary(arguments.turnpike.as_ref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut lines = vec!["| | SQLite | PostgreSQL |".to_owned(), "|---|--:|--:|".to_owned()];
        let sqlite = Site::on_sqlite(&binary).await?;
        let left = measure(&sqlite, arguments).await?;
        sqlite.tidy(true)?;
        let postgres = Site::on_postgres(&binary, arguments.postgres.as_deref(), 1)?;
        let right = measure(&postgres, arguments).await?;
        postgres.tidy(true)?;
        for ((what, left), (_, right)) in left.into_iter().zip(right) {
            lines.push(format!("| {what} | {left} | {right} |"));
        }
        for line in &lines {
            say(line);
        }
        Ok(())
    })
}

type Figures = Vec<(String, String)>;

async fn measure(site: &Site, arguments: &Arguments) -> Result<Figures> {
    let seconds = Duration::from_secs(arguments.seconds);
    site.load_catalogue()?;
    let mut figures = Vec::new();
    let bought = buying(site, seconds).await?;
    bought.tell(&format!("order/create paid by balance, {BUYERS} at once"), &mut figures);
    let uri = site.uri();
    let store = Store::open(&uri).await?;
    let owners = [site.add_customer("many@turnpike.example")?, site.add_customer("verymany@turnpike.example")?];
    let named = [("many@turnpike.example", MANY), ("verymany@turnpike.example", VERY_MANY)];
    fill::orders(&store, &uri, arguments.orders, named).await?;
    let [many, very_many] = owners;
    let first = |_: u64| 1;
    reading(site, &many, seconds, first).await?.tell(
        &format!("order/list, page of {PAGE} of {} orders among {}", grouped(MANY), grouped(arguments.orders)),
        &mut figures,
    );
    let any = |drawn: u64| drawn.checked_rem(VERY_MANY / PAGE).unwrap_or(0).saturating_add(1);
    reading(site, &very_many, seconds, any)
        .await?
        .tell(&format!("the same, any page of {} orders", grouped(VERY_MANY)), &mut figures);
    let lister = site.add_customer("lister@turnpike.example")?;
    fill::accounts(site, &lister, arguments.accounts).await?;
    figures.push(listing(site, &lister, arguments.accounts).await?);
    store.close().await;
    Ok(figures)
}

/// How often something was done, and how long each time took.
struct Times {
    took: Duration,
    each_us: Vec<u64>,
}

impl Times {
    fn tell(mut self, what: &str, figures: &mut Figures) {
        self.each_us.sort_unstable();
        let count = self.each_us.len();
        let at = |per_mille: usize| {
            let place = count.saturating_mul(per_mille).checked_div(1000).unwrap_or(0);
            decimal(self.each_us.get(place).copied().unwrap_or(0), 1000, 1)
        };
        let took_us = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX).max(1);
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let a_second = count.saturating_mul(1_000_000).checked_div(took_us).unwrap_or(0);
        let figure = format!("{}/s, p50 {} ms, p99 {} ms", grouped(a_second), at(500), at(990));
        say(&format!("{what}: {figure}"));
        figures.push((what.to_owned(), figure));
    }

    async fn of(workers: JoinSet<Result<Vec<u64>>>) -> Result<Self> {
        let began = Instant::now();
        let each_us = workers.join_all().await.into_iter().collect::<Result<Vec<_>>>()?.concat();
        Ok(Self { took: began.elapsed(), each_us })
    }
}

async fn buying(site: &Site, seconds: Duration) -> Result<Times> {
    let mut workers = JoinSet::new();
    for number in 0..BUYERS {
        let email = format!("buyer{number}@turnpike.example");
        let key = site.add_customer(&email)?;
        site.pay_in(&email, "1000000.00")?;
        let mut client = Kept::connect(site.address(), &key).await?;
        workers.spawn(async move {
            let (until, mut each_us) = (Instant::now() + seconds, Vec::new());
            while Instant::now() < until {
                let began = Instant::now();
                client.post("order/create", r#"{"pid":1,"pm_id":1}"#).await?;
                each_us.push(u64::try_from(began.elapsed().as_micros())?);
            }
            Ok(each_us)
        });
    }
    Times::of(workers).await
}

async fn reading(site: &Site, key: &str, seconds: Duration, page: fn(u64) -> u64) -> Result<Times> {
    let mut workers = JoinSet::new();
    for reader in 0..READERS {
        let mut dice = Dice::new(1, u64::try_from(reader)?);
        let mut client = Kept::connect(site.address(), key).await?;
        workers.spawn(async move {
            let (until, mut each_us) = (Instant::now() + seconds, Vec::new());
            while Instant::now() < until {
                let page = page(dice.throw());
                let began = Instant::now();
                client.get("order/list", &format!("page_no={page}&page_size={PAGE}")).await?;
                each_us.push(u64::try_from(began.elapsed().as_micros())?);
            }
            Ok(each_us)
        });
    }
    Times::of(workers).await
}

/// How long the whole list takes, and what it adds to the memory of the process.
async fn listing(site: &Site, key: &str, accounts: u64) -> Result<(String, String)> {
    let mut client = Kept::connect(site.address(), key).await?;
    let before = process::usage(site.pid())?.rss_kb;
    let (began, mut most) = (Instant::now(), before);
    let list = client.get("whitelist-account/list", "");
    tokio::pin!(list);
    let body = loop {
        tokio::select! {
            body = &mut list => break body?,
            () = tokio::time::sleep(Duration::from_millis(20)) => most = most.max(process::usage(site.pid())?.rss_kb),
        }
    };
    let took = u64::try_from(began.elapsed().as_millis())?;
    let rows = body.matches(r#""username":"#).count();
    anyhow::ensure!(u64::try_from(rows)? == accounts, "{rows} accounts were listed");
    let more = most.saturating_sub(before);
    let length = u64::try_from(body.len()).context("too long")?;
    let figure =
        format!("{} s, {} MB, {} MB of memory", decimal(took, 1000, 2), length / 1_000_000, decimal(more, 1024, 1));
    let what = format!("whitelist-account/list of {} accounts", grouped(accounts));
    say(&format!("{what}: {figure}"));
    Ok((what, figure))
}

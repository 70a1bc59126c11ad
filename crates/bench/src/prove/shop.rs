//! The shop: whatever is bought at once, killed or raced, no money and no stock is made or lost.

mod day;
mod kills;
mod rush;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use turnpike_testkit::product::{Api, ApiRefusal};

use super::database::Database;
use super::machines::{Machines, Process, Size, new_folder};
use super::serving::Serving;
use super::{Plan, Verdict};

/// What the proofs sell: traffic, and static IPs in one country, each for 1.00.
pub(super) const CATALOGUE: &str = include_str!("shop/catalogue.toml");

/// Where the shop runs.
pub(crate) struct Site(Place);

/// One process on SQLite, or some on PostgreSQL.
enum Place {
    One(Box<Serving>),
    Many { machines: Box<Machines>, uri: String, database: Option<Box<Database>> },
}

impl Site {
    /// One process on SQLite.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn on_sqlite(binary: &Path) -> Result<Self> {
        Ok(Self(Place::One(Box::new(Serving::start(&plan(binary), "", 1, &["shop"]).await?))))
    }

    /// So many API processes on PostgreSQL: a cluster of its own, or the given database.
    ///
    /// # Errors
    /// When one does not start.
    pub(crate) fn on_postgres(binary: &Path, given: Option<&str>, apis: usize) -> Result<Self> {
        let folder = new_folder("shop")?;
        let database = match given {
            Some(_) => None,
            None => Some(Box::new(Database::start(&folder)?)),
        };
        let own = database.as_ref().map(|database| database.uri());
        let uri = own.or_else(|| given.map(str::to_owned)).context("no database")?;
        let machines = Machines::start(&plan(binary), &folder, &Size { uri: &uri, apis, gateways: 0 }, None)?;
        Ok(Self(Place::Many { machines: Box::new(machines), uri, database }))
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &'static str {
        match &self.0 {
            Place::One(_) => "SQLite",
            Place::Many { .. } => "PostgreSQL",
        }
    }

    /// Where its store is.
    pub(crate) fn uri(&self) -> String {
        match &self.0 {
            Place::One(serving) => serving.store_uri(),
            Place::Many { uri, .. } => uri.clone(),
        }
    }

    /// Its first API process.
    pub(crate) fn pid(&self) -> u32 {
        match &self.0 {
            Place::One(serving) => serving.pid(),
            Place::Many { machines, .. } => machines.apis.first().map_or(0, Process::pid),
        }
    }

    /// Where its first API process answers.
    pub(crate) fn address(&self) -> SocketAddr {
        match &self.0 {
            Place::One(serving) => serving.api,
            Place::Many { machines, .. } => machines.customers_at(0),
        }
    }

    /// Runs an operator's command that must succeed; what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) fn operator(&self, arguments: &[&str]) -> Result<String> {
        match &self.0 {
            Place::One(serving) => serving.operator(arguments),
            Place::Many { machines, .. } => machines.operator(arguments),
        }
    }

    /// The API for the customer with this key, at one of the processes.
    pub(crate) fn api(&self, key: &str, number: usize) -> Api {
        match &self.0 {
            Place::One(serving) => Api::new(serving.api, key),
            Place::Many { machines, .. } => machines.api(key, number),
        }
    }

    /// Offers what the proofs buy.
    ///
    /// # Errors
    /// When the command fails.
    pub(crate) fn load_catalogue(&self) -> Result<()> {
        let file = tempfile::NamedTempFile::with_suffix(".toml")?;
        std::fs::write(file.path(), CATALOGUE)?;
        self.operator(&["catalogue", "load", &file.path().display().to_string()]).map(drop)
    }

    /// A verified customer; its key.
    ///
    /// # Errors
    /// When the command fails.
    pub(crate) fn add_customer(&self, email: &str) -> Result<String> {
        let added = self.operator(&["customer", "add", email, "--verified"])?;
        let key = added.lines().find_map(|line| line.strip_prefix("app_key")).context("no app_key was printed")?;
        Ok(key.trim().to_owned())
    }

    /// Puts money into a customer's balance.
    ///
    /// # Errors
    /// When the command fails.
    pub(crate) fn pay_in(&self, email: &str, amount: &str) -> Result<()> {
        self.operator(&["ledger", "adjust", email, amount, "--reason", "for the proof"]).map(drop)
    }

    /// Kills a process, with SIGKILL: each in turn.
    fn kill(&mut self, turn: u64) -> Result<()> {
        match &mut self.0 {
            Place::One(serving) => serving.kill(),
            Place::Many { machines, .. } => of_turn(&mut machines.apis, turn)?.kill(),
        }
    }

    /// Starts it again on the same data.
    fn restart(&mut self, turn: u64) -> Result<()> {
        match &mut self.0 {
            Place::One(serving) => serving.restart(),
            Place::Many { machines, .. } => of_turn(&mut machines.apis, turn)?.restart(),
        }
    }

    /// The ledger against everything that was made of it.
    fn verify(&self, verdict: &mut Verdict) {
        let told = self.operator(&["verify", "ledger"]).map_or_else(|error| format!("{error:#}"), |_| String::new());
        let told = if told.is_empty() { "clean" } else { &told };
        verdict.check(told == "clean", &format!("{}: turnpike verify ledger: {told}", self.name()));
    }

    /// Ends everything, and removes all logs when `clean`.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub(crate) fn tidy(self, clean: bool) -> Result<()> {
        match self.0 {
            Place::One(_) => Ok(()),
            Place::Many { machines, database, .. } => {
                drop(database);
                machines.tidy(clean)
            }
        }
    }
}

fn of_turn(processes: &mut [Process], turn: u64) -> Result<&mut Process> {
    let count = processes.len();
    let place = usize::try_from(turn)?.checked_rem(count).context("no process")?;
    processes.get_mut(place).context("no process")
}

fn plan(binary: &Path) -> Plan {
    Plan { binary: binary.to_path_buf(), times: None, seed: 0, postgres: None }
}

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    day::prove(plan, verdict).await?;
    on(Site::on_sqlite(&plan.binary).await?, plan, verdict).await?;
    on(Site::on_postgres(&plan.binary, plan.postgres.as_deref(), 2)?, plan, verdict).await
}

async fn on(mut site: Site, plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let before = verdict.violations;
    site.load_catalogue()?;
    rush::prove(&site, plan, verdict).await?;
    kills::prove(&mut site, plan, verdict).await?;
    site.verify(verdict);
    site.tidy(verdict.violations == before)
}

/// Orders something and pays it by balance, all in one.
async fn buy(api: &Api, product: i64, more: Value) -> Result<Bought> {
    let mut wish = json!({ "pid": product, "pm_id": 1 });
    if let (Some(wish), Some(more)) = (wish.as_object_mut(), more.as_object()) {
        wish.extend(more.clone());
    }
    match api.post("order/create", wish).await {
        Ok(order) => Ok(Bought::Yes(order)),
        Err(error) => match error.downcast::<ApiRefusal>() {
            Ok(refusal) => Ok(Bought::No(refusal.code)),
            Err(error) => Err(error),
        },
    }
}

/// How a purchase ended.
enum Bought {
    /// With this order.
    Yes(Value),
    /// With this code.
    No(i64),
}

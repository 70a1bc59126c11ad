//! Time plans on many machines: four gateways share a plan's bandwidth and its connections as if they were one, while
//! gateways come, go and die.

mod bandwidth;
mod seats;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::database::Database;
use super::machines::{Machines, Size, new_folder};
use super::rig::PASSWORD;
use super::{Plan, Verdict};

const CATALOGUE: &str = include_str!("plans/catalogue.toml");
const GATEWAYS: usize = 4;

/// What is chosen of the product's parts, by number.
#[derive(Clone, Copy)]
struct Parts {
    bandwidth: i64,
    concurrency: i64,
}

/// Proves it.
///
/// # Errors
/// When the proof cannot be run.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let (folder, before) = (new_folder("plans")?, verdict.violations);
    let database = match &plan.postgres {
        Some(_) => None,
        None => Some(Database::start(&folder)?),
    };
    let uri = database.as_ref().map(Database::uri).or_else(|| plan.postgres.clone()).context("no database")?;
    let mut machines = Machines::start(plan, &folder, &Size { uri: &uri, apis: 2, gateways: GATEWAYS }, None)?;
    let catalogue = folder.join("catalogue.toml");
    std::fs::write(&catalogue, CATALOGUE)?;
    machines.operator(&["catalogue", "load", &catalogue.display().to_string()])?;
    bandwidth::prove(&mut machines, verdict).await?;
    seats::prove(plan, &mut machines, verdict).await?;
    machines.verify(verdict);
    machines.tidy(verdict.violations == before)
}

/// Makes a verified customer that has bought a plan, and an account of the same name. Returns once every gateway knows it.
async fn add_customer(machines: &Machines, name: &str, parts: Parts) -> Result<()> {
    let email = format!("{name}@turnpike.example");
    let added = machines.operator(&["customer", "add", &email, "--verified"])?;
    let key = added.lines().find_map(|line| line.strip_prefix("app_key")).context("no app_key was printed")?.trim();
    machines.operator(&["ledger", "adjust", &email, "10.00", "--reason", "for the proof"])?;
    let api = machines.api(key, 0);
    let Parts { bandwidth, concurrency } = parts;
    let wish = json!({
        "pid": 1, "pm_id": 1, "product_sku_bandwidth_id": bandwidth, "product_sku_concurrency_id": concurrency,
    });
    api.post("order/create", wish).await?;
    let account = json!({ "accounts": format!("{name}:{PASSWORD}"), "product_type": 11 });
    api.post("whitelist-account/add", account).await?;
    machines.until_open(name, PASSWORD).await
}

//! A customer's day at the shop, with the script that ships in the testkit.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::prove::rig::Rig;
use crate::prove::{Plan, Verdict};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/scripts/shop_day.py");

/// Runs the script on a demo of its own.
///
/// # Errors
/// When Python is missing.
pub(super) async fn prove(plan: &Plan, verdict: &mut Verdict) -> Result<()> {
    let rig = Rig::start(plan, 10)?;
    let demo = rig.product.launch().data.join("demo.json");
    let mut script = Command::new("python3");
    script.arg(SCRIPT).arg("--demo").arg(demo).args(["--origin", &format!("http://{}", rig.target())]);
    let status = tokio::task::spawn_blocking(move || script.status()).await?;
    let status = status.context("python3 is missing: apt-get install python3 python3-requests")?;
    verdict.check(status.success(), "shop_day.py (without the module: pip install requests)");
    Ok(())
}

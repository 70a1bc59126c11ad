//! What the product billed, by account, to the byte: `turnpike usage --json`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use turnpike_testkit::product::Product;

/// How often the books are looked at while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Deserialize)]
struct Line {
    username: String,
    bytes: u64,
}

/// Bytes billed so far, by account.
///
/// # Errors
/// When the operator's command fails.
pub(super) fn billed(product: &Product) -> Result<BTreeMap<String, u64>> {
    read(&product.operator(&["usage", "--json"])?)
}

/// Sums by account of what `turnpike usage --json` printed.
fn read(text: &str) -> Result<BTreeMap<String, u64>> {
    let lines: Vec<Line> = serde_json::from_str(text).context("`turnpike usage --json` printed no JSON list")?;
    let mut sums = BTreeMap::new();
    for line in lines {
        let sum: &mut u64 = sums.entry(line.username).or_default();
        *sum = sum.saturating_add(line.bytes);
    }
    Ok(sums)
}

/// Waits until the books say `done`, at most `patience`. Returns the last books and how long it took.
///
/// # Errors
/// When the operator's command fails.
pub(super) async fn wait_for(
    product: &Product,
    patience: Duration,
    done: impl Fn(&BTreeMap<String, u64>) -> bool,
) -> Result<(BTreeMap<String, u64>, Duration)> {
    wait_until(|| product.operator(&["usage", "--json"]), patience, done).await
}

/// As [`wait_for`], with a command of the caller's that prints the books.
///
/// # Errors
/// When the command fails.
pub(super) async fn wait_until(
    usage: impl Fn() -> Result<String>,
    patience: Duration,
    done: impl Fn(&BTreeMap<String, u64>) -> bool,
) -> Result<(BTreeMap<String, u64>, Duration)> {
    let begin = Instant::now();
    loop {
        let asked = begin.elapsed();
        let books = read(&usage()?)?;
        if done(&books) || asked > patience {
            return Ok((books, asked));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

//! `turnpike usage`: what was used by customer, account and day, to the byte.

use std::io::Write;

use anyhow::{Context, Result};
use serde::Serialize;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_service::AccountUsage;

use super::{find, on_store};
use crate::cli::UsageArgs;
use crate::settings::Settings;
use crate::{entropy, wiring};

/// How far back it looks when no start is given.
const DAYS_BACK: i64 = 7;

/// One line, as JSON.
#[derive(Serialize)]
struct Line {
    customer: i64,
    email: String,
    /// Empty for traffic without an account.
    username: String,
    product_type: i64,
    bytes: u64,
}

/// Prints what was used within a window.
///
/// # Errors
/// When the store cannot be opened or a time cannot be read.
pub(crate) async fn usage(settings: &Settings, args: &UsageArgs) -> Result<()> {
    on_store(settings, false, async |backend| show(settings, args, backend).await).await
}

async fn show(settings: &Settings, args: &UsageArgs, backend: &wiring::Backend) -> Result<()> {
    let customer: Option<CustomerId> = match &args.customer {
        Some(who) => Some(find(&backend.service, who).await?.id),
        None => None,
    };
    let (from, to) = window(settings, args)?;
    let rows = backend.service.usage_by_account(customer, from, to).await?;
    if args.json { print_json(rows) } else { print_table(settings, (from, to), &rows) }
}

fn window(settings: &Settings, args: &UsageArgs) -> Result<(Timestamp, Timestamp)> {
    let zone = settings.zone()?;
    let read = |name: &str, text: &str| zone.parse(text).with_context(|| format!("--{name} {text}"));
    let to = args.end.as_deref().map_or_else(|| Ok(entropy::now()), |text| read("end", text))?;
    let back = to.minus(Span::from_days(DAYS_BACK));
    let from = args.start.as_deref().map_or_else(|| Ok(back), |text| read("start", text))?;
    Ok((from, to))
}

fn print_json(rows: Vec<AccountUsage>) -> Result<()> {
    let lines: Vec<Line> = rows
        .into_iter()
        .map(|row| Line {
            customer: row.customer.get(),
            email: row.email,
            username: row.username,
            product_type: row.product_type.number(),
            bytes: row.used.get(),
        })
        .collect();
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &lines)?;
    writeln!(out)?;
    Ok(())
}

fn print_table(settings: &Settings, (from, to): (Timestamp, Timestamp), rows: &[AccountUsage]) -> Result<()> {
    let zone = settings.zone()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Used from {} to {} ({}):\n", zone.format(from), zone.format(to), settings.zone)?;
    writeln!(out, "{:<32}  {:<32}  {:>4}  {:>18}", "customer", "account", "type", "bytes")?;
    for row in rows {
        let (email, account) = (&row.email, &row.username);
        writeln!(out, "{email:<32}  {account:<32}  {:>4}  {:>18}", row.product_type.number(), row.used.get())?;
    }
    let total: u64 = rows.iter().map(|row| row.used.get()).fold(0, u64::saturating_add);
    writeln!(out, "{:<32}  {:<32}  {:>4}  {total:>18}", "total", "", "")?;
    Ok(())
}

//! `turnpike verify`: whether the books agree, as a table or as JSON.

use std::io::Write;

use anyhow::{Result, ensure};
use serde::Serialize;
use turnpike_domain::money::Money;
use turnpike_service::Verification;
use turnpike_store::verify::{Finding, Measure};

use super::on_store;
use crate::cli::{VerifyArgs, VerifyPart};
use crate::settings::Settings;
use crate::wiring::Backend;

/// The name under which the database's own check of its file is shown.
const INTEGRITY: &str = "store-file";

/// One check, as it is shown.
#[derive(Serialize)]
struct Line {
    check: &'static str,
    rule: &'static str,
    looked_at: u64,
    wrong: u64,
    /// The first that is wrong, in words.
    first: Option<String>,
}

/// Checks the store and prints what was found.
///
/// # Errors
/// When the store cannot be opened or read, or something is wrong with it.
pub(crate) async fn verify(settings: &Settings, args: &VerifyArgs) -> Result<()> {
    let act = async |backend: &Backend| match args.part {
        Some(VerifyPart::Ledger) => Ok(backend.service.verify_ledger().await?),
        None => Ok(backend.service.verify().await?),
    };
    let found = on_store(settings, false, act).await?;
    let lines = lines(&found, args.part);
    if args.json {
        print_json(&lines)?;
    } else {
        print_table(&lines)?;
    }
    let wrong = lines.iter().filter(|line| line.wrong > 0).count();
    ensure!(found.is_clean(), "{wrong} of {} checks found differences", lines.len());
    Ok(())
}

fn lines(found: &Verification, part: Option<VerifyPart>) -> Vec<Line> {
    let file = Line {
        check: INTEGRITY,
        rule: "the database finds its pages, indexes and references in order",
        looked_at: 1,
        wrong: u64::try_from(found.integrity.len()).unwrap_or(u64::MAX),
        first: found.integrity.first().cloned(),
    };
    let line = |finding: &Finding| Line {
        check: finding.check.name,
        rule: finding.check.rule,
        looked_at: finding.looked_at,
        wrong: finding.wrong,
        first: told(finding),
    };
    part.is_none().then_some(file).into_iter().chain(found.findings.iter().map(line)).collect()
}

/// The first difference, in words.
fn told(finding: &Finding) -> Option<String> {
    let first = finding.first.as_ref()?;
    let unit = match finding.check.measure {
        Measure::Bytes => "bytes",
        Measure::Rows => "rows",
        Measure::Kept => return Some(first.subject.clone()),
        Measure::Money => {
            return Some(format!("{}: {}, should be {}", first.subject, money(first.is), money(first.should_be)));
        }
    };
    Some(format!("{}: {} {unit}, should be {}", first.subject, first.is, first.should_be))
}

/// Minor units as an amount; a sum that is out of range as it is.
fn money(minor: i64) -> String {
    Money::from_minor(minor).map_or_else(|| format!("{minor} minor units"), |amount| amount.to_string())
}

fn print_json(lines: &[Line]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, lines)?;
    writeln!(out)?;
    Ok(())
}

fn print_table(lines: &[Line]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<20}  {:>10}  {:>8}  must hold, and the first that breaks it", "check", "looked at", "wrong")?;
    for line in lines {
        writeln!(out, "{:<20}  {:>10}  {:>8}  {}", line.check, line.looked_at, line.wrong, line.rule)?;
        if let Some(first) = &line.first {
            writeln!(out, "{:<20}  {:>10}  {:>8}  -> {first}", "", "", "")?;
        }
    }
    Ok(())
}

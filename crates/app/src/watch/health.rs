//! Liveness and readiness: each check by its name, with what is wrong.

use std::time::Duration;

use futures_util::FutureExt;
use serde::Serialize;
use tokio::time::Instant;

use super::vitals::Vitals;

/// The runtime of API and jobs is taken for stuck when it has not moved for so long: restart the process.
const STUCK_AFTER: Duration = Duration::from_secs(15);
/// A probe's outcome is worth nothing when it is older: the store hangs.
const OUTDATED_AFTER: Duration = Duration::from_secs(6);

/// The outcome of all checks.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) ok: bool,
    pub(super) checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Check {
    fn of(name: &'static str, outcome: Result<(), String>) -> Self {
        Self { name, ok: outcome.is_ok(), why: outcome.err() }
    }
}

impl Report {
    fn of(checks: Vec<Check>) -> Self {
        Self { ok: checks.iter().all(|check| check.ok), checks }
    }
}

/// Whether the process moves at all. One that does not should be restarted.
pub(super) fn live(vitals: &Vitals, now: Instant) -> Report {
    let still_for = now.saturating_duration_since(vitals.probed().beat_at);
    let moves =
        if still_for < STUCK_AFTER { Ok(()) } else { Err(format!("nothing has moved for {} s", still_for.as_secs())) };
    Report::of(vec![Check::of("runtime", moves)])
}

/// Whether the process should get work. One that should not may well serve what it has.
pub(super) fn ready(vitals: &Vitals, now: Instant) -> Report {
    let serving = if vitals.is_draining() { Err("the process drains".to_owned()) } else { Ok(()) };
    let mut checks = vec![Check::of("serving", serving)];
    if vitals.store.is_some() {
        checks.push(Check::of("store", store(vitals, now)));
    }
    if let Some(gateway) = &vitals.gateway {
        checks.push(Check::of("directory", directory(gateway.status().contact_age, vitals.staleness())));
        let fenced = gateway.fenced().now_or_never().is_some();
        let accepts = if fenced { Err("another process has its identity".to_owned()) } else { Ok(()) };
        checks.push(Check::of("gateway", accepts));
    }
    Report::of(checks)
}

fn directory(contact_age: Option<Duration>, staleness: Duration) -> Result<(), String> {
    match contact_age {
        None => Err("the store was never heard of".to_owned()),
        Some(age) if age > staleness => Err(format!("the store was not heard of for {} s", age.as_secs())),
        Some(_) => Ok(()),
    }
}

fn store(vitals: &Vitals, now: Instant) -> Result<(), String> {
    let answered_at = vitals.probed().store?;
    let age = now.saturating_duration_since(answered_at);
    if age < OUTDATED_AFTER { Ok(()) } else { Err(format!("no answer for {} s", age.as_secs())) }
}

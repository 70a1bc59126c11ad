//! The metrics of a gateway.

use std::fmt::Error;

use prometheus_client::registry::Unit;
use turnpike_gateway::{ExitCounts, Status};

use super::super::page::{Family, Page};

/// Writes how a gateway stands.
///
/// # Errors
/// When the page cannot be written.
pub(super) fn write(page: &mut Page<'_>, status: &Status, exit_is_up: bool) -> Result<(), Error> {
    let totals = &status.totals;
    page.gauge(&family("turnpike_tunnels", "Connections that are logged in now", None), totals.open)?;
    page.counter(&family("turnpike_connections", "Connections accepted", None), totals.accepted)?;
    let relayed = family("turnpike_relayed", "Payload relayed, by direction", Some(Unit::Bytes));
    let directions = [("to_client", totals.to_client), ("to_origin", totals.to_origin)];
    page.counters(&relayed, &directions.map(|(direction, bytes)| (("direction", direction), bytes)))?;
    let refusals = family("turnpike_refusals", "What clients did not get, by reason", None);
    let reasons: Vec<_> = totals.refused.iter().map(|(reason, count)| (("reason", *reason), *count)).collect();
    page.counters(&refusals, &reasons)?;
    let oldest = family("turnpike_lease_oldest", "Age of the oldest lease that is not settled", Some(Unit::Seconds));
    page.seconds(&oldest, status.oldest_lease.unwrap_or_default())?;
    if let Some(age) = status.contact_age {
        let contact = family("turnpike_feed_contact_age", "Since the store was last heard of", Some(Unit::Seconds));
        page.seconds(&contact, age)?;
    }
    let position = status.position.and_then(|position| u64::try_from(position.get()).ok()).unwrap_or(0);
    page.gauge(&family("turnpike_feed_position", "The last change that was applied", None), position)?;
    let unsettled = family("turnpike_unsettled", "Written and not booked yet", Some(Unit::Bytes));
    page.gauge(&unsettled, status.unsettled)?;
    let endpoints = family("turnpike_endpoints", "Ports of extracted endpoints that are listened on, by entry", None);
    let entries: Vec<_> = status.endpoints.iter().map(|(entry, count)| (("entry", entry.as_str()), *count)).collect();
    page.gauges(&endpoints, &entries)?;
    let dropped = family("turnpike_activity_dropped", "Failed connections that customers are not told of", None);
    page.counter(&dropped, status.activity_dropped)?;
    write_exits(page, &status.exits, exit_is_up)
}

fn write_exits(page: &mut Page<'_>, exits: &ExitCounts, host_is_up: bool) -> Result<(), Error> {
    let (up, down) = match (exits.up, exits.out) {
        // None was made: the host's own is the one there is.
        (0, 0) if host_is_up => (1, 0),
        (0, 0) => (0, 1),
        made => made,
    };
    let states = family("turnpike_exits", "Exits, by state", None);
    page.gauges(&states, &[(("state", "up"), up), (("state", "down"), down)])?;
    page.counter(&family("turnpike_exit_outages", "How often an exit went out", None), exits.outs)?;
    page.counter(&family("turnpike_exit_recoveries", "How often an exit came back", None), exits.recoveries)?;
    let probes = family("turnpike_exit_probes", "Probes of exits, by outcome", None);
    let well = exits.probes.saturating_sub(exits.failed_probes);
    page.counters(&probes, &[(("outcome", "well"), well), (("outcome", "failed"), exits.failed_probes)])?;
    let faults = family("turnpike_exit_faults", "Connections that failed by their exit, by its fault", None);
    let faults_found: Vec<_> = exits.faults.iter().map(|(fault, count)| (("fault", *fault), *count)).collect();
    page.counters(&faults, &faults_found)
}

const fn family(name: &'static str, help: &'static str, unit: Option<Unit>) -> Family {
    Family { name, help, unit }
}

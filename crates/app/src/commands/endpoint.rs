//! `turnpike endpoint …`: ports that are given out to customers.

use std::io::Write;

use anyhow::Result;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::endpoint::EntryName;
use turnpike_domain::ids::EndpointId;
use turnpike_domain::place::{PlaceName, PlaceWish};
use turnpike_service::{EndpointDetails, EndpointFilter, Service};

use super::{acting, because, conclude, find, on_store};
use crate::cli::EndpointCommand;
use crate::settings::Settings;

/// How many endpoints are read at once.
const PAGE: u32 = 2_000;

/// Runs one of the commands about endpoints.
///
/// # Errors
/// When the store cannot be opened or the act is refused.
pub(crate) async fn endpoint(settings: &Settings, command: EndpointCommand) -> Result<()> {
    on_store(settings, false, async |backend| run(&backend.service, command).await).await
}

async fn run(service: &Service, command: EndpointCommand) -> Result<()> {
    match command {
        EndpointCommand::List { customer, entry, port } => {
            let customer = match customer {
                Some(who) => Some(find(service, &who).await?.id),
                None => None,
            };
            let entry = entry.as_deref().map(EntryName::parse).transpose()?;
            list(service, &EndpointFilter { customer, entry, port }).await
        }
        EndpointCommand::End { endpoints, manner } => {
            let endpoints: Vec<_> = endpoints.into_iter().map(EndpointId::new).collect();
            let count = endpoints.len();
            let actor = because(manner.reason.clone());
            acting(service, &manner).end_endpoints_as(&actor, endpoints).await?;
            writeln!(std::io::stdout().lock(), "{count} ended.")?;
            conclude(&manner)
        }
    }
}

async fn list(service: &Service, filter: &EndpointFilter) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:>8}  {:<12}  {:>5}  {:>8}  {:<30}  until", "id", "entry", "port", "customer", "leaves by")?;
    let mut after = 0;
    loop {
        let found = service.endpoints(filter, after, PAGE).await?;
        let Some(last) = found.last() else { return Ok(()) };
        after = last.id.get();
        for one in &found {
            let EndpointDetails { id, entry, port, customer, .. } = one;
            let until = one.ends_at.map_or_else(|| "as long as it is held".to_owned(), format_rfc3339);
            writeln!(
                out,
                "{:>8}  {:<12}  {port:>5}  {:>8}  {:<30}  {until}",
                id.get(),
                entry.as_str(),
                customer.get(),
                way_out(one)
            )?;
        }
    }
}

fn way_out(endpoint: &EndpointDetails) -> String {
    let PlaceWish { country, state, city } = &endpoint.place;
    let named: Vec<_> = [country, state, city].into_iter().flatten().map(PlaceName::as_str).collect();
    match endpoint.ip {
        Some(ip) => ip.to_string(),
        None if named.is_empty() => "any exit".to_owned(),
        None => named.join("/"),
    }
}

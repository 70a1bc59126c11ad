//! `turnpike node …`: machines that may run gateways.

use std::io::Write;

use anyhow::Result;
use turnpike_domain::ids::{FeedSeq, NodeId};
use turnpike_domain::time::Timestamp;
use turnpike_service::Service;

use super::{on_store, operator};
use crate::cli::NodeCommand;
use crate::settings::Settings;

/// Runs one of the commands about machines.
///
/// # Errors
/// When the store cannot be opened or the act is refused.
pub(crate) async fn node(settings: &Settings, command: NodeCommand) -> Result<()> {
    on_store(settings, matches!(command, NodeCommand::Add { .. }), async |backend| {
        run(&backend.service, command, &settings.zone).await
    })
    .await
}

async fn run(service: &Service, command: NodeCommand, zone: &str) -> Result<()> {
    let mut out = std::io::stdout();
    match command {
        NodeCommand::Add { name } => {
            // Alone on its line, so that it can be sent into the machine's credential file.
            writeln!(out, "{}", service.add_node_credential(&operator(), &name).await?)?;
        }
        NodeCommand::List => list(service, zone, &mut out).await?,
        NodeCommand::Revoke { name } => {
            service.revoke_node_credential(&operator(), &name).await?;
            writeln!(out, "{name} is revoked; its gateways end within seconds.")?;
        }
        NodeCommand::GiveUp { gateway } => {
            let leases = service.give_up_gateway(&operator(), NodeId::new(gateway)).await?;
            writeln!(out, "{leases} leases of gateway {gateway} lapse once it is silent.")?;
        }
    }
    Ok(())
}

async fn list(service: &Service, zone: &str, out: &mut impl Write) -> Result<()> {
    let show = |at: Timestamp| service.zone().format(at);
    writeln!(out, "{:<24} {:<20} {:<20}", "machine", "enrolled", "revoked")?;
    for one in service.list_node_credentials().await? {
        let revoked = one.revoked_at.map_or_else(|| "-".to_owned(), show);
        writeln!(out, "{:<24} {:<20} {:<20}", one.name, show(one.enrolled_at), revoked)?;
    }
    writeln!(out, "\n{:<22} {:<24} {:<20} {:>10} {:<20}", "gateway", "machine", "last heard of", "applied", "left")?;
    for node in service.list_nodes().await? {
        let machine = node.machine.unwrap_or_else(|| "(with the store)".to_owned());
        let applied = node.applied.map_or(0, FeedSeq::get);
        let left = node.left_at.map_or_else(|| "-".to_owned(), show);
        writeln!(out, "{:<22} {machine:<24} {:<20} {applied:>10} {left:<20}", node.id, show(node.last_contact))?;
    }
    writeln!(out, "\nTimes are in {zone}.")?;
    Ok(())
}

//! The gateway: where it asks, and how it is started.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use turnpike_domain::ids::NodeId;
use turnpike_gateway::port::Port;
use turnpike_gateway::ports::Supply;
use turnpike_gateway::settings::{OpenPort, Settings as GatewaySettings};
use turnpike_gateway::{Gateway, Ports};

use super::sockets::{Listening, Source};
use super::{Backend, Sockets};
use crate::entropy;
use crate::ports::InProcess;
use crate::settings::Settings;

/// The service acts of this process.
pub(crate) fn in_process(backend: &Backend) -> Supply {
    let ports = Arc::new(InProcess(backend.service.clone()));
    let passwords = backend.keys.passwords().clone();
    Supply { admission: ports.clone(), leases: ports, passwords, clock: entropy::now }
}

/// An API process elsewhere: waits until one takes the credential.
///
/// # Errors
/// When the link cannot be set up, or the credential is refused.
pub(crate) async fn linked(settings: &Settings, stop: CancellationToken) -> Result<Supply> {
    let link = settings.link.set_up(&settings.credential_file())?;
    let passwords = link.hello().await?;
    tokio::spawn(link.clone().follow_news(stop));
    let link = Arc::new(link);
    Ok(Supply { admission: link.clone(), leases: link, passwords, clock: entropy::now })
}

/// The name of the main port's sockets.
const MAIN: &str = "gateway";

/// Starts the gateway, which may not be used to reach `own` listeners.
///
/// # Errors
/// When it cannot start.
pub(super) async fn start(
    settings: &Settings,
    supply: Supply,
    own: &[SocketAddr],
    sockets: &Sockets,
) -> Result<Gateway> {
    check_exit(settings)?;
    let gateway = gateway_settings(settings, own);
    let listen = gateway.listen;
    let ports = ports(&gateway, sockets).with_context(|| format!("the gateway cannot listen on {listen}"))?;
    let fresh_node = NodeId::new(i64::from_le_bytes(entropy::bytes()));
    Gateway::start(gateway, ports, supply, fresh_node).await.context("the gateway cannot start")
}

/// Puts other settings in force, all or none.
///
/// # Errors
/// When the gateway cannot take them; the message begins with the key.
pub(super) async fn reload(
    gateway: &Gateway,
    settings: &Settings,
    own: &[SocketAddr],
    sockets: &Sockets,
) -> Result<()> {
    check_exit(settings)?;
    let next = gateway_settings(settings, own);
    let fresh = Mutex::new(Vec::new());
    let bind = |_, wish: &OpenPort| {
        let port = Port::bind(wish.listen, &next)?;
        fresh.lock().push((open_name(wish.listen), port.duplicates()?));
        Ok(port)
    };
    gateway.reload(next.clone(), bind).await?;
    let wished: Vec<String> = next.open.iter().map(|wish| open_name(wish.listen)).collect();
    sockets.release(|name| name.starts_with(OPEN) && !wished.iter().any(|wished| wished == name));
    for (name, duplicates) in fresh.into_inner() {
        hold(sockets, &name, duplicates, Source::Bound);
    }
    Ok(())
}

/// What the names of ports without credentials begin with: from systemd `gateway.open.N`, of our own by address.
const OPEN: &str = "gateway.open.";

fn open_name(listen: SocketAddr) -> String {
    format!("{OPEN}{listen}")
}

/// Every port, taken over or bound.
fn ports(settings: &GatewaySettings, sockets: &Sockets) -> io::Result<Ports> {
    let main = port(&[MAIN.to_owned()], settings.listen, settings, sockets)?;
    let open = settings.open.iter().enumerate().map(|(place, wish)| {
        let names = [format!("{OPEN}{place}"), open_name(wish.listen)];
        port(&names, wish.listen, settings, sockets)
    });
    Ok(Ports { main, open: open.collect::<io::Result<_>>()? })
}

/// One port under the first of these names that it was given, or bound and held under the last.
fn port(names: &[String], listen: SocketAddr, settings: &GatewaySettings, sockets: &Sockets) -> io::Result<Port> {
    for name in names {
        let found = sockets.inherited(name, listen);
        if let Some(source) = found.first().map(|listening| listening.source) {
            let adopted = Port::adopt(found.into_iter().map(|listening| listening.socket).collect(), settings)?;
            hold(sockets, name, adopted.duplicates()?, source);
            return Ok(adopted);
        }
    }
    let bound = Port::bind(listen, settings)?;
    if let Some(name) = names.last() {
        hold(sockets, name, bound.duplicates()?, Source::Bound);
    }
    Ok(bound)
}

fn hold(sockets: &Sockets, name: &str, duplicates: Vec<TcpListener>, source: Source) {
    for socket in duplicates {
        sockets.hold(name, Listening { socket, source });
    }
}

/// Takes the gateway down; a successor that has the same sockets serves what is queued in them.
pub(super) async fn end(gateway: &Gateway, grace: Duration, succeeded: bool) {
    if succeeded {
        gateway.hand_over(grace).await;
    } else {
        gateway.drain(grace).await;
    }
}

/// Whether connections can leave by the address that is set.
///
/// # Errors
/// When this host does not have it.
pub(super) fn check_exit(settings: &Settings) -> Result<()> {
    if let Some(exit) = settings.gateway.exit.bind {
        let bound = std::net::UdpSocket::bind((exit, 0));
        bound.with_context(|| format!("gateway.exit.bind: this host cannot leave by {exit}"))?;
    }
    Ok(())
}

/// The gateway's own section, with what stands elsewhere: the spool's place, destinations, and our other listeners.
pub(super) fn gateway_settings(settings: &Settings, own: &[SocketAddr]) -> GatewaySettings {
    let mut gateway = settings.gateway.clone();
    gateway.spool = settings.spool_file();
    gateway.destinations = settings.destinations.clone();
    gateway.entries = settings.extraction.own(settings.gateway.listen);
    gateway.destinations.own_listeners.extend(own);
    gateway
}

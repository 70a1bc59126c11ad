//! The gateway: where it asks, and how it is started.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;
use turnpike_domain::ids::NodeId;
use turnpike_domain::secret::MacKey;
use turnpike_gateway::Gateway;
use turnpike_gateway::ports::{Admission, Leases};

use super::{Backend, Sockets};
use crate::entropy;
use crate::ports::InProcess;
use crate::settings::Settings;

/// Where a gateway learns who may connect and gets its traffic, and the key that passwords are compared with.
pub(crate) struct Supply {
    pub(crate) admission: Arc<dyn Admission>,
    pub(crate) leases: Arc<dyn Leases>,
    pub(crate) passwords: MacKey,
}

impl Supply {
    /// An API process elsewhere: waits until one takes the credential.
    ///
    /// # Errors
    /// When the link cannot be set up, or the credential is refused.
    pub(crate) async fn linked(settings: &Settings, stop: CancellationToken) -> Result<Self> {
        let link = settings.link.set_up(&settings.credential_file())?;
        let passwords = link.hello().await?;
        tokio::spawn(link.clone().follow_news(stop));
        let link = Arc::new(link);
        Ok(Self { admission: link.clone(), leases: link, passwords })
    }

    /// The service acts of this process.
    pub(crate) fn in_process(backend: &Backend) -> Self {
        let ports = Arc::new(InProcess(backend.service.clone()));
        Self { admission: ports.clone(), leases: ports, passwords: backend.keys.passwords().clone() }
    }
}

/// Starts the gateway, which may not be used to reach `own` listeners.
///
/// # Errors
/// When it cannot start.
pub(super) async fn start(
    settings: &Settings,
    supply: Supply,
    own: &[SocketAddr],
    _sockets: &Sockets,
) -> Result<Gateway> {
    check_exit(settings)?;
    let gateway = gateway_settings(settings, own);
    let listen = gateway.listen;
    let fresh_node = NodeId::new(i64::from_le_bytes(entropy::bytes()));
    Gateway::start(gateway, supply.admission, supply.leases, supply.passwords, fresh_node)
        .await
        .with_context(|| format!("the gateway cannot start on {listen}"))
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
pub(super) fn gateway_settings(settings: &Settings, own: &[SocketAddr]) -> turnpike_gateway::settings::Settings {
    let mut gateway = settings.gateway.clone();
    gateway.spool = settings.spool_file();
    gateway.destinations = settings.destinations.clone();
    gateway.destinations.own_listeners.extend(own);
    gateway
}

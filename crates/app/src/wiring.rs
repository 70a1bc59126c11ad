//! How the parts are put together, and how they are taken down again in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turnpike_domain::ids::NodeId;
use turnpike_gateway::Gateway;
use turnpike_service::{Keys, Service, Source};
use turnpike_store::Store;

use crate::ports::InProcess;
use crate::settings::Settings;
use crate::{entropy, jobs, keys};

/// A store opened with the keys that its secrets are sealed with.
pub(crate) struct Backend {
    pub(crate) store: Store,
    pub(crate) service: Service,
    keys: Keys,
}

/// Opens the store and everything that needs no listener. Enough for an operator's command.
///
/// # Errors
/// When the data folder, the master key or the store cannot be opened.
pub(crate) async fn open(settings: &Settings) -> Result<Backend> {
    make_folder(settings)?;
    let key_file = settings.master_key_file();
    let kept = keys::load(&key_file)?;
    let master = kept.unwrap_or_else(entropy::bytes);
    let keys = Keys::derive(&master);
    let uri = settings.store_uri();
    let store = Store::open(uri.reveal()).await.with_context(|| format!("cannot open the store {uri:?}"))?;
    let service = Service::new(
        store.clone(),
        keys.clone(),
        settings.zone()?,
        settings.leases.policy(),
        Source::new(entropy::now, entropy::fill),
    );
    // Only a store without secrets may get a new key: others need the one that they were sealed with.
    service
        .check_keys()
        .await
        .with_context(|| format!("the master key {} does not fit the store", key_file.display()))?;
    if kept.is_none() {
        keys::keep(&key_file, &master)?;
    }
    Ok(Backend { store, service, keys })
}

/// The data folder, readable by its owner only.
fn make_folder(settings: &Settings) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&settings.data)
        .with_context(|| format!("cannot make the data folder {}", settings.data.display()))
}

/// API, gateway and jobs, running.
pub(crate) struct Running {
    pub(crate) backend: Backend,
    pub(crate) api: SocketAddr,
    pub(crate) gateway: SocketAddr,
    data_plane: Gateway,
    stop: CancellationToken,
    tasks: TaskTracker,
    grace: Duration,
}

/// Starts everything on an open store. Nothing is served before all listeners are bound.
///
/// # Errors
/// When an address cannot be bound or the gateway cannot start.
pub(crate) async fn start(settings: &Settings, backend: Backend) -> Result<Running> {
    if let Some(exit) = settings.gateway.exit.bind {
        let bound = std::net::UdpSocket::bind((exit, 0));
        bound.with_context(|| format!("gateway.exit.bind: this host cannot leave by {exit}"))?;
    }
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let listener = TcpListener::bind(settings.api.listen)
        .await
        .with_context(|| format!("the API cannot listen on {}", settings.api.listen))?;
    let api = listener.local_addr()?;
    let ports = Arc::new(InProcess(backend.service.clone()));
    let gateway_settings = gateway_settings(settings, api);
    let listen = gateway_settings.listen;
    let fresh_node = NodeId::new(i64::from_le_bytes(entropy::bytes()));
    let passwords = backend.keys.passwords().clone();
    let data_plane = Gateway::start(gateway_settings, ports.clone(), ports, passwords, fresh_node)
        .await
        .with_context(|| format!("the gateway cannot start on {listen}"))?;
    let gateway = data_plane.local_addr();
    let router = turnpike_api::router(backend.service.clone(), settings.api.answers.clone());
    tasks.spawn(turnpike_api::serve(listener, router, settings.api.server.clone(), stop.clone()));
    jobs::start(&backend.service, &settings.jobs, &tasks, &stop);
    tasks.close();
    tracing::info!(%api, %gateway, "serving");
    let grace = Duration::from_secs(settings.drain_s);
    Ok(Running { backend, api, gateway, data_plane, stop, tasks, grace })
}

/// The gateway's own section, with what stands elsewhere: the spool's place, destinations, and our other listeners.
fn gateway_settings(settings: &Settings, api: SocketAddr) -> turnpike_gateway::settings::Settings {
    let mut gateway = settings.gateway.clone();
    gateway.spool = settings.spool_file();
    gateway.destinations = settings.destinations.clone();
    gateway.destinations.own_listeners.push(api);
    gateway
}

impl Running {
    /// Serves until SIGTERM or SIGINT, then drains: no new connections, open tunnels and requests may end within the
    /// grace, every lease is settled. A second signal ends the grace.
    ///
    /// # Errors
    /// When signals cannot be awaited.
    pub(crate) async fn until_signal(self) -> Result<()> {
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        wait(&mut term, &mut int).await;
        tracing::info!(grace_s = self.grace.as_secs(), "draining");
        self.stop.cancel();
        tokio::select! {
            () = self.data_plane.drain(self.grace) => {}
            () = wait(&mut term, &mut int) => {
                tracing::info!("second signal: ending what is open");
                self.data_plane.drain(Duration::ZERO).await;
            }
        }
        self.tasks.wait().await;
        self.backend.store.close().await;
        tracing::info!("drained");
        Ok(())
    }
}

async fn wait(term: &mut tokio::signal::unix::Signal, int: &mut tokio::signal::unix::Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

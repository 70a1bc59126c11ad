//! Starting everything, and taking it down in order: stop accepting, drain, settle leases, end requests, close the
//! store.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turnpike_api::Surface;
use turnpike_gateway::Gateway;
use turnpike_gateway::ports::PortError;

use super::own_listeners::OwnListeners;
use super::planes::planes;
use super::{Backend, Parts, Sockets, data_plane};
use crate::jobs;
use crate::settings::Settings;

/// A process that serves.
pub(crate) struct Running {
    backend: Option<Backend>,
    listeners: OwnListeners,
    data_plane: Option<Gateway>,
    sockets: Sockets,
    stop: CancellationToken,
    tasks: TaskTracker,
    grace: Duration,
}

/// Starts what `parts` has. Nothing is served before all listeners are bound.
///
/// # Errors
/// When an address cannot be bound or the gateway cannot start.
pub(crate) async fn start(settings: &Settings, parts: Parts, sockets: Sockets) -> Result<Running> {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let mut listeners = OwnListeners::default();
    let mut bound = Vec::new();
    for plane in parts.backend.iter().flat_map(|backend| planes(settings, backend)) {
        let listener = TcpListener::from_std(sockets.one(plane.name, plane.listen)?)?;
        listeners.add(plane.name, listener.local_addr()?);
        bound.push((listener, Surface::new(plane.router, plane.server)));
    }
    let data_plane = match parts.supply {
        Some(supply) => Some(data_plane::start(settings, supply, &listeners.addresses(), &sockets).await?),
        None => None,
    };
    for (listener, surface) in bound {
        tasks.spawn(turnpike_api::serve(listener, surface, stop.clone()));
    }
    if let Some(backend) = &parts.backend {
        jobs::start(&backend.service, &settings.jobs, &tasks, &stop);
    }
    tasks.close();
    let running = Running {
        backend: parts.backend,
        listeners,
        data_plane,
        sockets,
        stop,
        tasks,
        grace: Duration::from_secs(settings.drain_s),
    };
    let (api, gateway) = (running.address("api"), running.gateway());
    tracing::info!(api = api.map(tracing::field::display), gateway = gateway.map(tracing::field::display), "serving");
    Ok(running)
}

impl Running {
    /// Where the listener of that name is; `gateway` is the gateway's.
    pub(crate) fn address(&self, name: &str) -> Option<SocketAddr> {
        self.listeners.of(name)
    }

    /// Where clients of the gateway connect to.
    pub(crate) fn gateway(&self) -> Option<SocketAddr> {
        self.data_plane.as_ref().map(Gateway::local_addr)
    }

    /// Serves until SIGTERM or SIGINT, then drains: no new connections, open tunnels and requests may end within the
    /// grace, every lease is settled. A second signal ends the grace.
    ///
    /// # Errors
    /// When signals cannot be awaited, or when another process has taken over the gateway's identity.
    pub(crate) async fn until_signal(self) -> Result<()> {
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let fenced = tokio::select! {
            () = either(&mut term, &mut int) => false,
            () = self.fenced() => true,
        };
        self.shut_down(async || either(&mut term, &mut int).await).await;
        if fenced { Err(PortError::Fenced.into()) } else { Ok(()) }
    }

    /// Resolves when the gateway may not go on.
    async fn fenced(&self) {
        match &self.data_plane {
            Some(gateway) => gateway.fenced().await,
            None => std::future::pending().await,
        }
    }

    /// Takes everything down. `hurry` ends the grace.
    async fn shut_down(self, hurry: impl AsyncFnOnce()) {
        tracing::info!(grace_s = self.grace.as_secs(), "draining");
        self.stop.cancel();
        self.sockets.close();
        if let Some(gateway) = &self.data_plane {
            tokio::select! {
                () = gateway.drain(self.grace) => {}
                () = hurry() => {
                    tracing::info!("second signal: ending what is open");
                    gateway.drain(Duration::ZERO).await;
                }
            }
        }
        self.tasks.wait().await;
        if let Some(backend) = &self.backend {
            backend.store.close().await;
        }
        tracing::info!("drained");
    }
}

async fn either(term: &mut Signal, int: &mut Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

//! Starting everything, and taking it down in order: stop accepting, drain, settle leases, end requests, close the
//! store.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turnpike_api::Surface;
use turnpike_gateway::Gateway;

use super::own_listeners::OwnListeners;
use super::planes::planes;
use super::{Backend, Parts, Sockets, data_plane};
use crate::control::SocketName;
use crate::jobs;
use crate::reload::Changes;
use crate::settings::{JobSettings, Settings};

/// A process that serves.
pub(crate) struct Running {
    backend: Option<Backend>,
    listeners: OwnListeners,
    surfaces: Vec<(&'static str, Surface)>,
    data_plane: Option<Gateway>,
    paces: watch::Sender<JobSettings>,
    sockets: Sockets,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Starts what `parts` has. Nothing is served before all listeners are bound.
///
/// # Errors
/// When an address cannot be bound or the gateway cannot start.
pub(crate) async fn start(settings: &Settings, parts: Parts, sockets: Sockets) -> Result<Running> {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let mut listeners = OwnListeners::default();
    let (mut bound, mut surfaces) = (Vec::new(), Vec::new());
    for plane in parts.backend.iter().flat_map(|backend| planes(settings, backend)) {
        let listener = TcpListener::from_std(sockets.one(plane.name, plane.listen)?)?;
        listeners.add(plane.name, listener.local_addr()?);
        let surface = Surface::new(plane.router, plane.server);
        bound.push((listener, surface.clone()));
        surfaces.push((plane.name, surface));
    }
    let data_plane = match parts.supply {
        Some(supply) => Some(data_plane::start(settings, supply, &listeners.addresses(), &sockets).await?),
        None => None,
    };
    for (listener, surface) in bound {
        tasks.spawn(turnpike_api::serve(listener, surface, stop.clone()));
    }
    let paces = watch::Sender::new(settings.jobs.clone());
    if let Some(backend) = &parts.backend {
        jobs::start(&backend.service, &paces, &tasks, &stop);
    }
    tasks.close();
    let running = Running { backend: parts.backend, listeners, surfaces, data_plane, paces, sockets, stop, tasks };
    let (api, gateway) = (running.address("api"), running.gateway());
    tracing::info!(api = api.map(tracing::field::display), gateway = gateway.map(tracing::field::display), "serving");
    Ok(running)
}

impl Running {
    /// Where the listener of that name is.
    pub(crate) fn address(&self, name: &str) -> Option<SocketAddr> {
        self.listeners.of(name)
    }

    /// Where clients of the gateway connect to.
    pub(crate) fn gateway(&self) -> Option<SocketAddr> {
        self.data_plane.as_ref().map(Gateway::local_addr)
    }

    /// Resolves when the gateway may not go on.
    pub(crate) async fn fenced(&self) {
        match &self.data_plane {
            Some(gateway) => gateway.fenced().await,
            None => std::future::pending().await,
        }
    }

    /// Every listening socket, for a successor.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub(crate) fn sockets(&self) -> std::io::Result<Vec<(SocketName, OwnedFd)>> {
        self.sockets.duplicates()
    }

    /// Puts other settings in force, all or none.
    ///
    /// # Errors
    /// When a part cannot take them; the message begins with the key.
    pub(crate) fn apply(&self, settings: &Settings, changes: &Changes) -> Result<()> {
        if changes.touch("gateway.exit") {
            data_plane::check_exit(settings)?;
        }
        let Some(backend) = &self.backend else { return Ok(()) };
        for plane in planes(settings, backend) {
            // A router that did not change keeps what it remembers.
            if changes.touch(plane.name) {
                let (_, surface) =
                    self.surfaces.iter().find(|(name, _)| *name == plane.name).context("a listener is missing")?;
                surface.replace(plane.router, plane.server);
            }
        }
        if changes.touch("leases") {
            backend.service.set_lease_policy(settings.leases.policy());
        }
        self.paces.send_replace(settings.jobs.clone());
        Ok(())
    }

    /// Takes everything down. `hurry` ends the grace.
    pub(crate) async fn shut_down(self, grace: Duration, hurry: impl AsyncFnOnce()) {
        tracing::info!(grace_s = grace.as_secs(), "draining");
        self.stop.cancel();
        self.sockets.close();
        if let Some(gateway) = &self.data_plane {
            tokio::select! {
                () = gateway.drain(grace) => {}
                () = hurry() => {
                    tracing::info!("ending what is open");
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

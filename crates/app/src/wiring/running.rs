//! Starting everything, and taking it down in order: stop accepting, drain, settle leases, end requests, close the
//! store.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turnpike_api::Surface;
use turnpike_gateway::Gateway;
use turnpike_gateway::ports::Fence;
use turnpike_link::tls::TlsAcceptor;

use super::own_listeners::OwnListeners;
use super::planes::{NODES, Plane, planes};
use super::{Backend, Parts, Sockets, data_plane};
use crate::control::SocketName;
use crate::jobs;
use crate::reload::Changes;
use crate::settings::{JobSettings, Settings};
use crate::watch::{Requests, Vitals, Watch};

/// A process that serves.
pub(crate) struct Running {
    backend: Option<Backend>,
    listeners: OwnListeners,
    surfaces: Vec<(&'static str, Surface)>,
    data_plane: Option<Arc<Gateway>>,
    vitals: Arc<Vitals>,
    watch: Option<Watch>,
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
    let (stop, tasks, requests) = (CancellationToken::new(), TaskTracker::new(), Arc::new(Requests::default()));
    let Parts { backend, supply } = parts;
    let mut bound = Bound::default();
    if let Some(backend) = &backend {
        for plane in planes(settings, backend, &requests)? {
            bound.add(plane, &sockets)?;
        }
    }
    let watch = settings.watch.listen.map(|listen| bound.watch(listen, &sockets)).transpose()?;
    let data_plane = match supply {
        Some(supply) => Some(Arc::new(data_plane::start(settings, supply, &bound.names.addresses(), &sockets).await?)),
        None => None,
    };
    sockets.close_unclaimed();
    let vitals = Arc::new(Vitals::new(data_plane.clone(), backend.as_ref(), requests));
    vitals.follow(settings);
    let watch = watch.map(|socket| Watch::start(socket, Arc::clone(&vitals))).transpose()?;
    tasks.spawn(Arc::clone(&vitals).probe(stop.clone()));
    let surfaces = bound.serve(&tasks, &stop);
    let paces = watch::Sender::new(settings.jobs.clone());
    if let Some(backend) = &backend {
        jobs::start(&backend.service, &paces, &tasks, &stop);
    }
    tasks.close();
    let listeners = bound.names;
    let running = Running { backend, listeners, surfaces, data_plane, vitals, watch, paces, sockets, stop, tasks };
    let (api, gateway) = (running.address("api"), running.gateway());
    tracing::info!(api = api.map(tracing::field::display), gateway = gateway.map(tracing::field::display), "serving");
    Ok(running)
}

/// The listeners that are bound and not served yet.
#[derive(Default)]
struct Bound {
    names: OwnListeners,
    planes: Vec<(&'static str, TcpListener, Surface)>,
}

impl Bound {
    fn add(&mut self, plane: Plane, sockets: &Sockets) -> Result<()> {
        let listener = TcpListener::from_std(sockets.one(plane.name, plane.listen)?)?;
        self.names.add(plane.name, listener.local_addr()?);
        let surface = Surface::new(plane.router, plane.server);
        let surface = match plane.tls {
            Some(tls) => surface.over_tls(tls),
            None => surface,
        };
        self.planes.push((plane.name, listener, surface));
        Ok(())
    }

    fn watch(&mut self, listen: SocketAddr, sockets: &Sockets) -> Result<std::net::TcpListener> {
        let socket = sockets.one("watch", listen)?;
        self.names.add("watch", socket.local_addr()?);
        Ok(socket)
    }

    /// Serves all of them until `stop`; what can be exchanged meanwhile.
    fn serve(&mut self, tasks: &TaskTracker, stop: &CancellationToken) -> Vec<(&'static str, Surface)> {
        let serve = |(name, listener, surface): (_, _, Surface)| {
            tasks.spawn(turnpike_api::serve(listener, surface.clone(), stop.clone()));
            (name, surface)
        };
        self.planes.drain(..).map(serve).collect()
    }
}

impl Running {
    /// Where the listener of that name is.
    pub(crate) fn address(&self, name: &str) -> Option<SocketAddr> {
        self.listeners.of(name)
    }

    /// Where clients of the gateway connect to.
    pub(crate) fn gateway(&self) -> Option<SocketAddr> {
        self.data_plane.as_ref().map(|gateway| gateway.local_addr())
    }

    /// Resolves when the gateway may not go on.
    pub(crate) async fn fenced(&self) -> Fence {
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
    pub(crate) async fn apply(&self, settings: &Settings, changes: &Changes) -> Result<()> {
        // The gateway is the only part that can still refuse.
        if let Some(gateway) = &self.data_plane
            && (changes.touch("gateway") || changes.touch("destinations"))
        {
            data_plane::reload(gateway, settings, &self.listeners.addresses(), &self.sockets).await?;
        }
        self.vitals.follow(settings);
        let Some(backend) = &self.backend else { return Ok(()) };
        for plane in planes(settings, backend, &self.vitals.requests)? {
            // A router that did not change keeps what it remembers.
            if plane.follows(changes) {
                let (_, surface) =
                    self.surfaces.iter().find(|(name, _)| *name == plane.name).context("a listener is missing")?;
                surface.replace(plane.router, plane.server);
            }
        }
        if changes.touch("leases") {
            backend.service.set_lease_policy(settings.lease_policy());
        }
        if changes.touch("shop") {
            backend.service.set_shop(settings.shop.settings()?);
            backend.service.set_static_ip_rules(settings.static_ip_rules());
        }
        if changes.touch("exits") {
            backend.service.set_exit_rules(settings.exits.rules()?);
        }
        if changes.touch("extraction") {
            backend.service.set_extraction_rules(settings.extraction_rules());
        }
        if changes.touch("activity") {
            backend.service.keep_activity_for(settings.activity.kept_for());
        }
        self.paces.send_replace(settings.jobs.clone());
        Ok(())
    }

    /// Shows gateways on other machines another certificate.
    pub(crate) fn show_certificate(&self, tls: TlsAcceptor) {
        if let Some((_, surface)) = self.surfaces.iter().find(|(name, _)| *name == NODES) {
            surface.replace_tls(tls);
        }
    }

    /// Takes everything down. `hurry` ends the grace. Without a successor, watchers are answered until the end.
    pub(crate) async fn shut_down(mut self, succeeded: bool, grace: Duration, hurry: impl AsyncFnOnce()) {
        tracing::info!(grace_s = grace.as_secs(), "draining");
        self.vitals.drain();
        self.stop.cancel();
        self.sockets.close();
        if succeeded && let Some(watch) = self.watch.take() {
            watch.stop().await;
        }
        if let Some(gateway) = &self.data_plane {
            tokio::select! {
                () = data_plane::end(gateway, grace, succeeded) => {}
                () = hurry() => {
                    tracing::info!("ending what is open");
                    data_plane::end(gateway, Duration::ZERO, succeeded).await;
                }
            }
        }
        self.tasks.wait().await;
        if let Some(backend) = &self.backend {
            backend.store.close().await;
        }
        if let Some(watch) = self.watch {
            watch.stop().await;
        }
        tracing::info!("drained");
    }
}

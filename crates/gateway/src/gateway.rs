//! Starting and stopping a gateway: the spool is settled first, the directory loaded, then the port opened; in the
//! end connections go first and leases last.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use turnpike_domain::destination::DestinationPolicy;
use turnpike_domain::ids::{Incarnation, NodeId};
use turnpike_domain::secret::MacKey;
use turnpike_spool::{Spool, SpoolError};

use crate::directory::Directory;
use crate::follower::Follower;
use crate::listener::{Listeners, Port, Shared};
use crate::ports::{Admission, Leases, PortError};
use crate::settings::Settings;
use crate::teller::{self, Teller};

/// How long a drained gateway tries to say goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running gateway. Dropping it resets every connection and leaves its leases in the spool.
pub struct Gateway {
    address: SocketAddr,
    admission: Arc<dyn Admission>,
    node: Incarnation,
    /// `None` once it is drained or fenced.
    listeners: Arc<Mutex<Option<Listeners>>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    fenced: CancellationToken,
    _stop_when_dropped: DropGuard,
}

/// What keeps a gateway from starting.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The spool file cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The port cannot be opened.
    #[error("cannot listen: {0}")]
    Listen(#[from] io::Error),
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] PortError),
}

impl Gateway {
    /// Settles what a process before this one left behind, loads the directory and starts serving. `fresh_node` is
    /// drawn at random; it becomes this gateway's identity if its spool file is new. The follower and the teller run
    /// on the caller's runtime, the connections on threads of their own.
    ///
    /// # Errors
    /// [`StartError`]. Nothing is served then.
    pub async fn start(
        settings: Settings,
        admission: Arc<dyn Admission>,
        leases: Arc<dyn Leases>,
        password_key: MacKey,
        fresh_node: NodeId,
    ) -> Result<Self, StartError> {
        let port = Port::bind(&settings)?;
        let policy = Arc::new(destination_policy(&settings, port.address())?);
        let spool = open_spool(&settings, leases.as_ref(), fresh_node).await?;
        let staleness = Duration::from_secs(settings.staleness_s);
        let directory = Arc::new(Directory::new(password_key, staleness, settings.deadlines.clone()));
        let (tasks, stop, fenced) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
        let (node, port_of_follower) = (spool.incarnation(), Arc::clone(&admission));
        let follower = Follower::start(port_of_follower, Arc::clone(&directory), node, fenced.clone()).await?;
        tasks.spawn(follower.run(stop.clone()));
        tasks.spawn(Teller::new(leases, spool, Arc::clone(directory.desk()), fenced.clone()).run(stop.clone()));
        let guard = stop.clone().drop_guard();
        let address = port.address();
        let listeners =
            port.serve(&Shared { settings: Arc::new(settings), directory, policy, occupancy: Arc::default() })?;
        let listeners = Arc::new(Mutex::new(Some(listeners)));
        tasks.spawn(end_when_fenced(fenced.clone(), stop.clone(), Arc::clone(&listeners)));
        tasks.close();
        Ok(Self { address, admission, node, listeners, tasks, stop, fenced, _stop_when_dropped: guard })
    }

    /// Where clients connect to.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Resolves when another process has taken over this gateway's identity. Nothing is accepted then, and every connection
    /// is reset; the process should end.
    pub async fn fenced(&self) {
        self.fenced.cancelled().await;
    }

    /// Stops accepting, lets connections end until `grace` has passed, resets the rest, and settles every lease. May be
    /// dropped and called again with another grace.
    pub async fn drain(&self, grace: Duration) {
        let mut listeners = self.listeners.lock().await;
        if let Some(open) = listeners.as_mut() {
            open.drain();
            tokio::select! {
                () = open.ended() => {}
                () = self.fenced.cancelled() => {}
                () = tokio::time::sleep(grace) => tracing::warn!("connections are still open; resetting them"),
            }
        }
        end(listeners.take()).await;
        drop(listeners);
        self.stop.cancel();
        self.tasks.wait().await;
        // A courtesy: without it receipts count this gateway until it has been silent for too long.
        if !self.fenced.is_cancelled()
            && let Ok(Err(error)) = tokio::time::timeout(FAREWELL, self.admission.leave(self.node)).await
        {
            tracing::warn!(%error, "the store did not hear that this gateway leaves");
        }
    }
}

/// Once fenced, ends every connection. A drain that is under way does so itself.
async fn end_when_fenced(fenced: CancellationToken, stop: CancellationToken, listeners: Arc<Mutex<Option<Listeners>>>) {
    if stop.run_until_cancelled(fenced.cancelled()).await.is_some() {
        end(listeners.lock().await.take()).await;
    }
}

/// Resets what is open and joins the threads.
async fn end(listeners: Option<Listeners>) {
    if let Err(error) = tokio::task::spawn_blocking(move || drop(listeners)).await {
        tracing::error!(%error, "the gateway's threads could not be joined");
    }
}

async fn open_spool(settings: &Settings, leases: &dyn Leases, fresh_node: NodeId) -> Result<Spool, StartError> {
    let opened = Spool::open(&settings.spool, settings.spool_slots, fresh_node)?;
    let (spool, found, damaged) = (opened.spool, opened.found, opened.damaged);
    if !damaged.is_empty() {
        tracing::error!(slots = ?damaged, "damaged lease slots; what was used of their leases is not billed");
    }
    if !found.is_empty() {
        tracing::info!(leases = found.len(), "settling what an earlier process left behind");
    }
    if u32::try_from(spool.capacity()) != Ok(settings.spool_slots) {
        let (slots, wanted) = (spool.capacity(), settings.spool_slots);
        tracing::warn!(slots, wanted, "the spool file keeps the number of slots it was made with");
    }
    teller::settle_found(leases, &spool, found).await?;
    Ok(spool)
}

/// What may be connected to, given where this gateway itself listens.
fn destination_policy(settings: &Settings, listen: SocketAddr) -> io::Result<DestinationPolicy> {
    let destinations = &settings.destinations;
    let own = destinations.own_listeners.iter().copied().chain([listen]);
    let interfaces = nix::ifaddrs::getifaddrs()?;
    let local_addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| v4.ip().into());
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
    });
    Ok(DestinationPolicy {
        allow_ports: destinations.allow_ports.clone(),
        allow_cidrs: destinations.allow_cidrs.clone(),
        own: own.collect(),
        local_addresses: local_addresses.collect(),
    })
}

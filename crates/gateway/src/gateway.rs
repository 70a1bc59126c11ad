//! Starting, changing and stopping a gateway: spools are settled first, the directory loaded, then the ports opened; in
//! the end connections go first and leases last.

mod rules;
mod spools;
mod status;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use turnpike_domain::account::Username;
use turnpike_domain::ids::{Incarnation, NodeId};
use turnpike_spool::SpoolError;

use crate::activity::ActivityKeeper;
use crate::directory::Directory;
use crate::endpoints::Endpoints;
use crate::exit::{Checker, Prober, Ward};
use crate::exits::PinKeeper;
use crate::explain::Explainer;
use crate::fencing::Fencing;
use crate::follower::Follower;
use crate::line::Door;
use crate::listener::{Listeners, Rules, Shared};
use crate::port::Port;
use crate::ports::{Admission, Fence, PortError, Supply};
use crate::seats::usher::Usher;
use crate::settings::{OpenPort, Settings};
use crate::teller::Teller;

pub use rules::ReloadError;
pub use status::Status;

/// How long a drained gateway tries to say goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

/// The ports of a gateway, bound.
#[derive(Debug)]
pub struct Ports {
    /// Where clients log in.
    pub main: Port,
    /// Those for listed sources, in the order of [`Settings::open`].
    pub open: Vec<Port>,
}

impl Ports {
    /// Binds all of them.
    ///
    /// # Errors
    /// An address cannot be bound.
    pub fn bind(settings: &Settings) -> io::Result<Self> {
        let open = settings.open.iter().map(|open| Port::bind(open.listen, settings)).collect::<io::Result<_>>()?;
        Ok(Self { main: Port::bind(settings.listen, settings)?, open })
    }
}

/// A port for listed sources while it serves.
struct Opened {
    wish: OpenPort,
    port: Port,
    closing: CancellationToken,
}

/// The ports that are served.
struct Doors {
    main: Port,
    open: parking_lot::Mutex<Vec<Opened>>,
}

impl Doors {
    /// Closes this process' own copies, so that none outlives those of the threads.
    fn close(&self) {
        self.main.close();
        self.open.lock().iter().for_each(|open| open.port.close());
    }
}

/// A running gateway. Dropping it resets every connection and leaves its leases in the spool.
pub struct Gateway {
    doors: Arc<Doors>,
    shared: Shared,
    endpoints: Arc<Endpoints>,
    admission: Arc<dyn Admission>,
    node: Incarnation,
    /// `None` once it is drained or fenced.
    listeners: Arc<Mutex<Option<Listeners>>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    fencing: Fencing,
    _stop_when_dropped: DropGuard,
}

/// What keeps a gateway from starting.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The spool file cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A port cannot be opened.
    #[error("cannot listen: {0}")]
    Listen(#[from] io::Error),
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] PortError),
    /// A port for listed sources names what can be no account.
    #[error("gateway.open: {0:?} can be no account's name")]
    Account(String),
}

impl Gateway {
    /// Settles what processes before this one left behind, loads the directory and starts serving. `fresh_node` is
    /// drawn at random; it becomes this gateway's identity if its spool file is new. The follower and the teller run
    /// on the caller's runtime, the connections on threads of their own.
    ///
    /// # Errors
    /// [`StartError`]. Nothing is served then.
    pub async fn start(
        settings: Settings,
        ports: Ports,
        supply: Supply,
        fresh_node: NodeId,
    ) -> Result<Self, StartError> {
        let Ports { main, open } = ports;
        let Supply { admission, leases, passwords, clock } = supply;
        let doors = settings.open.iter().map(door).collect::<Result<Vec<_>, _>>()?;
        let own = std::iter::once(&main).chain(&open).map(Port::address);
        let policy = Arc::new(rules::policy(&settings, own)?);
        let spool = spools::open(&settings, admission.as_ref(), leases.as_ref(), fresh_node).await?;
        let staleness = Duration::from_secs(settings.staleness_s);
        let directory = Arc::new(Directory::new((passwords, clock), staleness, settings.deadlines.clone()));
        let (stop, fencing) = (CancellationToken::new(), Fencing::default());
        let (node, tasks) = (spool.incarnation(), TaskTracker::new());
        let listening = std::iter::once(&main).chain(&open).map(Port::address).collect();
        let endpoints = Arc::new(Endpoints::new(Arc::clone(&directory), settings.clone(), listening));
        let rules = Arc::new(ArcSwap::from_pointee(Rules { settings: Arc::new(settings), policy }));
        let explainer = Arc::new(Explainer::new(Arc::clone(&directory), Arc::clone(&rules)));
        let ward = Arc::<Ward>::default();
        let checker = Arc::new(Checker::new(Arc::clone(&directory), Arc::clone(&ward), Arc::clone(&rules)));
        let known = (Arc::clone(&directory), Arc::clone(&endpoints), explainer, checker);
        let follower = Follower::start(Arc::clone(&admission), known, node, fencing.clone()).await?;
        tasks.spawn(follower.run(stop.clone()));
        let keeper = PinKeeper { port: Arc::clone(&admission), exits: Arc::clone(directory.exits()), node };
        tasks.spawn(keeper.run(stop.clone()));
        let keeper = ActivityKeeper { port: Arc::clone(&admission), desk: Arc::clone(directory.desk()), node };
        tasks.spawn(keeper.run(stop.clone()));
        let usher = Usher::new(Arc::clone(&leases), node, Arc::clone(directory.desk()), fencing.clone());
        tasks.spawn(usher.run(stop.clone()));
        tasks.spawn(Teller::new(leases, spool, Arc::clone(directory.desk()), fencing.clone()).run(stop.clone()));
        let guard = stop.clone().drop_guard();
        let shared = Shared { rules, directory, occupancy: Arc::default(), ward };
        let listeners = Listeners::start(&shared)?;
        let open = open_all(&listeners, &shared, (&main, open), doors)?;
        endpoints.serve(listeners.hands());
        tasks.spawn(Arc::clone(&endpoints).look_after(stop.clone()));
        let doors = Arc::new(Doors { main, open: parking_lot::Mutex::new(open) });
        let listeners = Arc::new(Mutex::new(Some(listeners)));
        let ending = end_when_fenced(fencing.clone(), Arc::clone(&doors), Arc::clone(&listeners));
        let unless_stopped = stop.clone();
        tasks.spawn(async move { unless_stopped.run_until_cancelled(ending).await });
        let prober = Prober::new(Arc::clone(&shared.directory), Arc::clone(&shared.ward), Arc::clone(&shared.rules));
        tasks.spawn(prober.run(stop.clone()));
        tasks.spawn(rules::follow_addresses(Arc::clone(&shared.rules), stop.clone()));
        tasks.close();
        Ok(Self {
            doors,
            shared,
            endpoints,
            admission,
            node,
            listeners,
            tasks,
            stop,
            fencing,
            _stop_when_dropped: guard,
        })
    }

    /// Where clients connect to.
    pub fn local_addr(&self) -> SocketAddr {
        self.doors.main.address()
    }

    /// Where clients of listed sources connect to, in the order they were opened.
    pub fn open_addrs(&self) -> Vec<SocketAddr> {
        self.doors.open.lock().iter().map(|open| open.port.address()).collect()
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        Status::of(&self.shared.directory, &self.shared.ward, &self.endpoints)
    }

    /// Resolves when another process has taken over this gateway's identity. Nothing is accepted then, and every connection
    /// is reset; the process should end.
    pub async fn fenced(&self) -> Fence {
        self.fencing.fenced().await
    }

    /// Stops accepting once nobody waits in the kernel's queue, lets connections end until `grace` has passed, resets the
    /// rest, and settles every lease. May be dropped and called again with another grace.
    pub async fn drain(&self, grace: Duration) {
        self.close(grace, false).await;
    }

    /// As [`Gateway::drain`], for one whose successor has the same sockets: it stops accepting at once, and what is queued
    /// is the successor's.
    pub async fn hand_over(&self, grace: Duration) {
        self.close(grace, true).await;
    }

    async fn close(&self, grace: Duration, succeeded: bool) {
        let mut listeners = self.listeners.lock().await;
        if let Some(open) = listeners.as_mut() {
            self.doors.close();
            open.drain(succeeded);
            tokio::select! {
                () = open.ended() => {}
                _ = self.fencing.fenced() => {}
                () = tokio::time::sleep(grace) => tracing::warn!("connections are still open; resetting them"),
            }
        }
        end(listeners.take()).await;
        drop(listeners);
        self.stop.cancel();
        self.tasks.wait().await;
        // A courtesy: without it receipts count this gateway until it has been silent for too long.
        if !self.fencing.is_fenced()
            && let Ok(Err(error)) = tokio::time::timeout(FAREWELL, self.admission.leave(self.node)).await
        {
            tracing::warn!(%error, "the store did not hear that this gateway leaves");
        }
    }
}

fn door(wish: &OpenPort) -> Result<Door, StartError> {
    let account = Username::parse(&wish.account).map_err(|_| StartError::Account(wish.account.clone()))?;
    Ok(Door::Open(account))
}

/// Opens every port.
fn open_all(
    listeners: &Listeners,
    shared: &Shared,
    (main, open): (&Port, Vec<Port>),
    doors: Vec<Door>,
) -> io::Result<Vec<Opened>> {
    listeners.open(main, &Door::Login, &CancellationToken::new())?;
    let wishes = shared.rules.load().settings.open.clone();
    let mut opened = Vec::new();
    for ((wish, port), door) in wishes.into_iter().zip(open).zip(doors) {
        let closing = CancellationToken::new();
        listeners.open(&port, &door, &closing)?;
        opened.push(Opened { wish, port, closing });
    }
    Ok(opened)
}

/// Once fenced, ends every connection. A drain that is under way does so itself.
async fn end_when_fenced(fencing: Fencing, doors: Arc<Doors>, listeners: Arc<Mutex<Option<Listeners>>>) {
    fencing.fenced().await;
    doors.close();
    end(listeners.lock().await.take()).await;
}

/// Resets what is open and joins the threads.
async fn end(listeners: Option<Listeners>) {
    if let Err(error) = tokio::task::spawn_blocking(move || drop(listeners)).await {
        tracing::error!(%error, "the gateway's threads could not be joined");
    }
}

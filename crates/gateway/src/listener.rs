//! The threads that serve: each has its own socket of every port and its own runtime, so that a connection is accepted,
//! served and relayed on one core.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use parking_lot::Mutex;
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turnpike_domain::destination::DestinationPolicy;

use crate::directory::Directory;
use crate::endpoints::Hands;
use crate::exit::{Dialler, Ward};
use crate::line::{Arrival, Door};
use crate::occupancy::Occupancy;
use crate::port::{self, Port};
use crate::resolver::Resolver;
use crate::session::{self, Front};
use crate::settings::Settings;

/// What all threads share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) occupancy: Arc<Occupancy>,
    pub(crate) ward: Arc<Ward>,
}

/// What new connections go by. It is exchanged whole; open connections go on by what they began with.
pub(crate) struct Rules {
    pub(crate) settings: Arc<Settings>,
    pub(crate) policy: Arc<DestinationPolicy>,
}

/// The threads that serve. Dropping this ends them, and every connection with them.
pub(crate) struct Listeners {
    threads: Vec<Worker>,
    /// Closes when the last thread has ended.
    ended: mpsc::Receiver<()>,
    draining: CancellationToken,
    /// Cancelled before `draining` when a successor has the same sockets.
    succeeded: CancellationToken,
    aborting: CancellationToken,
}

/// A thread, and how it is given sockets.
struct Worker {
    handle: Option<JoinHandle<()>>,
    sockets: mpsc::UnboundedSender<Opening>,
}

/// A socket to accept on.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) socket: std::net::TcpListener,
    pub(crate) door: Door,
    /// Cancelled when this port is closed for good.
    pub(crate) closing: CancellationToken,
    /// Whether a successor gets the same socket; else what waits at it is lost when it is closed.
    pub(crate) is_shared: bool,
}

impl Listeners {
    /// Starts the threads; they accept nothing before a port is opened.
    ///
    /// # Errors
    /// A thread or its runtime cannot be made.
    pub(crate) fn start(shared: &Shared) -> io::Result<Self> {
        let (running, ended) = mpsc::channel(1);
        let [draining, succeeded, aborting] = std::array::from_fn(|_| CancellationToken::new());
        let mut listeners = Self { threads: Vec::new(), ended, draining, succeeded, aborting };
        for index in 0..port::threads(&shared.rules.load().settings) {
            let (sockets, openings) = mpsc::unbounded_channel();
            let thread = Thread {
                openings,
                shared: shared.clone(),
                draining: listeners.draining.child_token(),
                succeeded: listeners.succeeded.child_token(),
                aborting: listeners.aborting.child_token(),
                _running: running.clone(),
            };
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let name = format!("gateway-{index}");
            let handle = std::thread::Builder::new().name(name).spawn(move || runtime.block_on(thread.run()))?;
            listeners.threads.push(Worker { handle: Some(handle), sockets });
        }
        Ok(listeners)
    }

    /// Accepts on a port until `closing`.
    ///
    /// # Errors
    /// There is no descriptor left.
    pub(crate) fn open(&self, port: &Port, door: &Door, closing: &CancellationToken) -> io::Result<()> {
        let hands = port.deal(self.threads.len())?;
        for (worker, hand) in self.threads.iter().zip(hands) {
            for socket in hand {
                let opening = Opening { socket, door: door.clone(), closing: closing.clone(), is_shared: true };
                // A thread that has ended says so itself.
                worker.sockets.send(opening).ok();
            }
        }
        Ok(())
    }

    /// The threads, to be given sockets of single ports.
    pub(crate) fn hands(&self) -> Hands {
        Hands::new(self.threads.iter().map(|worker| worker.sockets.clone()).collect())
    }

    /// Stops accepting, and ends connections that wait for a request. Tunnels and transfers go on. What the kernel has
    /// queued is accepted before, unless a successor has the same sockets.
    pub(crate) fn drain(&self, succeeded: bool) {
        if succeeded {
            self.succeeded.cancel();
        }
        self.draining.cancel();
    }

    /// Waits until every connection has ended. Comes to no end before [`Listeners::drain`] was called.
    pub(crate) async fn ended(&mut self) {
        // Nobody ever sends; the channel only closes.
        self.ended.recv().await;
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.draining.cancel();
        self.aborting.cancel();
        for worker in &mut self.threads {
            if worker.handle.take().is_some_and(|thread| thread.join().is_err()) {
                tracing::error!("a gateway thread has panicked");
            }
        }
    }
}

/// One thread's part.
struct Thread {
    openings: mpsc::UnboundedReceiver<Opening>,
    shared: Shared,
    draining: CancellationToken,
    succeeded: CancellationToken,
    aborting: CancellationToken,
    _running: mpsc::Sender<()>,
}

impl Thread {
    async fn run(self) {
        let Self { mut openings, shared, draining, succeeded, aborting, _running } = self;
        let fronts = Arc::new(Fronts::new(shared, draining.clone()));
        let (acceptors, connections) = (TaskTracker::new(), TaskTracker::new());
        let serving = async {
            while let Some(Some(opening)) = draining.run_until_cancelled(openings.recv()).await {
                let Opening { socket, door, closing, is_shared } = opening;
                match TcpListener::from_std(socket) {
                    Ok(listener) => {
                        let (fronts, connections) = (Arc::clone(&fronts), connections.clone());
                        let acceptor = Acceptor { listener, door, fronts, connections };
                        let succeeded = if is_shared { succeeded.clone() } else { CancellationToken::new() };
                        acceptors.spawn(acceptor.run(draining.clone(), succeeded, closing));
                    }
                    Err(error) => tracing::error!(%error, "cannot listen"),
                }
            }
            acceptors.close();
            acceptors.wait().await;
            connections.close();
            connections.wait().await;
        };
        tokio::select! {
            () = serving => {}
            () = aborting.cancelled() => {}
            () = beat() => {}
        }
    }
}

/// One thread's resolver and dialler, made anew when the rules are exchanged.
struct Fronts {
    shared: Shared,
    draining: CancellationToken,
    /// Made by those rules. Only this thread looks, so nobody waits.
    current: Mutex<(Arc<Rules>, Arc<Front>)>,
}

impl Fronts {
    fn new(shared: Shared, draining: CancellationToken) -> Self {
        let rules = shared.rules.load_full();
        let front = Self::made(&shared, &rules, &draining);
        Self { shared, draining, current: Mutex::new((rules, front)) }
    }

    fn made(shared: &Shared, rules: &Rules, draining: &CancellationToken) -> Arc<Front> {
        let (settings, policy) = (Arc::clone(&rules.settings), Arc::clone(&rules.policy));
        let resolver = Arc::new(Resolver::new(Arc::clone(&settings), Arc::clone(&policy)));
        Arc::new(Front {
            dialler: Dialler::new(Arc::clone(&settings), Arc::clone(&resolver), Arc::clone(&shared.ward)),
            resolver,
            settings,
            directory: Arc::clone(&shared.directory),
            policy,
            draining: draining.clone(),
        })
    }

    /// For a new connection.
    fn current(&self) -> Arc<Front> {
        let rules = self.shared.rules.load();
        let mut current = self.current.lock();
        if !Arc::ptr_eq(&current.0, &rules) {
            *current = (Arc::clone(&rules), Self::made(&self.shared, &rules, &self.draining));
        }
        Arc::clone(&current.1)
    }
}

/// How often a thread wakes though nothing happens.
const BEAT: Duration = Duration::from_millis(250);

/// Keeps one timer that is sooner due than any deadline of a connection. The runtime wakes itself, with a write and a
/// needless return from `epoll_wait`, whenever a timer is set that is due before all others; with deadlines of
/// different length on every connection that is most of the time.
async fn beat() {
    loop {
        sleep(BEAT).await;
    }
}

/// Accepts until told to stop.
struct Acceptor {
    listener: TcpListener,
    door: Door,
    fronts: Arc<Fronts>,
    connections: TaskTracker,
}

impl Acceptor {
    async fn run(self, draining: CancellationToken, succeeded: CancellationToken, closing: CancellationToken) {
        loop {
            // Accepting comes before draining: what the kernel has queued for this socket would be reset when it is
            // closed, unless a successor has it too.
            let accepted = tokio::select! {
                biased;
                () = succeeded.cancelled() => return,
                () = closing.cancelled() => return,
                accepted = self.listener.accept() => accepted,
                () = draining.cancelled() => return,
            };
            match accepted {
                Ok((client, source)) => self.begin(client, source),
                Err(error) if is_exhaustion(&error) => self.back_off(&error, &draining).await,
                // The client gave up before it was accepted.
                Err(error) => tracing::debug!(%error, "accept"),
            }
        }
    }

    fn begin(&self, client: TcpStream, source: SocketAddr) {
        let front = self.fronts.current();
        let shared = &self.fronts.shared;
        // Without a place the connection is closed at once.
        let Some(place) = shared.occupancy.take_place(front.settings.limits.connections) else { return };
        let id = shared.directory.desk().registry.number_accepted();
        let arrival = Arrival { id, accepted: Instant::now(), source, door: self.door.clone() };
        let serving = session::serve(front, client, arrival);
        self.connections.spawn(serving.map(move |()| drop(place)));
    }

    /// The listener stays ready while the process cannot accept, so asking again at once would spin.
    async fn back_off(&self, error: &io::Error, draining: &CancellationToken) {
        if self.fronts.shared.occupancy.may_complain() {
            tracing::warn!(%error, "no descriptor or memory for another connection");
        }
        tokio::select! {
            () = sleep(self.fronts.current().settings.deadlines.accept_back_off()) => {}
            () = draining.cancelled() => {}
        }
    }
}

fn is_exhaustion(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

//! The one port, shared by all threads: each has its own socket (`SO_REUSEPORT`) and its own runtime, so that a
//! connection is accepted, served and relayed on one core.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::FutureExt;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turnpike_domain::destination::DestinationPolicy;

use crate::directory::Directory;
use crate::exit::Exit;
use crate::occupancy::Occupancy;
use crate::peer;
use crate::resolver::Resolver;
use crate::session::{self, Front};
use crate::settings::Settings;

/// The port while it is open but nobody is served yet.
pub(crate) struct Port {
    sockets: Vec<std::net::TcpListener>,
    address: SocketAddr,
}

impl Port {
    /// Binds one socket for each thread. Connections wait in the kernel until they are served.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub(crate) fn bind(settings: &Settings) -> io::Result<Self> {
        let threads = match settings.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        let first = bind(settings.listen, settings)?;
        // With port 0 the first socket finds a port for all.
        let address = first.local_addr()?;
        let others = (1..threads).map(|_| bind(address, settings));
        let sockets = std::iter::once(Ok(first)).chain(others).collect::<io::Result<_>>()?;
        Ok(Self { sockets, address })
    }

    /// Where clients connect to.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts serving.
    ///
    /// # Errors
    /// A thread or its runtime cannot be made.
    pub(crate) fn serve(self, shared: &Shared) -> io::Result<Listeners> {
        let (running, ended) = mpsc::channel(1);
        let (draining, aborting) = (CancellationToken::new(), CancellationToken::new());
        let mut listeners = Listeners { threads: Vec::new(), ended, draining, aborting };
        for (index, socket) in self.sockets.into_iter().enumerate() {
            let thread = Thread {
                socket,
                shared: shared.clone(),
                draining: listeners.draining.child_token(),
                aborting: listeners.aborting.child_token(),
                _running: running.clone(),
            };
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let name = format!("gateway-{index}");
            let handle = std::thread::Builder::new().name(name).spawn(move || runtime.block_on(thread.run()))?;
            listeners.threads.push(handle);
        }
        Ok(listeners)
    }
}

fn bind(address: SocketAddr, settings: &Settings) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking().cloexec(), Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    peer::equip(&socket, &settings.deadlines)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(settings.backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// What all threads share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) settings: Arc<Settings>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) policy: Arc<DestinationPolicy>,
    pub(crate) occupancy: Arc<Occupancy>,
}

/// The threads that serve the port. Dropping this ends them, and every connection with them.
pub(crate) struct Listeners {
    threads: Vec<JoinHandle<()>>,
    /// Closes when the last thread has ended.
    ended: mpsc::Receiver<()>,
    draining: CancellationToken,
    aborting: CancellationToken,
}

impl Listeners {
    /// Stops accepting, and ends connections that wait for a request. Tunnels and transfers go on.
    pub(crate) fn drain(&self) {
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
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a gateway thread has panicked");
            }
        }
    }
}

/// One thread's part.
struct Thread {
    socket: std::net::TcpListener,
    shared: Shared,
    draining: CancellationToken,
    aborting: CancellationToken,
    _running: mpsc::Sender<()>,
}

impl Thread {
    async fn run(self) {
        let Shared { settings, directory, policy, occupancy } = self.shared.clone();
        let listener = match TcpListener::from_std(self.socket) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "cannot listen");
                return;
            }
        };
        let front = Arc::new(Front {
            resolver: Resolver::new(Arc::clone(&settings), Arc::clone(&policy)),
            exit: Exit::new(Arc::clone(&settings)),
            settings,
            directory,
            policy,
            draining: self.draining.clone(),
        });
        let acceptor = Acceptor { listener, front, occupancy, connections: TaskTracker::new() };
        let serving = async {
            let connections = acceptor.run(&self.draining).await;
            connections.close();
            connections.wait().await;
        };
        tokio::select! {
            () = serving => {}
            () = self.aborting.cancelled() => {}
            () = beat() => {}
        }
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
    front: Arc<Front>,
    occupancy: Arc<Occupancy>,
    connections: TaskTracker,
}

impl Acceptor {
    /// The tasks it started are left to the caller, the socket is closed.
    async fn run(self, draining: &CancellationToken) -> TaskTracker {
        loop {
            // Accepting comes first: what the kernel has queued for this socket would be reset when it is closed.
            let accepted = tokio::select! {
                biased;
                accepted = self.listener.accept() => accepted,
                () = draining.cancelled() => return self.connections,
            };
            match accepted {
                Ok((client, _)) => self.begin(client),
                Err(error) if is_exhaustion(&error) => self.back_off(&error, draining).await,
                // The client gave up before it was accepted.
                Err(error) => tracing::debug!(%error, "accept"),
            }
        }
    }

    fn begin(&self, client: TcpStream) {
        // Without a place the connection is closed at once.
        let Some(place) = self.occupancy.take_place(self.front.settings.limits.connections) else { return };
        let serving = session::serve(Arc::clone(&self.front), client, Instant::now());
        self.connections.spawn(serving.map(move |()| drop(place)));
    }

    /// The listener stays ready while the process cannot accept, so asking again at once would spin.
    async fn back_off(&self, error: &io::Error, draining: &CancellationToken) {
        if self.occupancy.may_complain() {
            tracing::warn!(%error, "no descriptor or memory for another connection");
        }
        tokio::select! {
            () = sleep(self.front.settings.deadlines.accept_back_off()) => {}
            () = draining.cancelled() => {}
        }
    }
}

fn is_exhaustion(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

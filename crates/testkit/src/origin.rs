//! A counting origin: an HTTP/1.1 server and a raw TCP peer on the same port, which counts every byte its kernel
//! received or took for sending. `README.md` of this crate lists what it understands.

mod http;
mod ledger;
mod raw;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub use ledger::{Ledger, Tally};

use crate::wire::Wire;

/// How long one connection may live.
const LONGEST_CONNECTION: Duration = Duration::from_hours(1);
/// The longest first line.
const LONGEST_LINE: usize = 8 * 1024;
/// What the listen queue holds.
const BACKLOG: i32 = 4096;
/// How long an accept loop rests when no descriptor is free.
const ACCEPT_REST: Duration = Duration::from_millis(10);

/// A running origin. It stops when dropped.
#[derive(Debug)]
pub struct Origin {
    addresses: Vec<SocketAddr>,
    ledger: Arc<Ledger>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Origin {
    /// Listens on `addresses` (port 0 takes a free one) and serves with `threads` threads.
    ///
    /// # Errors
    /// When an address cannot be bound or a thread not started.
    pub fn start(addresses: &[SocketAddr], threads: usize) -> io::Result<Self> {
        // Sockets that share a port would share the connections with another origin on it.
        for address in addresses {
            drop(std::net::TcpListener::bind(address)?);
        }
        let ledger = Arc::new(Ledger::default());
        let (stop, stopped) = watch::channel(false);
        let mut origin = Self { addresses: Vec::new(), ledger, stop, threads: Vec::new() };
        let first: Vec<Socket> = addresses.iter().map(|address| listen(*address)).collect::<io::Result<_>>()?;
        for socket in &first {
            origin.addresses.push(socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?);
        }
        let mut sockets = Some(first);
        for _ in 0..threads.max(1) {
            let sockets = match sockets.take() {
                Some(first) => first,
                None => origin.addresses.iter().map(|address| listen(*address)).collect::<io::Result<_>>()?,
            };
            let (ledger, stopped) = (Arc::clone(&origin.ledger), stopped.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let thread = std::thread::Builder::new().name("origin".to_owned());
            origin.threads.push(thread.spawn(move || runtime.block_on(serve(sockets, ledger, stopped)))?);
        }
        Ok(origin)
    }

    /// Where it listens, in the order asked for.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The first of [`Origin::addresses`].
    pub fn address(&self) -> SocketAddr {
        self.addresses.first().copied().unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// What it counted.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Waits until no connection is open, so that every exchange is in the ledger; `false` when some still are after
    /// `at_most`.
    pub async fn settled(&self, at_most: Duration) -> bool {
        let deadline = tokio::time::Instant::now() + at_most;
        while self.ledger.open() > 0 {
            if tokio::time::Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        true
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so on standard error already.
            drop(thread.join());
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

async fn serve(sockets: Vec<Socket>, ledger: Arc<Ledger>, mut stopped: watch::Receiver<bool>) {
    for socket in sockets {
        match TcpListener::from_std(socket.into()) {
            Ok(listener) => drop(tokio::spawn(accept(listener, Arc::clone(&ledger)))),
            Err(error) => eprintln!("origin: {error}"),
        }
    }
    // The runtime, and every connection with it, ends with this future.
    let _closed = stopped.wait_for(|stop| *stop).await;
}

async fn accept(listener: TcpListener, ledger: Arc<Ledger>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, Arc::clone(&ledger)))),
            Err(_) => tokio::time::sleep(ACCEPT_REST).await,
        }
    }
}

async fn connection(stream: TcpStream, ledger: Arc<Ledger>) {
    let _open = ledger.enter();
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut wire = Wire::new(stream);
    let session = async {
        match first_line(&mut wire).await {
            Ok(Some(line)) if line.contains(" HTTP/1.") => http::serve(wire, &ledger).await,
            Ok(Some(line)) => raw::serve(wire, &line, &ledger).await,
            Ok(None) | Err(_) => {
                let tally = Tally { exchanges: 1, received: wire.received(), ..Tally::default() };
                ledger.record("(silent)", tally);
            }
        }
    };
    if tokio::time::timeout(LONGEST_CONNECTION, session).await.is_err() {
        eprintln!("origin: a connection lived longer than {LONGEST_CONNECTION:?}");
    }
}

/// The first line, left pending; `None` when the stream ends or the line is too long.
async fn first_line(wire: &mut Wire) -> io::Result<Option<String>> {
    loop {
        if let Some(end) = wire.pending().iter().position(|byte| *byte == b'\n') {
            let line = wire.pending().get(..end).unwrap_or_default();
            return Ok(Some(String::from_utf8_lossy(line).trim_end().to_owned()));
        }
        if wire.pending().len() > LONGEST_LINE || wire.fill().await? == 0 {
            return Ok(None);
        }
    }
}

//! Leaving: connects to classified addresses, from the host's own address or from a chosen one and no other.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use turnpike_domain::destination::Destination;

use crate::peer;
use crate::refusal::Refusal;
use crate::settings::{Deadlines, Settings};

/// The one way out.
#[derive(Debug)]
pub(crate) struct Exit {
    bind: Option<IpAddr>,
    settings: Arc<Settings>,
}

impl Exit {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { bind: settings.exit.bind, settings }
    }

    /// Whether addresses of that family can be reached at all.
    pub(crate) const fn reaches(&self, address: IpAddr) -> bool {
        match self.bind {
            Some(bind) => bind.is_ipv4() == address.is_ipv4(),
            None => true,
        }
    }

    /// Connects to the first that answers; whoever keeps the connection for long [watches over](peer::watch_over) it. Addresses are tried in order, each a little after the one before (RFC 8305).
    ///
    /// # Errors
    /// What went wrong with the last one that was tried.
    pub(crate) async fn dial(&self, destinations: &[Destination]) -> Result<TcpStream, Refusal> {
        let deadline = self.deadlines().connect();
        let dialled = async {
            match destinations {
                [only] => self.attempt(*only).await,
                several => self.race(several, self.deadlines().stagger()).await,
            }
        };
        timeout(deadline, dialled).await.unwrap_or(Err(Refusal::ConnectTimedOut))
    }

    fn deadlines(&self) -> &Deadlines {
        &self.settings.deadlines
    }

    async fn race(&self, destinations: &[Destination], stagger: Duration) -> Result<TcpStream, Refusal> {
        let mut waiting = destinations.iter();
        let mut attempts = FuturesUnordered::new();
        let mut refusal = Refusal::Unreachable;
        loop {
            if attempts.is_empty() {
                let Some(next) = waiting.next() else { return Err(refusal) };
                attempts.push(self.attempt(*next));
            }
            tokio::select! {
                Some(outcome) = attempts.next() => match outcome {
                    Ok(stream) => return Ok(stream),
                    Err(cause) => {
                        refusal = cause;
                        attempts.extend(waiting.next().map(|next| self.attempt(*next)));
                    }
                },
                () = sleep(stagger), if waiting.len() > 0 => {
                    attempts.extend(waiting.next().map(|next| self.attempt(*next)));
                }
            }
        }
    }

    async fn attempt(&self, destination: Destination) -> Result<TcpStream, Refusal> {
        let address = destination.get();
        if !self.reaches(address.ip()) {
            return Err(Refusal::Unreachable);
        }
        let stream = self.begin(address).map_err(|error| refusal_of(&error))?;
        // Asking the socket for its error costs a system call; the readiness already says whether there is one.
        let ready = stream.ready(Interest::WRITABLE | Interest::ERROR).await.map_err(|error| refusal_of(&error))?;
        if ready.is_error() {
            let error = stream.take_error().ok().flatten();
            return Err(error.map_or(Refusal::ConnectFailed, |error| refusal_of(&error)));
        }
        Ok(stream)
    }

    /// Starts connecting. Neither a name nor an unclassified address ever gets here.
    fn begin(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let kind = Type::STREAM.nonblocking().cloexec();
        let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP))?;
        peer::hasten(&socket)?;
        if let Some(bind) = self.bind {
            // Without this a bind takes a port of its own for every connection, and 28 000 are all there are.
            setsockopt(&socket, IpBindAddressNoPort, &true)?;
            socket.bind(&SocketAddr::new(bind, 0).into())?;
        }
        match socket.connect(&address.into()) {
            Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
            _ => TcpStream::from_std(socket.into()),
        }
    }
}

/// What a failed connection means to the client.
fn refusal_of(error: &io::Error) -> Refusal {
    match Errno::from_io_error(error) {
        Some(Errno::CONNREFUSED) => Refusal::ConnectRefused,
        Some(Errno::TIMEDOUT) => Refusal::ConnectTimedOut,
        Some(Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::NETDOWN | Errno::HOSTDOWN) => Refusal::Unreachable,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM | Errno::ADDRNOTAVAIL | Errno::ADDRINUSE) => {
            Refusal::Overloaded
        }
        _ => Refusal::ConnectFailed,
    }
}

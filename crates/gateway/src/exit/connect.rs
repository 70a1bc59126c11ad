//! Connecting a socket, from the source that was chosen and no other. Addresses are tried in order, each a little after the one
//! before (RFC 8305).

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::{DialError, ExitFault};
use crate::peer;
use crate::refusal::Refusal;

/// Where a connection leaves from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Whatever address the host's routes choose.
    Host,
    /// This address of the host.
    Own(IpAddr),
    /// This address of a prefix that is routed to the host; no interface has it.
    Routed(Ipv6Addr),
}

impl Source {
    const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Host => None,
            Self::Own(address) => Some(address),
            Self::Routed(address) => Some(IpAddr::V6(address)),
        }
    }

    fn reaches(self, target: IpAddr) -> bool {
        self.address().is_none_or(|own| own.is_ipv4() == target.is_ipv4())
    }
}

/// Gives connecting so long.
pub(super) async fn within(
    limit: Duration,
    connecting: impl Future<Output = Result<TcpStream, DialError>>,
) -> Result<TcpStream, DialError> {
    timeout(limit, connecting).await.unwrap_or(Err(DialError::Target(Refusal::ConnectTimedOut)))
}

/// Connects to the first that answers; whoever keeps the connection for long [watches over](peer::watch_over) it.
///
/// # Errors
/// What went wrong with the last one that was tried.
pub(super) async fn race(
    source: Source,
    mut waiting: impl ExactSizeIterator<Item = SocketAddr>,
    stagger: Duration,
) -> Result<TcpStream, DialError> {
    if waiting.len() == 1
        && let Some(only) = waiting.next()
    {
        return attempt(source, only).await;
    }
    let mut attempts = FuturesUnordered::new();
    let mut error = DialError::Target(Refusal::Unreachable);
    loop {
        if attempts.is_empty() {
            let Some(next) = waiting.next() else { return Err(error) };
            attempts.push(attempt(source, next));
        }
        tokio::select! {
            Some(outcome) = attempts.next() => match outcome {
                Ok(stream) => return Ok(stream),
                Err(cause) => {
                    error = cause;
                    attempts.extend(waiting.next().map(|next| attempt(source, next)));
                }
            },
            () = sleep(stagger), if waiting.len() > 0 => {
                attempts.extend(waiting.next().map(|next| attempt(source, next)));
            }
        }
    }
}

async fn attempt(source: Source, address: SocketAddr) -> Result<TcpStream, DialError> {
    if !source.reaches(address.ip()) {
        return Err(DialError::Target(Refusal::Unreachable));
    }
    let socket = socket(source, address)?;
    let stream = begin(socket, address).map_err(|error| refusal_of(&error))?;
    // Asking the socket for its error costs a system call; the readiness already says whether there is one.
    let ready = stream.ready(Interest::WRITABLE | Interest::ERROR).await.map_err(|error| refusal_of(&error))?;
    if ready.is_error() {
        let error = stream.take_error().ok().flatten();
        return Err(error.map_or(Refusal::ConnectFailed, |error| refusal_of(&error)).into());
    }
    Ok(stream)
}

/// Makes a socket that leaves from there.
fn socket(source: Source, address: SocketAddr) -> Result<Socket, DialError> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let made = Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP))
        .and_then(|socket| peer::hasten(&socket).map(|()| socket));
    let socket = made.map_err(|error| refusal_of(&error))?;
    if let Some(own) = source.address() {
        bind(&socket, source, own).map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::ADDRNOTAVAIL | Errno::ACCESS) => ExitFault::NotHere.into(),
            _ => DialError::from(refusal_of(&error)),
        })?;
    }
    Ok(socket)
}

fn bind(socket: &Socket, source: Source, own: IpAddr) -> io::Result<()> {
    if let Source::Routed(_) = source {
        socket.set_freebind_v6(true)?;
    }
    // Without this a bind takes a port of its own for every connection, and 28 000 are all there are.
    setsockopt(socket, IpBindAddressNoPort, &true)?;
    socket.bind(&SocketAddr::new(own, 0).into())
}

/// Starts connecting.
fn begin(socket: Socket, address: SocketAddr) -> io::Result<TcpStream> {
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
        _ => TcpStream::from_std(socket.into()),
    }
}

/// Whether connections can be made from there at all, as far as that can be told without a target.
pub(super) fn check(source: Source) -> Result<(), DialError> {
    let Some(own) = source.address() else { return Ok(()) };
    socket(source, SocketAddr::new(own, 0)).map(drop)
}

/// What a failed connection means to the client.
pub(super) fn refusal_of(error: &io::Error) -> Refusal {
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

/// By which address a connection begins to leave, though nobody may answer it.
#[cfg(test)]
pub(super) fn left_from(source: Source, to: SocketAddr) -> Option<Ipv6Addr> {
    let socket = socket(source, to).ok()?;
    match socket.connect(&to.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => None,
        _ => socket.local_addr().ok()?.as_socket_ipv6().map(|address| *address.ip()),
    }
}

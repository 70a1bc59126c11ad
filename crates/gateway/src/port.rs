//! A port while it is bound: one listening socket for each thread, made here, or handed over by the process before this
//! one or by systemd.

use std::io;
use std::net::{SocketAddr, TcpListener};

use parking_lot::Mutex;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::peer;
use crate::settings::{Deadlines, Settings};

/// A port that is bound. Connections wait in the kernel until they are served.
#[derive(Debug)]
pub struct Port {
    /// Empty once it is closed.
    sockets: Mutex<Vec<TcpListener>>,
    address: SocketAddr,
}

impl Port {
    /// Binds one socket for each thread (`SO_REUSEPORT`).
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn bind(listen: SocketAddr, settings: &Settings) -> io::Result<Self> {
        let first = bind(listen, settings.backlog, &settings.deadlines)?;
        // With port 0 the first socket finds a port for all.
        let address = first.local_addr()?;
        let others = (1..threads(settings)).map(|_| bind(address, settings.backlog, &settings.deadlines));
        let sockets = std::iter::once(Ok(first)).chain(others).collect::<io::Result<_>>()?;
        Ok(Self { sockets: Mutex::new(sockets), address })
    }

    /// Takes over sockets that listen already, at least one. What is queued for them is served: none is closed, however
    /// many threads there are.
    ///
    /// # Errors
    /// There is none, or one cannot be set up.
    pub fn adopt(sockets: Vec<TcpListener>, settings: &Settings) -> io::Result<Self> {
        let first = sockets.first().ok_or(io::ErrorKind::InvalidInput)?;
        let address = first.local_addr()?;
        for socket in &sockets {
            socket.set_nonblocking(true)?;
            peer::equip(&SockRef::from(socket), &settings.deadlines)?;
        }
        Ok(Self { sockets: Mutex::new(sockets), address })
    }

    /// Where clients connect to.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Duplicates of its sockets, for a successor.
    ///
    /// # Errors
    /// There is no descriptor left.
    pub fn duplicates(&self) -> io::Result<Vec<TcpListener>> {
        self.sockets.lock().iter().map(TcpListener::try_clone).collect()
    }

    /// Lets go of its sockets: those who accept on them have them alone from here on.
    pub(crate) fn close(&self) {
        self.sockets.lock().clear();
    }

    /// Sets the options that accepted connections inherit.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(crate) fn equip(&self, deadlines: &Deadlines) -> io::Result<()> {
        self.sockets.lock().iter().try_for_each(|socket| peer::equip(&SockRef::from(socket), deadlines))
    }

    /// For each of so many threads the sockets that it serves: every socket has a thread, and every thread a socket.
    ///
    /// # Errors
    /// There is no descriptor left.
    pub(crate) fn deal(&self, threads: usize) -> io::Result<Vec<Vec<TcpListener>>> {
        let sockets = self.sockets.lock();
        let mut hands: Vec<Vec<TcpListener>> = (0..threads).map(|_| Vec::new()).collect();
        for turn in 0..sockets.len().max(threads) {
            let socket = turn.checked_rem(sockets.len()).and_then(|place| sockets.get(place));
            let hand = turn.checked_rem(threads).and_then(|place| hands.get_mut(place));
            if let (Some(socket), Some(hand)) = (socket, hand) {
                hand.push(socket.try_clone()?);
            }
        }
        Ok(hands)
    }
}

/// How many threads serve, by the settings or by the machine.
pub(crate) fn threads(settings: &Settings) -> usize {
    match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    }
}

/// Whether nobody listens there, not even a process that would share the port.
///
/// # Errors
/// Somebody does, or the address cannot be bound.
pub(crate) fn check_free(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.cloexec(), Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())
}

/// One socket, which others may share its port with.
pub(crate) fn bind(address: SocketAddr, backlog: u32, deadlines: &Deadlines) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking().cloexec(), Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    peer::equip(&socket, deadlines)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(sockets: usize) -> Port {
        let settings = Settings { threads: sockets, ..Settings::default() };
        Port::bind(([127, 0, 0, 1], 0).into(), &settings).unwrap()
    }

    #[test]
    fn every_socket_has_a_thread_and_every_thread_a_socket() {
        for (sockets, threads) in [(1, 1), (1, 3), (3, 1), (2, 3), (3, 2)] {
            let port = port(sockets);
            let hands = port.deal(threads).unwrap();
            assert_eq!(hands.len(), threads);
            assert!(hands.iter().all(|hand| !hand.is_empty()), "{sockets} sockets, {threads} threads");
            assert_eq!(hands.iter().map(Vec::len).sum::<usize>(), sockets.max(threads));
        }
    }
}

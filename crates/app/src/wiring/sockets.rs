//! Every listening socket, by name: taken over from a process before this one, given by systemd, or bound now.
//!
//! Names are `api`, `operator`, `nodes`, `watch`, `gateway`, and `gateway.open.N` for ports without credentials.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use anyhow::{Context, Result};
use parking_lot::Mutex;

use crate::control::SocketName;

/// Where a socket came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// From systemd: its unit says where it listens, and the configuration does not count.
    Given,
    /// Bound by a process of ours.
    Bound,
}

/// A listening socket and where it came from.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) socket: TcpListener,
    pub(crate) source: Source,
}

/// The sockets this process was started with, and those in use.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    inherited: Mutex<BTreeMap<String, Vec<Listening>>>,
    /// What a successor would get.
    held: Mutex<BTreeMap<String, Vec<Listening>>>,
}

impl Sockets {
    /// With sockets from elsewhere.
    pub(crate) fn inheriting(sockets: impl IntoIterator<Item = (String, Listening)>) -> Self {
        let mut inherited: BTreeMap<String, Vec<Listening>> = BTreeMap::new();
        for (name, listening) in sockets {
            inherited.entry(name).or_default().push(listening);
        }
        Self { inherited: Mutex::new(inherited), held: Mutex::default() }
    }

    /// The one socket of a listener.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub(crate) fn one(&self, name: &str, listen: SocketAddr) -> Result<TcpListener> {
        let listening = match self.inherited(name, listen).into_iter().next() {
            Some(listening) => listening,
            None => Listening {
                socket: bind(listen).with_context(|| format!("{name}: cannot listen on {listen}"))?,
                source: Source::Bound,
            },
        };
        let socket = listening.socket.try_clone()?;
        socket.set_nonblocking(true)?;
        self.hold(name, listening);
        Ok(socket)
    }

    /// The sockets of that name that came from elsewhere and listen where they should. Those that listen elsewhere are
    /// closed: the configuration has changed since.
    pub(crate) fn inherited(&self, name: &str, listen: SocketAddr) -> Vec<Listening> {
        let found = self.inherited.lock().remove(name).unwrap_or_default();
        let fits = |one: &Listening| match one.source {
            Source::Given => true,
            Source::Bound => {
                one.socket.local_addr().is_ok_and(|at| at == listen || at.ip() == listen.ip() && listen.port() == 0)
            }
        };
        found.into_iter().filter(fits).collect()
    }

    /// Keeps a socket for a successor.
    pub(crate) fn hold(&self, name: &str, listening: Listening) {
        self.held.lock().entry(name.to_owned()).or_default().push(listening);
    }

    /// Duplicates of all sockets in use, for a successor.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub(crate) fn duplicates(&self) -> std::io::Result<Vec<(SocketName, OwnedFd)>> {
        let held = self.held.lock();
        let all = held.iter().flat_map(|(name, sockets)| sockets.iter().map(move |one| (name, one)));
        all.map(|(name, one)| {
            let name = SocketName { name: name.clone(), given: one.source == Source::Given };
            Ok((name, one.socket.try_clone()?.into()))
        })
        .collect()
    }

    /// Closes sockets that are held under such names.
    pub(crate) fn release(&self, named: impl Fn(&str) -> bool) {
        self.held.lock().retain(|name, _| !named(name));
    }

    /// Closes what nobody took: the configuration no longer asks for it.
    pub(crate) fn close_unclaimed(&self) {
        for name in std::mem::take(&mut *self.inherited.lock()).into_keys() {
            tracing::warn!(name, "nothing listens on a socket of this name; it is closed");
        }
    }

    /// Closes what nobody took, and what was held for a successor.
    pub(crate) fn close(&self) {
        self.inherited.lock().clear();
        self.held.lock().clear();
    }
}

/// Binds a socket whose address can be taken again while connections of an earlier process linger.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    // The standard library sets SO_REUSEADDR.
    TcpListener::bind(address)
}

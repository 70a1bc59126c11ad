//! Binding endpoints' ports and dealing them to the threads, one after the other.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::tenant::Tenant;
use crate::line::Door;
use crate::listener::Opening;
use crate::port;
use crate::settings::Settings;

/// Connections the kernel may queue for an endpoint.
const BACKLOG: u32 = 256;

/// Whether a port may be listened on that another process of this user listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// It was given out before: that is the process before this one, or a gateway beside it.
    Allowed,
    /// It is given out now: that is another installation, and customers would get each other's connections.
    Refused,
}

/// The threads, to be given sockets in turn.
#[derive(Debug)]
pub(crate) struct Hands {
    threads: Vec<UnboundedSender<Opening>>,
    next: usize,
}

impl Hands {
    pub(crate) const fn new(threads: Vec<UnboundedSender<Opening>>) -> Self {
        Self { threads, next: 0 }
    }

    /// Listens on an endpoint's port until its end.
    ///
    /// # Errors
    /// The port cannot be bound: another program has it, or the address is not this host's, or no descriptor is left.
    pub(super) fn listen(
        &mut self,
        address: SocketAddr,
        tenant: &Arc<Tenant>,
        (settings, sharing): (&Settings, Sharing),
    ) -> io::Result<()> {
        if sharing == Sharing::Refused {
            port::check_free(address)?;
        }
        let socket = port::bind(address, settings.backlog.min(BACKLOG), &settings.deadlines)?;
        let (door, closing) = (Door::Endpoint(Arc::clone(tenant)), tenant.closing().clone());
        let turn = self.next.checked_rem(self.threads.len()).and_then(|place| self.threads.get(place));
        self.next = self.next.wrapping_add(1);
        let thread = turn.ok_or(io::ErrorKind::NotConnected)?;
        // A thread that has ended says so itself.
        thread.send(Opening { socket, door, closing, is_shared: false }).ok();
        Ok(())
    }
}

//! Where this process listens beside the gateway: nobody may be relayed there.

use std::net::SocketAddr;

/// The listeners that are bound, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnListeners(Vec<(&'static str, SocketAddr)>);

impl OwnListeners {
    pub(super) fn add(&mut self, name: &'static str, address: SocketAddr) {
        self.0.push((name, address));
    }

    /// Where the listener of that name is, when there is one.
    pub(crate) fn of(&self, name: &str) -> Option<SocketAddr> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, address)| *address)
    }

    /// All of them.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().map(|(_, address)| *address).collect()
    }
}

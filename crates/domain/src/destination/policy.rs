//! The verdict on an address.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::embedded::embedded_v4;
use super::ports::PortSet;
use super::special::{block_of, is_metadata};
use crate::endpoint::PortRange;

/// What may be dialled. The default opens the web's ports and no special-purpose address.
#[derive(Clone, Debug, Default)]
pub struct DestinationPolicy {
    /// Ports that may be dialled.
    pub allow_ports: PortSet,
    /// Special-purpose blocks that are opened all the same. They open neither metadata nor own listeners, and an
    /// IPv4 address inside an IPv6 one must be allowed itself.
    pub allow_cidrs: Vec<IpNet>,
    /// Where this server listens. A wildcard address stands for every local one.
    pub own: Vec<SocketAddr>,
    /// Ranges of ports that this server listens on, or may at any time, with the address as in `own`.
    pub own_ranges: Vec<(IpAddr, PortRange)>,
    /// The addresses of this machine's interfaces.
    pub local_addresses: Vec<IpAddr>,
}

impl DestinationPolicy {
    /// Whether a port may be dialled. Ask before resolving.
    ///
    /// # Errors
    /// [`DestinationError::Port`] when not.
    pub fn check_port(&self, port: u16) -> Result<(), DestinationError> {
        if self.allow_ports.contains(port) { Ok(()) } else { Err(DestinationError::Port(port)) }
    }

    /// Classifies an address that is about to be dialled.
    ///
    /// # Errors
    /// [`DestinationError`] says why it must not be.
    pub fn classify(&self, address: SocketAddr) -> Result<Destination, DestinationError> {
        self.check_port(address.port())?;
        let outer = address.ip();
        let inner = match outer {
            IpAddr::V6(ip) => Some(embedded_v4(ip).map(IpAddr::V4)),
            IpAddr::V4(_) => None,
        };
        for ip in std::iter::once(outer).chain(inner.into_iter().flatten()) {
            self.classify_one(ip, address.port())?;
        }
        // Mapped addresses are dialled as what they mean, so that an exit bound to an IPv4 address can.
        let mapped = matches!(outer.to_canonical(), IpAddr::V4(_));
        let dialled = if mapped { SocketAddr::new(outer.to_canonical(), address.port()) } else { address };
        Ok(Destination(dialled))
    }

    fn classify_one(&self, ip: IpAddr, port: u16) -> Result<(), DestinationError> {
        if is_metadata(ip) {
            return Err(DestinationError::Metadata);
        }
        let listens = self.own.iter().any(|listener| listener.port() == port && self.reaches(listener.ip(), ip));
        if listens || self.own_ranges.iter().any(|(own, ports)| ports.contains(port) && self.reaches(*own, ip)) {
            return Err(DestinationError::OwnListener);
        }
        match block_of(ip) {
            Some(block) if !self.is_allowed(ip) => Err(DestinationError::SpecialPurpose { block }),
            _ => Ok(()),
        }
    }

    /// `IpNet` compares within one family only: no IPv6 block, mapped or not, ever opens an IPv4 address.
    fn is_allowed(&self, ip: IpAddr) -> bool {
        self.allow_cidrs.iter().any(|net| net.contains(&ip))
    }

    fn reaches(&self, own: IpAddr, ip: IpAddr) -> bool {
        let own = own.to_canonical();
        // Connecting to the unspecified address reaches this machine, whatever the listener is bound to.
        let same = ip == own || ip.is_unspecified();
        same || (own.is_unspecified() && self.is_local(ip))
    }

    fn is_local(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.local_addresses.iter().any(|local| local.to_canonical() == ip)
    }
}

/// An address that may be dialled. Nothing but [`DestinationPolicy::classify`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination(SocketAddr);

impl Destination {
    /// What to dial.
    pub const fn get(self) -> SocketAddr {
        self.0
    }
}

/// Why an address or port must not be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Not among the allowed ports.
    #[error("port {0} is not open here")]
    Port(u16),
    /// In a block that is not part of the public internet.
    #[error("the address is not on the public internet ({block})")]
    SpecialPurpose {
        /// What the block is for.
        block: &'static str,
    },
    /// A cloud's metadata service.
    #[error("the address is a metadata service")]
    Metadata,
    /// This server itself.
    #[error("the address is this server itself")]
    OwnListener,
}

#[cfg(test)]
mod tests;

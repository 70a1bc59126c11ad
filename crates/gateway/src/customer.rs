//! A customer as its accounts share it: its state, and what counts against its limits on this gateway.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use turnpike_domain::directory::{CustomerEntry, HeldIp};
use turnpike_domain::explain::Limits;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::rate;

use crate::refusal::Refusal;

/// One customer.
#[derive(Debug)]
pub(crate) struct Customer {
    entry: ArcSwap<CustomerEntry>,
    open: AtomicU32,
    /// For [`rate::admit`].
    arrival_ns: AtomicU64,
}

impl Customer {
    pub(crate) fn new(entry: CustomerEntry) -> Self {
        Self { entry: ArcSwap::from_pointee(entry), open: AtomicU32::new(0), arrival_ns: AtomicU64::new(0) }
    }

    /// Takes over what the store says now.
    pub(crate) fn update(&self, entry: CustomerEntry) {
        self.entry.store(Arc::new(entry));
    }

    pub(crate) fn id(&self) -> CustomerId {
        self.entry.load().id
    }

    /// Whether its accounts may be used.
    pub(crate) fn standing(&self) -> Result<(), Refusal> {
        let entry = self.entry.load();
        if entry.suspended {
            return Err(Refusal::CustomerSuspended);
        }
        if !entry.verified {
            return Err(Refusal::CustomerUnverified);
        }
        Ok(())
    }

    /// Whether that address is on its allow list.
    pub(crate) fn lists(&self, source: IpAddr) -> bool {
        self.entry.load().sources.contains(&source)
    }

    /// Looks at its allow list.
    pub(crate) fn with_sources<T>(&self, look: impl FnOnce(&[IpAddr]) -> T) -> T {
        look(&self.entry.load().sources)
    }

    /// The static IPs it holds.
    pub(crate) fn static_ips(&self) -> Vec<HeldIp> {
        self.entry.load().static_ips.clone()
    }

    /// Rises whenever its packages change.
    pub(crate) fn packages_version(&self) -> i64 {
        self.entry.load().packages_version
    }

    /// Counts one connection in, at `now_ns` on the gateway's clock.
    pub(crate) fn seat(self: &Arc<Self>, now_ns: u64) -> Result<Seat, Refusal> {
        let entry = self.entry.load();
        let limit = most_tunnels(&entry);
        let seated = self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| (open < limit).then(|| open.saturating_add(1)));
        if seated.is_err() {
            return Err(Refusal::TooManyTunnels);
        }
        let seat = Seat { customer: Arc::clone(self) };
        check_pace(&entry, &self.arrival_ns, now_ns)?;
        Ok(seat)
    }

    /// Whether [`Customer::seat`] would count one in; nothing is counted.
    pub(crate) fn check_room(&self, now_ns: u64) -> Result<(), Refusal> {
        let entry = self.entry.load();
        if self.open.load(Ordering::Relaxed) >= most_tunnels(&entry) {
            return Err(Refusal::TooManyTunnels);
        }
        check_pace(&entry, &AtomicU64::new(self.arrival_ns.load(Ordering::Relaxed)), now_ns)
    }

    /// What counts against its limits, and these.
    pub(crate) fn limits(&self) -> Limits {
        let entry = self.entry.load();
        let open = self.open.load(Ordering::Relaxed);
        Limits { open, most: entry.max_tunnels, per_second: entry.max_connections_per_second }
    }
}

fn most_tunnels(entry: &CustomerEntry) -> u32 {
    entry.max_tunnels.unwrap_or(u32::MAX)
}

fn check_pace(entry: &CustomerEntry, arrival_ns: &AtomicU64, now_ns: u64) -> Result<(), Refusal> {
    let Some(per_second) = entry.max_connections_per_second else { return Ok(()) };
    let admitted = rate::admit(arrival_ns, now_ns, per_second);
    admitted.map_err(|wait| Refusal::TooManyConnections { retry_after_s: wait.seconds() })
}

/// One open connection's place among its customer's. Dropping it makes room.
#[derive(Debug)]
pub(crate) struct Seat {
    customer: Arc<Customer>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.customer.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(max_tunnels: Option<u32>, per_second: Option<u32>) -> Arc<Customer> {
        Arc::new(Customer::new(CustomerEntry {
            id: CustomerId::new(1),
            verified: true,
            suspended: false,
            max_tunnels,
            max_connections_per_second: per_second,
            packages_version: 0,
            sources: Vec::new(),
            static_ips: Vec::new(),
        }))
    }

    #[test]
    fn a_closed_connection_makes_room() {
        let customer = customer(Some(2), None);
        let first = customer.seat(0).unwrap();
        let _second = customer.seat(0).unwrap();
        assert_eq!(customer.seat(0).unwrap_err(), Refusal::TooManyTunnels);
        drop(first);
        assert!(customer.seat(0).is_ok());
    }

    #[test]
    fn a_connection_that_comes_too_soon_takes_no_place() {
        let customer = customer(Some(2), Some(1));
        drop(customer.seat(0).unwrap());
        assert_eq!(customer.seat(0).unwrap_err(), Refusal::TooManyConnections { retry_after_s: 1 });
        assert_eq!(customer.open.load(Ordering::Relaxed), 0);
    }
}

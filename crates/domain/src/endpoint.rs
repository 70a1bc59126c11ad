//! Extracted endpoints: ports of a gateway's entry that one customer has for a time (contract §4).

mod entry;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, CustomerId, EndpointBatchId, EndpointId};
use crate::place::PlaceWish;
use crate::product::ProductType;
use crate::time::Timestamp;

pub use entry::{EntryName, EntryNameError, PortRange, PortRangeError};

/// The most endpoints of one call.
pub const LARGEST_BATCH: u32 = 500;
/// The shortest life of an endpoint, in minutes.
pub const SHORTEST_LIFE_MINUTES: u32 = 1;
/// The longest life of an endpoint, in minutes.
pub const LONGEST_LIFE_MINUTES: u32 = 7_200;

/// A live endpoint as a gateway needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointEntry {
    /// Which endpoint.
    pub id: EndpointId,
    /// What it was told of with, last.
    pub batch: EndpointBatchId,
    /// Under which entry it listens.
    pub entry: EntryName,
    /// Where there.
    pub port: u16,
    /// Whose it is.
    pub customer: CustomerId,
    /// What traffic without a login is booked to: the customer's account without a name.
    pub account: AccountId,
    /// Whose exits those leave by who have no login.
    pub product_type: ProductType,
    /// Where its exit shall be.
    #[serde(default)]
    pub place: PlaceWish,
    /// The static IP that it leaves by; `None` for an exit of the pool.
    #[serde(default)]
    pub ip: Option<IpAddr>,
    /// When it ends; `None` for one that lasts as long as a static IP is held.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
}

impl EndpointEntry {
    /// Whether it is over at that moment.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }
}

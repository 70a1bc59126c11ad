//! What a gateway knows of customers and accounts, and how the change feed tells it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::account::Username;
use crate::endpoint::EndpointEntry;
use crate::exit::{ExitEntry, ExitPlace};
use crate::ids::{AccountId, CustomerId, EndpointId, ExitId, FeedSeq};
use crate::product::ProductType;
use crate::question::Question;
use crate::secret::PasswordMac;
use crate::session::Pin;
use crate::time::Timestamp;
use crate::units::LimitGb;

/// A customer as a gateway needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerEntry {
    /// Which customer.
    pub id: CustomerId,
    /// Whether the operator has verified who it is.
    pub verified: bool,
    /// Whether the operator has suspended it.
    pub suspended: bool,
    /// The most tunnels open at once over all its accounts, per gateway; `None` is no limit.
    pub max_tunnels: Option<u32>,
    /// The most new connections a second over all its accounts, per gateway; `None` is no limit.
    pub max_connections_per_second: Option<u32>,
    /// Rises whenever its packages change, so that a gateway forgets that traffic was used up.
    pub packages_version: i64,
    /// Its allow list: whence it may connect without credentials where a port is open for that. In canonical form.
    pub sources: Vec<IpAddr>,
    /// The static IPs it holds and may use.
    #[serde(default)]
    pub static_ips: Vec<HeldIp>,
}

/// A static IP that a customer holds. One in maintenance is not told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldIp {
    /// The address.
    pub ip: IpAddr,
    /// Its kind: accounts of this type leave by it without naming it.
    pub product_type: ProductType,
    /// Where it is.
    pub place: ExitPlace,
    /// Until when it may be used.
    pub expires_at: Timestamp,
    /// The exit that it is behind; `None` when it is an address of the gateway's own host.
    #[serde(default)]
    pub exit: Option<ExitId>,
}

/// A live account as a gateway needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// Which account.
    pub id: AccountId,
    /// Whose.
    pub customer: CustomerId,
    /// The name in the gateway's login.
    pub username: Username,
    /// What the password in the login is checked against.
    pub password: PasswordMac,
    /// The package type it draws on.
    pub product_type: ProductType,
    /// Whether its customer has it enabled.
    pub enabled: bool,
    /// A change takes back unused leases.
    pub limit: LimitGb,
    /// A change takes back unused leases.
    pub daily_limit: LimitGb,
}

/// Everything, as of a place in the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Changes up to and including this one are contained; `None` before the first.
    pub seq: Option<FeedSeq>,
    /// All exits.
    pub exits: Vec<ExitEntry>,
    /// All customers.
    pub customers: Vec<CustomerEntry>,
    /// All live accounts.
    pub accounts: Vec<AccountEntry>,
    /// All sessions that keep an exit.
    pub pins: Vec<Pin>,
    /// All live endpoints.
    pub endpoints: Vec<EndpointEntry>,
}

/// A part of everything. Exits come before pins, customers before their accounts, and those before their endpoints.
#[derive(Clone, Debug)]
pub enum SnapshotPart {
    /// The first part: all changes up to and including this one are contained, later ones perhaps; `None` before the
    /// first.
    Begin(Option<FeedSeq>),
    /// Some exits.
    Exits(Vec<ExitEntry>),
    /// Some sessions' exits.
    Pins(Vec<Pin>),
    /// Some customers.
    Customers(Vec<CustomerEntry>),
    /// Some live accounts.
    Accounts(Vec<AccountEntry>),
    /// Some live endpoints.
    Endpoints(Vec<EndpointEntry>),
}

/// What changed after a place in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// The feed reaches back far enough.
    Since {
        /// The new place.
        seq: FeedSeq,
        /// The present state of each thing that changed.
        changed: Box<Changed>,
    },
    /// Nothing happened.
    None,
    /// The feed was trimmed past that place: load a snapshot.
    TooOld,
}

/// The present state of each thing that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Exits.
    pub exits: Vec<ExitEntry>,
    /// Exits that are gone.
    pub gone_exits: Vec<ExitId>,
    /// Sessions that were given an exit.
    pub pins: Vec<Pin>,
    /// Customers.
    pub customers: Vec<CustomerEntry>,
    /// Live accounts.
    pub accounts: Vec<AccountEntry>,
    /// Accounts that are gone.
    pub gone_accounts: Vec<AccountId>,
    /// Live endpoints.
    pub endpoints: Vec<EndpointEntry>,
    /// Endpoints that have ended before their time.
    pub ended_endpoints: Vec<EndpointId>,
    /// What the operator asks.
    pub questions: Vec<Question>,
}

//! What would become of a connection that nobody makes: a login and a target in, the decision and its steps out.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::connection::Protocol;
use crate::ids::ExitId;
use crate::quota::Denial;
use crate::time::Timestamp;
use crate::units::Bytes;

/// The longest login that is explained, in bytes.
pub const LONGEST_LOGIN: usize = 512;

/// A connection that nobody makes. Its password is taken to be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// An account's name with its parameters, as a client writes it.
    pub login: String,
    /// Where it would go, `host:port`.
    pub target: String,
    /// What its client would speak.
    pub protocol: Protocol,
    /// What the store would answer to a gateway that asks for traffic; `None` when it would grant some.
    pub denial: Option<Denial>,
}

/// What a gateway would make of it, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// What was looked at, in order; the last one decided when the outcome is a refusal.
    pub steps: Vec<Step>,
    /// What counts against the customer's limits at this gateway.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// Bytes that this gateway holds for the account.
    #[serde(default)]
    pub leased: Option<Bytes>,
    /// What the target's name comes to, as far as it may be connected to.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    /// Which exit the session keeps.
    #[serde(default)]
    pub session: Option<Keeps>,
    /// The exits of the place.
    #[serde(default)]
    pub exits: Option<Considered>,
    /// How it would leave.
    #[serde(default)]
    pub way: Option<WayOut>,
    /// What the client would be told.
    pub outcome: Outcome,
}

/// Something that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What.
    pub check: Check,
    /// Whether it would let the connection pass.
    pub passed: bool,
}

/// What is looked at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Whether there is such an account.
    Account,
    /// Whether account and customer may use the gateway.
    Standing,
    /// Whether the login's parameters can be read.
    Login,
    /// Whether the customer may open another connection.
    Limits,
    /// Whether the place is served, and the static IP held.
    Place,
    /// Whether the target's port, and its address if that is what was named, may be connected to.
    Target,
    /// Whether there is traffic left.
    Traffic,
    /// Whether the target's name has addresses that may be connected to.
    Name,
    /// Whether an exit can take it.
    Exit,
}

impl Check {
    /// The word that is told.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Standing => "standing",
            Self::Login => "login",
            Self::Limits => "limits",
            Self::Place => "place",
            Self::Target => "target",
            Self::Traffic => "traffic",
            Self::Name => "name",
            Self::Exit => "exit",
        }
    }
}

/// What counts against a customer's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Connections that are open at this gateway.
    pub open: u32,
    /// How many may be; `None` is no limit.
    pub most: Option<u32>,
    /// How many may be opened a second; `None` is no limit.
    pub per_second: Option<u32>,
}

/// A session that keeps an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeps {
    /// Which exit.
    pub exit: ExitId,
    /// Until when.
    pub until: Timestamp,
    /// How often its exit died before.
    pub moves: u16,
}

/// The exits of a place, each counted once by the first that is so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    /// How many there are.
    pub in_place: u32,
    /// How many take connections.
    pub usable: u32,
    /// How many are in maintenance or down.
    pub closed: u32,
    /// How many are draining.
    pub draining: u32,
    /// How many failed of late.
    pub out: u32,
    /// How many are full.
    pub full: u32,
    /// How many cannot reach the target's addresses.
    pub unfit: u32,
}

/// How a connection would leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayOut {
    /// By what.
    pub kind: WayKind,
    /// By which exit; for [`WayKind::StaticIp`] the one that the address is behind.
    #[serde(default)]
    pub exit: Option<ExitId>,
    /// The static IP.
    #[serde(default)]
    pub ip: Option<IpAddr>,
    /// Where it is.
    #[serde(default)]
    pub place: Option<String>,
    /// Whether the next connection would leave the same way: it has a session, or there is no other.
    pub fixed: bool,
}

/// What a connection leaves by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayKind {
    /// The gateway's own address, since the operator has made no exit.
    Host,
    /// An exit of the place.
    Exit,
    /// A static IP of the customer.
    StaticIp,
}

impl WayKind {
    /// The word that is told.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Exit => "exit",
            Self::StaticIp => "static_ip",
        }
    }
}

/// What a client would be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why not, in one stable word; `None` when it would be connected.
    pub reason: Option<String>,
    /// The status over HTTP.
    pub status: u16,
    /// The reply over SOCKS5; 0 when it would be connected.
    pub socks_reply: u8,
    /// The `error` of `Proxy-Status`; empty when it would be connected.
    pub error: String,
    /// What it would be told, without a full stop.
    pub text: String,
    /// When to come back, in seconds.
    pub retry_after_s: Option<u32>,
}

impl Explanation {
    /// Whether a client would be told the same, and leave by the same kind of way.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let kind = |one: &Self| one.way.as_ref().map(|way| way.kind);
        self.outcome == other.outcome && kind(self) == kind(other)
    }
}

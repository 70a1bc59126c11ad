//! An open connection of a client, as its gateway shows it to the operator.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, CustomerId};
use crate::time::Span;
use crate::units::Bytes;

/// A connection of one gateway process. Numbers are not used again while the process lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(u64);

impl ConnectionId {
    /// Wraps a number drawn by the gateway.
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a client speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Plain HTTP requests, in absolute form.
    Http,
    /// A tunnel by HTTP CONNECT.
    Connect,
    /// A tunnel by SOCKS5.
    Socks5,
}

impl Protocol {
    /// One stable word for the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Connect => "connect",
            Self::Socks5 => "socks5",
        }
    }

    /// The one of that word; `None` when there is none.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Http, Self::Connect, Self::Socks5].into_iter().find(|protocol| protocol.word() == word)
    }
}

/// An open connection, once its client has logged in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// Which of its gateway's connections.
    pub id: ConnectionId,
    /// Whose.
    pub customer: CustomerId,
    /// The account that it is booked to.
    pub account: AccountId,
    /// That account's name.
    pub username: String,
    /// What its client speaks.
    pub protocol: Protocol,
    /// Where its client is.
    pub source: SocketAddr,
    /// Where it goes, `host:port` as asked for; never a path.
    pub target: String,
    /// How long ago it was accepted.
    pub age: Span,
    /// Payload delivered to the client so far.
    pub to_client: Bytes,
    /// Payload sent to the target so far.
    pub to_origin: Bytes,
}

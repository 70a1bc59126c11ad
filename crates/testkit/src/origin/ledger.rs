//! What the origin counted: bytes its kernel received and bytes it sent, by the token a client put into its request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// How many different tokens are told apart; what comes later counts under [`Ledger::OVERFLOW`].
const MOST_TOKENS: usize = 1_000_000;

/// Sums of exchanges: HTTP requests with their answers, or raw connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many exchanges ended.
    pub exchanges: u64,
    /// Of those, how many by a reset or another error.
    pub resets: u64,
    /// Bytes that arrived: heads, bodies and framing, or everything on a raw connection.
    pub received: u64,
    /// Bytes that were sent, likewise.
    pub sent: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.exchanges = self.exchanges.saturating_add(other.exchanges);
        self.resets = self.resets.saturating_add(other.resets);
        self.received = self.received.saturating_add(other.received);
        self.sent = self.sent.saturating_add(other.sent);
    }
}

/// All counts of one origin. Exchanges appear when they end.
#[derive(Debug, Default)]
pub struct Ledger {
    connections: AtomicU64,
    open: AtomicU64,
    tallies: Mutex<BTreeMap<String, Tally>>,
}

impl Ledger {
    /// The token of what came after there were too many.
    pub const OVERFLOW: &'static str = "(overflow)";

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Acquire)
    }

    /// Connections still open; when it is 0 every exchange is in the tallies.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Acquire)
    }

    /// The sums under `token`; zeros when it never came.
    pub fn tally(&self, token: &str) -> Tally {
        self.lock().get(token).copied().unwrap_or_default()
    }

    /// The sums over all tokens.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.lock().values().for_each(|tally| total.add(*tally));
        total
    }

    /// Everything as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        let tokens = self.lock().clone();
        serde_json::json!({
            "connections": self.connections(),
            "open": self.open(),
            "total": self.total(),
            "tokens": tokens,
        })
    }

    pub(super) fn record(&self, token: &str, tally: Tally) {
        let mut tallies = self.lock();
        let known = tallies.contains_key(token) || tallies.len() < MOST_TOKENS;
        tallies.entry(if known { token } else { Self::OVERFLOW }.to_owned()).or_default().add(tally);
    }

    pub(super) fn enter(&self) -> OpenConnection<'_> {
        self.connections.fetch_add(1, Ordering::AcqRel);
        self.open.fetch_add(1, Ordering::AcqRel);
        OpenConnection(self)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Tally>> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a connection as open while it lives.
pub(super) struct OpenConnection<'a>(&'a Ledger);

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

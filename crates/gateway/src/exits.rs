//! The exits of this gateway: which there are, which one a connection leaves by, and which sessions keep theirs.
//!
//! Everything is read without a lock: a pool that is exchanged whole when exits are made or go, counters in each exit, and a map of
//! pins.

mod choose;
mod keeper;
mod live;
mod offers;
mod pins;
mod pool;

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;
use turnpike_domain::exit::ExitEntry;
use turnpike_domain::ids::ExitId;
use turnpike_domain::session::Pin;
use turnpike_domain::time::Timestamp;

use crate::ports::Clock;

pub(crate) use choose::Choice;
pub use choose::{Chosen, Search, Sticky};
pub(crate) use keeper::PinKeeper;
pub(crate) use live::Facts;
pub use live::{LiveExit, Outing};
pub(crate) use pins::Pins;
pub use pool::Pool;

/// All exits, shared by all threads of a gateway.
#[derive(Debug)]
pub struct Exits {
    pool: ArcSwap<Pool>,
    /// Changes come one after the other.
    turn: Mutex<()>,
    pub(crate) pins: Pins,
    clock: Clock,
}

impl Exits {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self { pool: ArcSwap::default(), turn: Mutex::default(), pins: Pins::default(), clock }
    }

    /// A look at the exits as they are now, which counts nothing that all threads share. Not to be kept for long.
    pub(crate) fn look(&self) -> Guard<Arc<Pool>> {
        self.pool.load()
    }

    /// The exits as they are now.
    pub fn pool(&self) -> Arc<Pool> {
        self.pool.load_full()
    }

    /// Takes over the present state of what changed: the exits whose connections must end.
    pub fn apply(&self, entries: Vec<ExitEntry>, gone: &[ExitId]) -> HashSet<ExitId> {
        if entries.is_empty() && gone.is_empty() {
            return HashSet::new();
        }
        let _turn = self.turn.lock();
        let gone: HashSet<_> = gone.iter().copied().collect();
        let closed = entries.iter().filter(|entry| !entry.state.keeps_open()).map(|entry| entry.id);
        let ending = closed.chain(gone.iter().copied()).collect();
        self.pool.store(self.pool.load().with(entries, &gone));
        ending
    }

    /// Takes over all exits: those that are not told of are gone. The exits whose connections must end.
    pub(crate) fn replace(&self, entries: Vec<ExitEntry>) -> HashSet<ExitId> {
        let told: HashSet<_> = entries.iter().map(|entry| entry.id).collect();
        let pool = self.pool.load();
        let gone: Vec<_> = pool.exits().iter().map(|exit| exit.id()).filter(|id| !told.contains(id)).collect();
        self.apply(entries, &gone)
    }

    /// Takes over what other gateways pinned, and this one before.
    pub(crate) fn take_pins(&self, pins: Vec<Pin>) {
        let now = (self.clock)();
        for pin in pins {
            self.pins.take(pin, now);
        }
    }

    /// What the wall clock says.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Forgets pins that have ended.
    pub(crate) fn sweep_pins(&self) {
        self.pins.sweep((self.clock)());
    }
}

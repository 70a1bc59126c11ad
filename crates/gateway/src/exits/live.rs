//! An exit while it serves: what the operator wants of it, how many connections leave by it, and how it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use arc_swap::{ArcSwap, Guard};
use turnpike_domain::exit::{ExitEntry, ExitState, Route};
use turnpike_domain::ids::ExitId;

use crate::exit::health::Health;

/// An exit.
#[derive(Debug)]
pub(crate) struct LiveExit {
    id: ExitId,
    entry: ArcSwap<ExitEntry>,
    open: AtomicU32,
    gone: AtomicBool,
    pub(crate) health: Health,
}

impl LiveExit {
    pub(crate) fn new(entry: ExitEntry) -> Self {
        Self {
            id: entry.id,
            entry: ArcSwap::from_pointee(entry),
            open: AtomicU32::new(0),
            gone: AtomicBool::new(false),
            health: Health::default(),
        }
    }

    /// Takes over what the operator wants now. One with another route has no past.
    pub(crate) fn update(&self, entry: ExitEntry) {
        if self.entry.load().route != entry.route {
            self.health.forget();
        }
        self.entry.store(Arc::new(entry));
    }

    /// It is no more.
    pub(crate) fn end(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    pub(crate) const fn id(&self) -> ExitId {
        self.id
    }

    /// As the operator made it.
    pub(crate) fn entry(&self) -> Guard<Arc<ExitEntry>> {
        self.entry.load()
    }

    /// How traffic leaves by it.
    pub(crate) fn route(&self) -> Route {
        self.entry.load().route.clone()
    }

    /// How many connections leave by it.
    pub(crate) fn open(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether a connection may leave by it that would be bound to it from here on.
    pub(crate) fn takes_new(&self) -> bool {
        self.state().is_some_and(ExitState::takes_new) && !self.health.is_out() && self.has_room()
    }

    /// Whether a session that has it keeps it. A full one is kept: somebody will make room.
    pub(crate) fn keeps_sessions(&self) -> bool {
        self.keeps_open() && !self.health.is_out()
    }

    /// Whether open connections may go on.
    pub(crate) fn keeps_open(&self) -> bool {
        self.state().is_some_and(ExitState::keeps_open)
    }

    /// `None` once it is gone.
    fn state(&self) -> Option<ExitState> {
        (!self.gone.load(Ordering::Relaxed)).then(|| self.entry.load().state)
    }

    fn has_room(&self) -> bool {
        self.entry.load().capacity.is_none_or(|capacity| self.open() < capacity)
    }

    /// Counts a connection in; `None` when it is full.
    pub(crate) fn seat(self: &Arc<Self>) -> Option<Outing> {
        let capacity = self.entry.load().capacity.unwrap_or(u32::MAX);
        let more = |open: u32| (open < capacity).then(|| open.saturating_add(1));
        self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Outing(Arc::clone(self)))
    }
}

/// One connection's place at its exit. Dropping it makes room.
#[derive(Debug)]
pub(crate) struct Outing(Arc<LiveExit>);

impl Outing {
    pub(crate) fn exit(&self) -> &Arc<LiveExit> {
        &self.0
    }
}

impl Drop for Outing {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

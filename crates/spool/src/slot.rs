//! One lease's place in the spool.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use turnpike_domain::ids::{AccountId, LeaseId};
use turnpike_domain::lease::Counters;
use turnpike_domain::units::Bytes;

use crate::layout::RawSlot;
use crate::spool::Shelf;

/// What a slot is for. It does not change while the slot is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotHeader {
    /// Which lease.
    pub lease: LeaseId,
    /// Whose.
    pub account: AccountId,
    /// How many bytes it allows.
    pub granted: Bytes,
}

impl SlotHeader {
    pub(crate) const fn words(&self) -> [u64; 3] {
        [self.lease.get().cast_unsigned(), self.account.get().cast_unsigned(), self.granted.get()]
    }

    pub(crate) const fn from_words([lease, account, granted]: [u64; 3]) -> Self {
        Self {
            lease: LeaseId::new(lease.cast_signed()),
            account: AccountId::new(account.cast_signed()),
            granted: Bytes::new(granted),
        }
    }
}

/// A taken slot. Dropping it leaves it taken in the file, to be found by the next process, unless
/// [`Slot::mark_settled`] was called.
#[derive(Debug)]
pub struct Slot {
    shelf: Arc<Shelf>,
    index: usize,
    settled: AtomicBool,
}

impl Slot {
    pub(crate) const fn new(shelf: Arc<Shelf>, index: usize) -> Self {
        Self { shelf, index, settled: AtomicBool::new(false) }
    }

    /// The store has booked the lease's final report: the slot becomes free when it is dropped.
    pub fn mark_settled(&self) {
        self.settled.store(true, Ordering::Release);
    }

    fn raw(&self) -> &RawSlot {
        self.shelf.raw(self.index)
    }
}

impl Counters for Slot {
    fn used(&self) -> &AtomicU64 {
        &self.raw().used
    }

    fn returned(&self) -> &AtomicU64 {
        &self.raw().returned
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if *self.settled.get_mut() {
            self.shelf.put_back(self.index);
        }
    }
}

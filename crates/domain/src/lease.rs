//! The gateway's side of a lease: bytes are reserved before they are read, counted when they are written, and
//! reported once the client's kernel has acknowledged them.
//!
//! All threads of a gateway share one meter per lease through atomics; nothing here waits. The two counters that must
//! outlive the process live behind [`Counters`], in a slot of the spool file.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, LeaseId};
use crate::quota::Denial;
use crate::time::Span;
use crate::units::Bytes;

/// What a gateway tells the store of one lease. All values are absolute; `used ≤ written ≤ ceiling`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseReport {
    /// Which lease.
    pub lease: LeaseId,
    /// Bytes delivered for certain; never falls.
    pub used: Bytes,
    /// Bytes written to either side and not lost since, proven or not; `ceiling - written` never rises.
    pub written: Bytes,
    /// The most `used` can still become; never rises.
    pub ceiling: Bytes,
    /// Whether nothing more will come: `used` is final.
    pub last: bool,
}

impl LeaseReport {
    /// Nothing more will come than `used`.
    pub const fn last(lease: LeaseId, used: Bytes) -> Self {
        Self { lease, used, written: used, ceiling: used, last: true }
    }

    /// Nothing more is known of the lease: the highest report so far stands.
    pub const fn void(lease: LeaseId) -> Self {
        Self::last(lease, Bytes::ZERO)
    }
}

/// One round between gateway and store: reports are booked first, then requests answered, in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Rises from 1 with every exchange of an incarnation, also of those that failed. The store carries out none that is
    /// not higher than the last, so one that comes twice or is overtaken grants nothing that nobody receives.
    pub number: u64,
    /// What was used of leases.
    pub reports: Vec<LeaseReport>,
    /// Accounts that need a lease, each at most once.
    pub requests: Vec<LeaseRequest>,
    /// After an exchange whose answer was lost: all leases the gateway has. The store frees every other one of the node.
    pub held: Option<Vec<LeaseId>>,
}

/// A gateway's wish for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRequest {
    /// For whom.
    pub account: AccountId,
    /// More than this it has no use for soon: who uses little should not keep others from what is left.
    pub want: Bytes,
}

/// The store's answer to a wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseGrant {
    /// For whom.
    pub account: AccountId,
    /// The lease, or why there is none.
    pub outcome: Result<Lease, Denial>,
}

/// A lease as granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Which lease.
    pub id: LeaseId,
    /// How many bytes may be relayed.
    pub bytes: Bytes,
    /// For how long, counted from when the gateway asked, on its monotonic clock.
    pub valid_for: Span,
    /// Of a package that has a bandwidth: not before so long after the answer came.
    #[serde(default)]
    pub paced: Option<Span>,
}

/// The two counters of a lease that outlive the process. Both only rise.
pub trait Counters {
    /// Bytes written to either side.
    fn used(&self) -> &AtomicU64;
    /// Of those, bytes that a reset connection turned out not to have delivered.
    fn returned(&self) -> &AtomicU64;
}

/// How a lease stands at its gateway: what a report tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Bytes delivered for certain.
    pub proven: Bytes,
    /// Bytes written and not handed back, proven or not.
    pub written: Bytes,
    /// The most `proven` can still become.
    pub ceiling: Bytes,
}

/// Set in `reserved` when the lease was recalled.
const RECALLED: u64 = 1 << 63;

/// The live accounting of one lease.
///
/// `reserved` counts bytes that are written or about to be; `reserved ≤ granted` is the whole of the quota guarantee.
#[derive(Debug)]
pub struct Meter<C> {
    granted: u64,
    reserved: AtomicU64,
    unproven: AtomicU64,
    counters: C,
}

impl<C: Counters> Meter<C> {
    /// A meter over fresh counters.
    pub const fn new(granted: Bytes, counters: C) -> Self {
        Self { granted: granted.get(), reserved: AtomicU64::new(0), unproven: AtomicU64::new(0), counters }
    }

    /// Where the counters live.
    pub const fn counters(&self) -> &C {
        &self.counters
    }

    /// Takes up to `want` bytes out of what is free; 0 when nothing is, or when the lease was recalled.
    pub fn reserve(&self, want: u64) -> u64 {
        let mut taken = 0;
        // On failure `taken` is 0: the closure ran last for a value that leaves nothing.
        self.reserved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |reserved| {
                taken = if reserved & RECALLED == 0 { want.min(self.granted.saturating_sub(reserved)) } else { 0 };
                (taken > 0).then(|| reserved.saturating_add(taken))
            })
            .map_or(0, |_| taken)
    }

    /// Hands back bytes that were reserved and not written.
    pub fn release(&self, bytes: u64) {
        self.reserved.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts reserved bytes that were written to the origin's side: the client sent them, so they are proven.
    pub fn commit_sent(&self, bytes: u64) {
        self.counters.used().fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts reserved bytes that were written to the client's side and wait for its acknowledgement.
    pub fn commit_unproven(&self, bytes: u64) {
        // This order, so that a reader of `used` before `unproven` never sees more proven than is.
        self.unproven.fetch_add(bytes, Ordering::Release);
        self.counters.used().fetch_add(bytes, Ordering::Release);
    }

    /// The client's kernel has acknowledged so many of the bytes that waited for it.
    pub fn prove(&self, bytes: u64) {
        self.unproven.fetch_sub(bytes, Ordering::Release);
    }

    /// So many of the bytes that waited will never be acknowledged: they are not billed.
    pub fn give_back(&self, bytes: u64) {
        self.counters.returned().fetch_add(bytes, Ordering::Release);
        self.unproven.fetch_sub(bytes, Ordering::Release);
    }

    /// Ends reservations; what is reserved already may still be used.
    pub fn recall(&self) {
        self.reserved.fetch_or(RECALLED, Ordering::Relaxed);
    }

    /// Whether [`Meter::recall`] was called.
    pub fn is_recalled(&self) -> bool {
        self.reserved.load(Ordering::Relaxed) & RECALLED != 0
    }

    /// Bytes that can still be reserved.
    pub fn free(&self) -> u64 {
        let reserved = self.reserved.load(Ordering::Relaxed);
        if reserved & RECALLED == 0 { self.granted.saturating_sub(reserved) } else { 0 }
    }

    /// Whether every reserved byte is written and proven, or given back.
    pub fn is_settled(&self) -> bool {
        let reserved = self.reserved.load(Ordering::Acquire) & !RECALLED;
        let used = self.counters.used().load(Ordering::Acquire);
        reserved == used && self.unproven.load(Ordering::Acquire) == 0
    }

    /// How it stands now. What was handed back is out of the ceiling at once, so that clients that reset do not hold quota
    /// until the last client of the lease is done.
    pub fn standing(&self) -> Standing {
        // In this order: `used` before `unproven`, so that no more is proven than is; and before `reserved`, so that what
        // may still be written is never told too low.
        let used = self.counters.used().load(Ordering::Acquire);
        let unproven = self.unproven.load(Ordering::Acquire);
        let returned = self.counters.returned().load(Ordering::Acquire);
        let reserved = self.reserved.load(Ordering::Acquire);
        let most = if reserved & RECALLED == 0 { self.granted } else { reserved & !RECALLED };
        Standing {
            proven: Bytes::new(used.saturating_sub(unproven).saturating_sub(returned)),
            written: Bytes::new(used.saturating_sub(returned)),
            ceiling: Bytes::new(most.saturating_sub(returned)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Memory {
        used: AtomicU64,
        returned: AtomicU64,
    }

    impl Counters for Memory {
        fn used(&self) -> &AtomicU64 {
            &self.used
        }
        fn returned(&self) -> &AtomicU64 {
            &self.returned
        }
    }

    /// Proven, written, ceiling.
    fn stands(meter: &Meter<Memory>) -> (u64, u64, u64) {
        let Standing { proven, written, ceiling } = meter.standing();
        (proven.get(), written.get(), ceiling.get())
    }

    #[test]
    fn no_more_is_reserved_than_was_granted() {
        let meter = Meter::new(Bytes::new(100), Memory::default());
        assert_eq!(meter.reserve(60), 60);
        assert_eq!(meter.reserve(60), 40);
        assert_eq!(meter.reserve(1), 0);
        meter.release(10);
        assert_eq!(meter.reserve(60), 10);
    }

    #[test]
    fn bytes_count_once_the_client_acknowledged_them() {
        let meter = Meter::new(Bytes::new(100), Memory::default());
        assert_eq!(meter.reserve(50), 50);
        meter.commit_unproven(50);
        assert_eq!(stands(&meter), (0, 50, 100));
        meter.prove(30);
        assert_eq!(stands(&meter), (30, 50, 100));
        meter.give_back(20);
        assert_eq!(stands(&meter), (30, 30, 80));
        assert!(meter.is_settled());
    }

    #[test]
    fn what_was_handed_back_is_no_longer_held_though_others_still_wait() {
        let meter = Meter::new(Bytes::new(100), Memory::default());
        assert_eq!(meter.reserve(100), 100);
        meter.commit_unproven(100);
        meter.give_back(60);
        assert_eq!(stands(&meter), (0, 40, 40));
        meter.prove(40);
        assert_eq!(stands(&meter), (40, 40, 40));
    }

    #[test]
    fn a_recalled_lease_keeps_only_what_is_reserved() {
        let meter = Meter::new(Bytes::new(100), Memory::default());
        assert_eq!(meter.reserve(30), 30);
        meter.recall();
        assert_eq!(meter.reserve(1), 0);
        assert_eq!(stands(&meter), (0, 0, 30));
        meter.release(10);
        assert_eq!(stands(&meter), (0, 0, 20));
        assert!(!meter.is_settled());
        meter.commit_sent(20);
        assert!(meter.is_settled());
    }
}

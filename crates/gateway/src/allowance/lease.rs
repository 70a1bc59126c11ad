//! A live lease, and bytes taken from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use turnpike_domain::ids::LeaseId;
use turnpike_domain::lease::{Counters, Lease as Grant, Meter};
use turnpike_spool::Slot;

use crate::allowance::hunger::Refill;

/// Of a lease whose plan has a bandwidth at most this fraction is taken at once, so that all who wait get some of it.
const PIECES: u64 = 8;
/// But not less than this, in bytes.
const LEAST_PIECE: u64 = 16 * 1024;

/// A lease this gateway may use.
#[derive(Debug)]
pub(crate) struct Lease {
    id: LeaseId,
    granted: u64,
    meter: Meter<Slot>,
    /// When it was asked for.
    asked_at: Instant,
    valid_for: Duration,
    /// How long after that the last report was sent which the store has booked.
    renewed_ms: AtomicU64,
    /// The most that is taken at once; of a lease whose plan has a bandwidth it is little.
    piece: Option<u64>,
    refill: Arc<Refill>,
}

impl Lease {
    /// A lease as granted on a request that was sent at `asked_at`.
    pub(crate) fn new(grant: &Grant, slot: Slot, asked_at: Instant, refill: Arc<Refill>) -> Self {
        Self {
            id: grant.id,
            granted: grant.bytes.get(),
            meter: Meter::new(grant.bytes, slot),
            asked_at,
            valid_for: grant.valid_for.to_duration(),
            renewed_ms: AtomicU64::new(0),
            piece: grant.paced.map(|_| (grant.bytes.get() / PIECES).max(LEAST_PIECE)),
            refill,
        }
    }

    pub(crate) const fn id(&self) -> LeaseId {
        self.id
    }

    pub(crate) const fn granted(&self) -> u64 {
        self.granted
    }

    pub(crate) const fn meter(&self) -> &Meter<Slot> {
        &self.meter
    }

    /// Whether it will never be reserved from again: recalled, or written to its end.
    pub(crate) fn is_spent(&self) -> bool {
        self.meter.is_recalled() || self.meter.counters().used().load(Ordering::Relaxed) >= self.granted
    }

    /// When it was asked for.
    pub(crate) const fn asked_at(&self) -> Instant {
        self.asked_at
    }

    /// Whether its plan has a bandwidth.
    pub(crate) const fn is_paced(&self) -> bool {
        self.piece.is_some()
    }

    /// Whether it may still be reserved from.
    pub(crate) fn is_valid(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.asked_at) < self.valid_for
    }

    /// The store has booked a report that was sent at `sent_at`: it goes on holding what is not settled.
    pub(crate) fn renew(&self, sent_at: Instant) {
        let later = sent_at.saturating_duration_since(self.asked_at).as_millis();
        self.renewed_ms.fetch_max(u64::try_from(later).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// For how long the store may have given up holding it; zero while it surely holds it.
    pub(crate) fn unheld_for(&self, now: Instant) -> Duration {
        let renewed = Duration::from_millis(self.renewed_ms.load(Ordering::Relaxed));
        now.saturating_duration_since(self.asked_at).saturating_sub(renewed).saturating_sub(self.valid_for)
    }
}

/// Bytes taken from a lease and not yet written. What is left of it goes back when it is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    lease: Arc<Lease>,
    bytes: u64,
}

impl Reservation {
    /// Takes up to `want` bytes; `None` when nothing is free or the lease is not valid any more.
    pub(crate) fn take(lease: &Arc<Lease>, want: u64, now: Instant) -> Option<Self> {
        let want = lease.piece.map_or(want, |piece| want.min(piece));
        let bytes = if lease.is_valid(now) { lease.meter.reserve(want) } else { 0 };
        (bytes > 0).then(|| Self { lease: Arc::clone(lease), bytes })
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) const fn lease(&self) -> &Arc<Lease> {
        &self.lease
    }

    /// Hands back what is beyond `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: u64) {
        let surplus = self.bytes.saturating_sub(bytes);
        if surplus > 0 {
            self.bytes = bytes;
            self.lease.meter.release(surplus);
            if self.lease.is_paced() {
                self.lease.refill.pass_on();
            } else {
                self.lease.refill.wake_if_hungry();
            }
        }
    }

    /// So many of the bytes were written to the origin.
    pub(crate) fn sent(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.lease.meter.commit_sent(bytes);
    }

    /// So many of the bytes were written to the client, which has yet to acknowledge them.
    pub(crate) fn delivered(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.lease.meter.commit_unproven(bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

//! How long the store takes and how often it fails, for whoever watches. Counting costs a few atomic additions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{ActError, StoreError};

/// The upper bounds of the histogram's buckets, in microseconds; what takes longer falls into one more.
pub const BOUNDS_US: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000, 30_000_000,
];

/// Times of reads and of writes, and failures of both. A read is everything between asking for a connection and the
/// last row; a write everything from its first begin to its commit, repeats included.
#[derive(Debug, Default)]
pub struct Timings {
    /// Reads and snapshots.
    pub reads: Durations,
    /// Transactions that write.
    pub writes: Durations,
    failures: AtomicU64,
}

impl Timings {
    /// How often the store could not do what was asked, for a reason of its own: unreachable, too contended, refused
    /// by the database.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Notes how a read ended.
    pub(crate) fn read<T, E: ActError>(&self, began: Instant, outcome: &Result<T, E>) {
        self.reads.note(began.elapsed());
        self.note_failure(outcome);
    }

    /// Notes how a write ended.
    pub(crate) fn write<T, E: ActError>(&self, began: Instant, outcome: &Result<T, E>) {
        self.writes.note(began.elapsed());
        self.note_failure(outcome);
    }

    fn note_failure<T, E: ActError>(&self, outcome: &Result<T, E>) {
        let Some(error) = outcome.as_ref().err().and_then(ActError::store_error) else { return };
        // These two are answers.
        if !matches!(error, StoreError::Conflict | StoreError::DoneBefore) {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A histogram.
#[derive(Debug, Default)]
pub struct Durations {
    /// One more than there are bounds: the last is for what takes longer than all.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Durations {
    /// How many there were in each bucket, not cumulated; and the sum of all in microseconds.
    pub fn read(&self) -> ([u64; BOUNDS_US.len() + 1], u64) {
        let mut counts = [0; BOUNDS_US.len() + 1];
        for (count, bucket) in counts.iter_mut().zip(&self.buckets) {
            *count = bucket.load(Ordering::Relaxed);
        }
        (counts, self.sum_us.load(Ordering::Relaxed))
    }

    fn note(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| *bound < took_us);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_on_a_bound_belongs_below_it() {
        let durations = Durations::default();
        for took_us in [0, 250, 251, 30_000_000, 30_000_001] {
            durations.note(Duration::from_micros(took_us));
        }
        let (counts, sum_us) = durations.read();
        assert_eq!((counts[0], counts[1], counts[13], counts[14], sum_us), (2, 1, 1, 1, 60_000_502));
    }

    #[test]
    fn answers_are_no_failures() {
        let timings = Timings::default();
        timings.write::<(), _>(Instant::now(), &Err(StoreError::Conflict));
        assert_eq!(timings.failures(), 0);
        timings.read::<(), _>(Instant::now(), &Err(StoreError::Contended));
        assert_eq!(timings.failures(), 1);
    }
}

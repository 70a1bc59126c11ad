//! When a lease that nobody reports any more lapses.
//!
//! Wall clocks jump and differ between machines, so none decides alone: no lease lapses before one watcher has seen it
//! unchanged for validity and grace on its own monotonic clock. By then its gateway has stopped using it, and what it
//! delivered and could not report is in doubt. Most leases are then kept in escrow, for so long that no watcher lives
//! through it: there the wall clock decides when doubt has lasted long enough.

use std::collections::HashMap;
use std::time::Duration;

use crate::ids::LeaseId;
use crate::quota::LeasePolicy;
use crate::time::{Span, Timestamp};

/// A lease that has not lapsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// Which lease.
    pub lease: LeaseId,
    /// Every report on it renews it: its `lapses_at`.
    pub mark: Timestamp,
    /// Whether it stays held after its gateway fell silent, in case the spool file comes back.
    pub escrowed: bool,
}

/// What a watcher has seen of the open leases.
#[derive(Clone, Debug)]
pub struct LapseWatch {
    wait: Duration,
    escrow: Span,
    seen: HashMap<LeaseId, (Timestamp, Duration)>,
}

impl LapseWatch {
    /// A watcher that has seen nothing yet.
    pub fn new(policy: &LeasePolicy) -> Self {
        Self { wait: policy.silence().to_duration(), escrow: policy.escrow, seen: HashMap::new() }
    }

    /// Looks at all open leases and says which have lapsed. `elapsed` is the time since some fixed moment on a monotonic
    /// clock, `now` what the wall clock shows. Lapse them only where the mark is still the same: a report may come in
    /// between.
    pub fn look(&mut self, elapsed: Duration, now: Timestamp, open: &[Marked]) -> Vec<Marked> {
        let before = std::mem::take(&mut self.seen);
        let mut lapsed = Vec::new();
        for &marked in open {
            let Marked { lease, mark, escrowed } = marked;
            let since = before.get(&lease).filter(|(seen, _)| *seen == mark).map_or(elapsed, |(_, since)| *since);
            let silent = elapsed.saturating_sub(since) >= self.wait;
            if silent && (!escrowed || now >= mark.plus(self.escrow)) {
                lapsed.push(marked);
            }
            self.seen.insert(lease, (mark, since));
        }
        lapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Timestamp = Timestamp::from_ms(1000);
    const LEASE: Marked = Marked { lease: LeaseId::new(1), mark: MARK, escrowed: false };
    /// Long before any escrow ends.
    const NOW: Timestamp = MARK;

    fn at(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn watch() -> LapseWatch {
        LapseWatch::new(&LeasePolicy::default())
    }

    #[test]
    fn silence_for_validity_and_grace_lapses() {
        let mut watch = watch();
        assert_eq!(watch.look(at(10), NOW, &[LEASE]), []);
        assert_eq!(watch.look(at(99), NOW, &[LEASE]), []);
        assert_eq!(watch.look(at(100), NOW, &[LEASE]), [LEASE]);
    }

    #[test]
    fn a_report_begins_the_wait_anew() {
        let mut watch = watch();
        let renewed = Marked { mark: Timestamp::from_ms(2000), ..LEASE };
        assert_eq!(watch.look(at(0), NOW, &[LEASE]), []);
        assert_eq!(watch.look(at(95), NOW, &[renewed]), []);
        assert_eq!(watch.look(at(184), NOW, &[renewed]), []);
        assert_eq!(watch.look(at(185), NOW, &[renewed]), [renewed]);
    }

    #[test]
    fn a_watcher_that_just_started_lapses_nothing() {
        assert_eq!(watch().look(at(1_000_000), NOW.plus(Span::from_days(9)), &[LEASE]), []);
    }

    #[test]
    fn a_settled_lease_is_forgotten() {
        let mut watch = watch();
        watch.look(at(0), NOW, &[LEASE]);
        watch.look(at(50), NOW, &[]);
        assert_eq!(watch.look(at(100), NOW, &[LEASE]), []);
    }

    #[test]
    fn what_is_in_escrow_waits_a_day_more_whoever_watches() {
        let kept = Marked { escrowed: true, ..LEASE };
        let (mut first, mut second) = (watch(), watch());
        let released = MARK.plus(Span::from_days(1));
        first.look(at(0), NOW, &[kept]);
        assert_eq!(first.look(at(1_000_000), released.minus(Span::from_ms(1)), &[kept]), []);
        assert_eq!(first.look(at(1_000_000), NOW, &[LEASE]), [LEASE]);
        assert_eq!(second.look(at(0), released, &[kept]), []);
        assert_eq!(second.look(at(90), released, &[kept]), [kept]);
    }

    #[test]
    fn a_clock_that_jumps_ends_no_escrow_of_a_living_gateway() {
        let mut watch = watch();
        let (kept, later) = (Marked { escrowed: true, ..LEASE }, NOW.plus(Span::from_days(9)));
        for second in 0..200 {
            let mark = NOW.plus(Span::from_secs(i64::try_from(second / 60).unwrap()));
            assert_eq!(watch.look(at(second), later, &[Marked { mark, ..kept }]), []);
        }
    }
}

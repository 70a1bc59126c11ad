//! When a lease that nobody reports any more lapses.
//!
//! Wall clocks jump and differ between machines, so none decides: a lease lapses when one watcher has seen it
//! unchanged for validity and grace on its own monotonic clock. By then its gateway has stopped using it.

use std::collections::HashMap;
use std::time::Duration;

use crate::ids::LeaseId;
use crate::quota::LeasePolicy;
use crate::time::Timestamp;

/// A lease that has not lapsed, and the mark that every report on it renews: its `lapses_at`.
pub type Marked = (LeaseId, Timestamp);

/// What a watcher has seen of the open leases.
#[derive(Clone, Debug)]
pub struct LapseWatch {
    wait: Duration,
    seen: HashMap<LeaseId, (Timestamp, Duration)>,
}

impl LapseWatch {
    /// A watcher that has seen nothing yet.
    pub fn new(policy: &LeasePolicy) -> Self {
        Self { wait: policy.silence().to_duration(), seen: HashMap::new() }
    }

    /// Looks at all open leases and says which have lapsed. `now` is the time since some fixed moment on a monotonic
    /// clock. Lapse them only where the mark is still the same: a report may come in between.
    pub fn look(&mut self, now: Duration, open: &[Marked]) -> Vec<Marked> {
        let before = std::mem::take(&mut self.seen);
        let mut lapsed = Vec::new();
        for &(lease, mark) in open {
            let since = before.get(&lease).filter(|(seen, _)| *seen == mark).map_or(now, |(_, since)| *since);
            if now.saturating_sub(since) >= self.wait {
                lapsed.push((lease, mark));
            }
            self.seen.insert(lease, (mark, since));
        }
        lapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: LeaseId = LeaseId::new(1);
    const MARK: Timestamp = Timestamp::from_ms(1000);

    fn at(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn silence_for_validity_and_grace_lapses() {
        let mut watch = LapseWatch::new(&LeasePolicy::default());
        assert_eq!(watch.look(at(10), &[(LEASE, MARK)]), []);
        assert_eq!(watch.look(at(99), &[(LEASE, MARK)]), []);
        assert_eq!(watch.look(at(100), &[(LEASE, MARK)]), [(LEASE, MARK)]);
    }

    #[test]
    fn a_report_begins_the_wait_anew() {
        let mut watch = LapseWatch::new(&LeasePolicy::default());
        let renewed = Timestamp::from_ms(2000);
        assert_eq!(watch.look(at(0), &[(LEASE, MARK)]), []);
        assert_eq!(watch.look(at(95), &[(LEASE, renewed)]), []);
        assert_eq!(watch.look(at(184), &[(LEASE, renewed)]), []);
        assert_eq!(watch.look(at(185), &[(LEASE, renewed)]), [(LEASE, renewed)]);
    }

    #[test]
    fn a_watcher_that_just_started_lapses_nothing() {
        let mut watch = LapseWatch::new(&LeasePolicy::default());
        assert_eq!(watch.look(at(1_000_000), &[(LEASE, Timestamp::from_ms(0))]), []);
    }

    #[test]
    fn a_settled_lease_is_forgotten() {
        let mut watch = LapseWatch::new(&LeasePolicy::default());
        watch.look(at(0), &[(LEASE, MARK)]);
        watch.look(at(50), &[]);
        assert_eq!(watch.look(at(100), &[(LEASE, MARK)]), []);
    }
}

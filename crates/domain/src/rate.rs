//! How many a second: the generic cell rate algorithm on one integer, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

const NS_PER_SECOND: u64 = 1_000_000_000;

/// Admits one, or says when to try again. Evenly spread, `per_second` pass each second; after a quiet second as many
/// may come at once. 0 admits none.
///
/// `tat_ns` is the theoretical arrival time that the limited thing keeps, 0 at first; `now_ns` is on any clock that
/// never goes back.
///
/// # Errors
/// [`RetryAfter`] when it is one too many.
pub fn admit(tat_ns: &AtomicU64, now_ns: u64, per_second: u32) -> Result<(), RetryAfter> {
    let Some(interval) = NS_PER_SECOND.checked_div(u64::from(per_second)) else {
        return Err(RetryAfter { ns: NS_PER_SECOND });
    };
    let latest = now_ns.saturating_add(NS_PER_SECOND.saturating_sub(interval));
    let moved = tat_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tat| {
        (tat <= latest).then(|| tat.max(now_ns).saturating_add(interval))
    });
    moved.map(|_| ()).map_err(|tat| RetryAfter { ns: tat.saturating_sub(latest) })
}

/// How long to wait before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    ns: u64,
}

impl RetryAfter {
    /// Whole seconds, rounded up, at least 1: for the header of that name.
    pub fn seconds(self) -> u32 {
        u32::try_from(self.ns.div_ceil(NS_PER_SECOND).max(1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn admitted(tat: &AtomicU64, now_ns: u64, per_second: u32, tries: u32) -> usize {
        (0..tries).filter(|_| admit(tat, now_ns, per_second).is_ok()).count()
    }

    #[test]
    fn a_seconds_worth_may_come_at_once_and_then_flows() {
        let tat = AtomicU64::new(0);
        let start = 77 * NS_PER_SECOND;
        assert_eq!(admitted(&tat, start, 5, 20), 5);
        assert_eq!(admitted(&tat, start + NS_PER_SECOND / 5 - 1, 5, 20), 0);
        assert_eq!(admitted(&tat, start + NS_PER_SECOND / 5, 5, 20), 1);
        assert_eq!(admitted(&tat, start + 10 * NS_PER_SECOND, 5, 20), 5);
    }

    #[test]
    fn zero_admits_none() {
        let tat = AtomicU64::new(0);
        assert_eq!(admit(&tat, 0, 0).unwrap_err().seconds(), 1);
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds_and_then_suffices() {
        let tat = AtomicU64::new(0);
        assert_eq!(admitted(&tat, 0, 1, 5), 1);
        let wait = admit(&tat, 1, 1).unwrap_err();
        assert_eq!(wait.seconds(), 1);
        assert!(admit(&tat, 1 + wait.ns, 1).is_ok());
    }

    proptest! {
        #[test]
        fn no_second_takes_more_than_the_burst_and_the_flow(
            per_second in 1_u32..200, steps in prop::collection::vec(0_u64..50_000_000, 1..400),
        ) {
            let tat = AtomicU64::new(0);
            let mut now = 0;
            let mut passed = Vec::new();
            for step in steps {
                now += step;
                if admit(&tat, now, per_second).is_ok() {
                    passed.push(now);
                }
            }
            for (index, start) in passed.iter().enumerate() {
                let within = passed[index..].iter().filter(|time| **time < start + NS_PER_SECOND).count();
                prop_assert!(within <= 2 * usize::try_from(per_second).unwrap(), "{within} in one second");
            }
        }
    }
}

//! How often a key may try: so many at once, then one per interval. Keys are forgotten as they recover.

use std::collections::HashMap;
use std::hash::Hash;

use crate::time::{Span, Timestamp};

/// How often one key may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How many at once after a pause.
    pub burst: u32,
    /// Then one more in each of these.
    pub interval: Span,
}

/// Tries by key, in memory of at most so many keys.
///
/// When there is no room a new key is let pass without being remembered: throttling must never shut others out.
#[derive(Debug)]
pub struct Throttle<K> {
    pace: Pace,
    most_keys: usize,
    /// When each key will have recovered.
    recovers: HashMap<K, Timestamp>,
    swept: Timestamp,
}

/// Between two looks for keys that have recovered, when there is no room.
const SWEEP_EVERY: Span = Span::from_secs(1);

impl<K: Eq + Hash> Throttle<K> {
    /// Nobody has tried yet.
    pub fn new(pace: Pace, most_keys: usize) -> Self {
        Self { pace, most_keys, recovers: HashMap::new(), swept: Timestamp::from_ms(0) }
    }

    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait, when it is one too many; such a try does not count.
    pub fn admit(&mut self, key: K, now: Timestamp) -> Result<(), Span> {
        let after = self.look(&key, now)?;
        self.make_room(now);
        if self.recovers.len() < self.most_keys || self.recovers.contains_key(&key) {
            self.recovers.insert(key, after);
        }
        Ok(())
    }

    /// When the key will have recovered from a try now, which is not counted.
    ///
    /// # Errors
    /// How long to wait, when it would be one too many.
    pub fn look(&self, key: &K, now: Timestamp) -> Result<Timestamp, Span> {
        let interval_ms = self.pace.interval.ms().max(1);
        let debt_ms = interval_ms.saturating_mul(i64::from(self.pace.burst));
        // A clock that went back must not make anybody wait longer than the whole debt.
        let latest = now.plus(Span::from_ms(debt_ms));
        let recovers = self.recovers.get(key).copied().unwrap_or(now).max(now).min(latest);
        let after = recovers.plus(Span::from_ms(interval_ms));
        if after > latest { Err(after.since(latest)) } else { Ok(after) }
    }

    /// Takes a key's tries back.
    pub fn forgive(&mut self, key: &K) {
        self.recovers.remove(key);
    }

    fn make_room(&mut self, now: Timestamp) {
        let since = now.since(self.swept);
        if self.recovers.len() >= self.most_keys && (since >= SWEEP_EVERY || since < Span::from_ms(0)) {
            self.recovers.retain(|_, recovers| *recovers > now);
            self.swept = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { burst: 3, interval: Span::from_secs(10) };

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_ms(1_000_000_000).plus(Span::from_secs(secs))
    }

    #[test]
    fn a_few_at_once_then_one_per_interval() {
        let mut throttle = Throttle::new(PACE, 10);
        assert!((0..3).all(|_| throttle.admit("a", at(0)).is_ok()));
        assert_eq!(throttle.admit("a", at(0)), Err(Span::from_secs(10)));
        assert_eq!(throttle.admit("a", at(9)), Err(Span::from_secs(1)));
        assert_eq!(throttle.admit("a", at(10)), Ok(()));
        assert_eq!(throttle.admit("a", at(10)), Err(Span::from_secs(10)));
        assert_eq!(throttle.admit("b", at(10)), Ok(()));
        assert!((0..3).all(|_| throttle.admit("a", at(1000)).is_ok()));
    }

    #[test]
    fn what_is_forgiven_is_forgotten() {
        let mut throttle = Throttle::new(PACE, 10);
        assert!((0..3).all(|_| throttle.admit("a", at(0)).is_ok()));
        throttle.forgive(&"a");
        assert!((0..3).all(|_| throttle.admit("a", at(0)).is_ok()));
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out() {
        let mut throttle = Throttle::new(PACE, 10);
        assert!((0..3).all(|_| throttle.admit("a", at(100_000)).is_ok()));
        assert_eq!(throttle.admit("a", at(0)), Err(Span::from_secs(10)));
        assert!(throttle.admit("a", at(100_031)).is_ok());
    }

    #[test]
    fn without_room_new_keys_pass_and_old_ones_stay_known() {
        let mut throttle = Throttle::new(PACE, 2);
        for key in [1, 2] {
            assert!((0..3).all(|_| throttle.admit(key, at(0)).is_ok()));
        }
        assert!((0..20).all(|_| throttle.admit(3, at(0)).is_ok()));
        assert!(throttle.admit(1, at(0)).is_err());
        // Recovered keys make room.
        assert!((0..3).all(|_| throttle.admit(4, at(40)).is_ok()));
        assert!(throttle.admit(4, at(40)).is_err());
    }
}

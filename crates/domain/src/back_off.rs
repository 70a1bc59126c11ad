//! How long to wait before something is tried again: longer each time, and not in step with all others who wait for the
//! same.

use std::time::Duration;

/// An odd number without a pattern in its bits: steps of it come to every number, seemingly in no order.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The waits of one who tries again and again.
#[derive(Clone, Debug)]
pub struct BackOff {
    first: Duration,
    most: Duration,
    longest: Duration,
    stirred: u64,
}

impl BackOff {
    /// Waits up to `first` at first, up to twice as long each time, and never longer than `most`. Those with different
    /// seeds wait differently.
    pub const fn new(first: Duration, most: Duration, seed: u64) -> Self {
        Self { first, most, longest: first, stirred: seed }
    }

    /// The next wait: between half of the longest it may be now and all of it.
    pub fn pause(&mut self) -> Duration {
        let longest = self.longest;
        self.longest = longest.saturating_mul(2).min(self.most);
        self.stirred = self.stirred.wrapping_add(STEP);
        let half = longest.checked_div(2).unwrap_or_default();
        // The upper bits: the lower ones of such steps are too regular.
        let parts = self.stirred.wrapping_mul(STEP) >> 48;
        let above = half.saturating_mul(u32::try_from(parts).unwrap_or_default()).checked_div(1 << 16);
        half.saturating_add(above.unwrap_or_default())
    }

    /// It has worked: the next wait is a first one again.
    pub const fn reset(&mut self) {
        self.longest = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_secs(1);

    #[test]
    fn waits_grow_to_the_most_and_begin_anew() {
        let mut back_off = BackOff::new(FIRST, MOST, 7);
        for longest_ms in [100, 200, 400, 800, 1000, 1000] {
            let pause = back_off.pause();
            let longest = Duration::from_millis(longest_ms);
            assert!(longest / 2 <= pause && pause <= longest, "{pause:?} of {longest:?}");
        }
        back_off.reset();
        assert!(back_off.pause() <= FIRST);
    }

    #[test]
    fn a_thousand_that_begin_together_are_spread_over_the_whole_range() {
        let first = |seed| BackOff::new(FIRST, MOST, seed).pause();
        let mut tenths = [0; 10];
        for seed in 0..1000 {
            let above = first(seed).checked_sub(FIRST / 2).unwrap();
            tenths[usize::try_from(above.as_micros() / 5000).unwrap().min(9)] += 1;
        }
        assert!(tenths.iter().all(|count| (50..=200).contains(count)), "{tenths:?}");
    }
}

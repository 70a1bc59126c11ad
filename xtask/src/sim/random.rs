//! A small generator of our own (splitmix64), so that a seed means the same run for ever.

/// Random numbers from a seed.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Begins a run.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(super) const fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`, both included. The slight unevenness of a remainder does no harm here.
    pub(super) const fn between(&mut self, least: u64, most: u64) -> u64 {
        let span = most.saturating_sub(least).saturating_add(1);
        least.saturating_add(self.any() % span)
    }

    /// True so many times in a thousand.
    pub(super) const fn one_in_thousand_times(&mut self, times: u64) -> bool {
        self.any() % 1000 < times
    }

    /// One of a list; `None` when it is empty.
    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        let most = u64::try_from(list.len()).ok()?.checked_sub(1)?;
        let index = usize::try_from(self.between(0, most)).ok()?;
        list.get(index).copied()
    }
}

//! Chance that can be repeated: a seeded generator (splitmix64), good enough to choose sizes and kinds.

/// A generator; the same seed throws the same.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Throws of the `turn`th part of a run.
    pub(crate) fn new(seed: u64, turn: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ turn.wrapping_mul(0xD1B5_4A32_D192_ED03));
        dice.throw();
        dice
    }

    /// 64 bits.
    pub(crate) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..faces`.
    pub(crate) fn below(&mut self, faces: u64) -> u64 {
        self.throw().checked_rem(faces).unwrap_or(0)
    }

    /// A size from 0 to `most`, every order of magnitude as likely as the next.
    pub(crate) fn size(&mut self, most: u64) -> u64 {
        let bits = u64::from(most.max(1).ilog2()).saturating_add(2);
        match self.below(bits) {
            0 => 0,
            shift => self.below(1_u64.checked_shl(u32::try_from(shift).unwrap_or(63)).unwrap_or(u64::MAX)).min(most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_throws_the_same_again() {
        let throws = |seed| (0..5).map(|turn| Dice::new(seed, turn).throw()).collect::<Vec<_>>();
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
    }

    #[test]
    fn sizes_reach_from_nothing_to_the_most() {
        let mut dice = Dice::new(1, 1);
        let sizes: Vec<u64> = (0..2000).map(|_| dice.size(64 << 20)).collect();
        assert!(sizes.contains(&0) && sizes.iter().all(|size| *size <= 64 << 20));
        assert!(sizes.iter().any(|size| *size > 32 << 20));
    }
}

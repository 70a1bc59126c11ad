//! Recharges: from an amount on, more is paid in than was paid (contract §7).

use crate::money::Money;

/// How much is paid in for what is paid, in ten-thousandths; never less than was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(u32);

impl Ratio {
    /// What was paid, and nothing beside.
    pub const EVEN: Self = Self(10_000);
    /// The highest ratio, ten to one: more is a slip of the pen.
    pub const HIGHEST: Self = Self(100_000);

    /// So many ten-thousandths; `None` below 10000 and above [`Ratio::HIGHEST`].
    pub const fn from_ten_thousandths(ratio: u32) -> Option<Self> {
        if ratio >= Self::EVEN.0 && ratio <= Self::HIGHEST.0 { Some(Self(ratio)) } else { None }
    }

    /// The number of ten-thousandths.
    pub const fn ten_thousandths(self) -> u32 {
        self.0
    }
}

/// From this amount on, this ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The least that is paid.
    pub amount: Money,
    /// How much is paid in for it.
    pub ratio: Ratio,
}

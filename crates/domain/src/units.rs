//! Amounts of traffic. Bytes are counted, kilobytes reported, gigabytes promised; the factors live here only.
//!
//! 1 KB = 1024 bytes, 1 GB = 1,048,576 KB (contract §0.5).

use serde::{Deserialize, Serialize};

/// How many bytes a kilobyte has.
const BYTES_PER_KB: u64 = 1024;
/// How many bytes a gigabyte has.
const BYTES_PER_GB: u64 = 1024 * 1024 * 1024;

/// A number of payload bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(u64);

impl Bytes {
    /// No bytes.
    pub const ZERO: Self = Self(0);
    /// The most the books can hold: what fits a signed 64-bit column.
    pub const MAX: Self = Self(i64::MAX.unsigned_abs());

    /// A number of bytes; more than [`Bytes::MAX`] counts as that.
    pub const fn new(bytes: u64) -> Self {
        if bytes > Self::MAX.0 { Self::MAX } else { Self(bytes) }
    }

    /// From a column of the store; `None` when it is negative.
    pub fn from_column(column: i64) -> Option<Self> {
        u64::try_from(column).ok().map(Self)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// For a column of the store.
    pub const fn to_column(self) -> i64 {
        // Lossless: every constructor caps at `MAX`.
        self.0.cast_signed()
    }

    /// Whole kilobytes, rounded down: a bill is never rounded up.
    pub const fn kilobytes(self) -> u64 {
        self.0 / BYTES_PER_KB
    }

    /// The sum, capped at [`Bytes::MAX`].
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::new(self.0.saturating_add(other.0))
    }

    /// The difference, or zero when `other` is larger.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// A number of kilobytes as bytes; `None` when it does not fit the books.
    pub fn from_kilobytes(kilobytes: u64) -> Option<Self> {
        kilobytes.checked_mul(BYTES_PER_KB).filter(|bytes| *bytes <= Self::MAX.0).map(Self)
    }
}

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} B", self.0)
    }
}

/// A traffic limit in GB, 0 to 102400, where 0 means unlimited (contract §0.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LimitGb(u32);

impl LimitGb {
    /// No limit.
    pub const UNLIMITED: Self = Self(0);
    /// The highest limit that can be asked for, in GB.
    pub const HIGHEST_GB: u32 = 102_400;

    /// A limit of so many gigabytes; `None` above [`LimitGb::HIGHEST_GB`].
    pub const fn new(gigabytes: u32) -> Option<Self> {
        if gigabytes <= Self::HIGHEST_GB { Some(Self(gigabytes)) } else { None }
    }

    /// The number of gigabytes, 0 for unlimited.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The limit in bytes; `None` when there is no limit.
    pub const fn bytes(self) -> Option<Bytes> {
        // No overflow: 102400 GB is 1.1e14 bytes, and `From` is not const.
        if self.0 == 0 { None } else { Some(Bytes::new(BYTES_PER_GB.saturating_mul(widen(self.0)))) }
    }
}

/// `u64::from` in a const context.
const fn widen(narrow: u32) -> u64 {
    let [a, b, c, d] = narrow.to_le_bytes();
    u64::from_le_bytes([a, b, c, d, 0, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gigabyte_is_1048576_kilobytes() {
        let one = LimitGb::new(1).and_then(LimitGb::bytes).unwrap();
        assert_eq!(one.kilobytes(), 1_048_576);
    }

    #[test]
    fn the_highest_limit_fits_and_one_more_is_refused() {
        assert_eq!(LimitGb::new(102_400).unwrap().bytes().unwrap().get(), 102_400 * BYTES_PER_GB);
        assert_eq!(LimitGb::new(102_401), None);
    }

    #[test]
    fn kilobytes_round_down() {
        assert_eq!(Bytes::new(1023).kilobytes(), 0);
        assert_eq!(Bytes::new(2047).kilobytes(), 1);
    }
}

//! How fast a time plan's package gives: a virtual clock that runs on with every byte granted, as in the generic cell rate
//! algorithm. Whoever asks is given the next stretch of time, so that however many gateways and accounts share a plan,
//! together they get its bandwidth, each in turn.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};
use crate::units::Bytes;

/// A plan that nobody used for a while gives so much of it at once.
const BURST_US: i64 = 200_000;
/// The longest stretch, beside what was not used before.
const LONGEST_US: i64 = 125_000;
/// The shortest: stretches become shorter the more of them are given ahead, so that nobody's turn is far away.
const SHORTEST_US: i64 = 8_000;
/// No stretch begins later than this.
const AHEAD_US: i64 = 500_000;
/// A stretch is at most this fraction of what may still be given ahead.
const SHARE: i64 = 4;
/// No stretch has less, whatever the bandwidth: each costs the store a transaction.
const LEAST_BYTES: u64 = 4096;
/// Who is told to come again has to wait so much longer than it takes until there is room, so that all do not come for the
/// first bytes.
const LATER_US: i64 = 50_000;
/// A virtual clock that is so far ahead was set by a wall clock that has been turned back since.
const TURNED_BACK_US: i64 = 2_000_000;

/// A package's pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    kbps: u64,
    /// When what was granted so far has flowed at this pace, in microseconds since 1970.
    paid_until_us: i64,
}

/// Bytes, and when they may flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// How many.
    pub bytes: Bytes,
    /// How long from now they must not be used yet.
    pub wait: Span,
    /// The pace afterwards.
    pub pace: Pace,
}

/// So much was given ahead that asking again makes sense only after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskAgain {
    /// How long to wait.
    pub after: Span,
}

impl Pace {
    /// A pace of so many kbit/s, both directions together. `paid_until_us` is what [`Pace::paid_until_us`] was, 0 at first;
    /// `None` when nothing could ever flow.
    pub const fn new(kbps: u64, paid_until_us: i64) -> Option<Self> {
        if kbps == 0 { None } else { Some(Self { kbps, paid_until_us }) }
    }

    /// For the store to keep.
    pub const fn paid_until_us(&self) -> i64 {
        self.paid_until_us
    }

    /// The next stretch, of at most `most` bytes.
    ///
    /// # Errors
    /// [`AskAgain`], when too much was given ahead.
    pub fn next(&self, most: Bytes, now: Timestamp) -> Result<Stretch, AskAgain> {
        let now_us = now.ms().saturating_mul(1000);
        let paid = self.paid_until_us;
        let paid = if paid.saturating_sub(now_us) > TURNED_BACK_US { now_us } else { paid };
        let begins = paid.max(now_us.saturating_sub(BURST_US));
        let ahead = begins.saturating_sub(now_us);
        let room = AHEAD_US.saturating_sub(ahead);
        if room < SHORTEST_US {
            let after_us = SHORTEST_US.saturating_sub(room).saturating_add(LATER_US);
            return Err(AskAgain { after: to_ms(after_us) });
        }
        let unused = ahead.saturating_neg().max(0);
        let share = room.checked_div(SHARE).unwrap_or(0).clamp(SHORTEST_US, LONGEST_US);
        let bytes = self.flows_in(share.saturating_add(unused)).max(LEAST_BYTES).min(most.get());
        let pace = Self { paid_until_us: begins.saturating_add(self.takes_us(bytes)), ..*self };
        Ok(Stretch { bytes: Bytes::new(bytes), wait: to_ms(ahead.max(0)), pace })
    }

    /// So much of what was granted was not used: it may flow again, as far as nobody waits for a burst.
    pub fn hand_back(&mut self, bytes: Bytes) {
        // Rounded down, where granting rounds up: nothing comes of granting and handing back.
        let us = bytes.get().saturating_mul(8000).checked_div(self.kbps).unwrap_or(0);
        self.paid_until_us = self.paid_until_us.saturating_sub(i64::try_from(us).unwrap_or(i64::MAX));
    }

    /// How many bytes flow in so many microseconds.
    fn flows_in(&self, us: i64) -> u64 {
        let bits = u128::from(self.kbps).saturating_mul(u128::from(us.max(0).unsigned_abs()));
        u64::try_from(bits.checked_div(8000).unwrap_or(0)).unwrap_or(u64::MAX)
    }

    /// How long so many bytes take, in microseconds, rounded up.
    fn takes_us(&self, bytes: u64) -> i64 {
        let us = u128::from(bytes).saturating_mul(8000).div_ceil(u128::from(self.kbps.max(1)));
        i64::try_from(us).unwrap_or(i64::MAX)
    }
}

fn to_ms(us: i64) -> Span {
    Span::from_ms(us.saturating_add(999).checked_div(1000).unwrap_or(0))
}

#[cfg(test)]
mod tests;

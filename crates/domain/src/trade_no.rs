//! Trade numbers: 28 digits, the order's local time `YYYYMMDDHHMMSS` and 14 random digits (contract §3).

use crate::calendar::Zone;
use crate::time::Timestamp;

/// How many digits.
const LENGTH: usize = 28;
/// One more than the largest random part.
const RANDOM_RANGE: u64 = 100_000_000_000_000;

/// What an order is called towards people and payment providers. Always text: it fits no number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TradeNo(Box<str>);

impl TradeNo {
    /// The number of an order made at `at`; the last 14 decimal digits of `random` go in.
    pub fn new(zone: &Zone, at: Timestamp, random: u64) -> Self {
        let time: String = zone.format(at).chars().filter(char::is_ascii_digit).collect();
        let random = random.checked_rem(RANDOM_RANGE).unwrap_or_default();
        Self(format!("{time}{random:014}").into())
    }

    /// Checks a number; `None` when it is no 28 digits.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| Self(text.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TradeNo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_begins_with_the_local_order_time() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let at = Zone::utc().parse("2022-08-01 20:30:05").unwrap();
        assert_eq!(TradeNo::new(&zone, at, 42).as_str(), "2022080204300500000000000042");
    }

    #[test]
    fn anything_else_than_28_digits_is_none() {
        for text in ["", "202208020430050000000000004", "20220802043005000000000000421", "2022080204300500000000000x42"]
        {
            assert_eq!(TradeNo::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_number_made_is_a_number(ms in 0_i64..4_000_000_000_000, random: u64) {
            let made = TradeNo::new(&Zone::utc(), Timestamp::from_ms(ms), random);
            prop_assert_eq!(TradeNo::parse(made.as_str()), Some(made));
        }
    }
}

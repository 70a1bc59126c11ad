//! Recharges: from an amount on, more is paid in than was paid (contract §7).

use crate::catalogue::Fault;
use crate::money::Money;

/// The most tiers there can be.
const MOST_TIERS: usize = 100;

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

/// `1.2`, with at most four decimals.
impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, part) = (self.0.checked_div(10_000), self.0.checked_rem(10_000));
        let digits = format!("{:04}", part.unwrap_or_default());
        let (whole, digits) = (whole.unwrap_or_default(), digits.trim_end_matches('0'));
        if digits.is_empty() { write!(f, "{whole}") } else { write!(f, "{whole}.{digits}") }
    }
}

impl std::str::FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Self, RatioError> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(part) || part.len() > 4 {
            return Err(RatioError);
        }
        let ratio = format!("{whole}{part:0<4}").parse().map_err(|_| RatioError)?;
        Self::from_ten_thousandths(ratio).ok_or(RatioError)
    }
}

/// This is no ratio of a recharge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a ratio of 1 to 10, with at most four decimals, such as 1.2")]
pub struct RatioError;

/// From this amount on, this ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The least that is paid.
    pub amount: Money,
    /// How much is paid in for it.
    pub ratio: Ratio,
}

/// What is paid in for what was paid: by the ratio of the highest amount reached, halves of a minor unit rounded up.
/// `None` when it is more than there can be.
pub fn credited(tiers: &[Tier], paid: Money) -> Option<Money> {
    let reached = tiers.iter().filter(|tier| tier.amount <= paid).max_by_key(|tier| tier.amount);
    let ratio = reached.map_or(Ratio::EVEN, |tier| tier.ratio);
    paid.share(ratio.0.into(), Ratio::EVEN.0.into())
}

/// Everything that is wrong with tiers; keys are such as `tier[0].amount`.
pub fn faults(tiers: &[Tier]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut add = |key: String, why: &str| faults.push(Fault { key, why: why.to_owned() });
    if tiers.len() > MOST_TIERS {
        add("tier".to_owned(), "must be at most 100");
    }
    let mut last = Money::ZERO;
    for (index, tier) in tiers.iter().enumerate() {
        if tier.amount <= last {
            add(format!("tier[{index}].amount"), "must be more than 0 and than the tier before");
        }
        last = last.max(tier.amount);
    }
    faults
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tiers() -> Vec<Tier> {
        let tier = |amount: &str, ratio: &str| Tier { amount: amount.parse().unwrap(), ratio: ratio.parse().unwrap() };
        vec![tier("100", "1.05"), tier("500", "1.1"), tier("1000", "1.2345")]
    }

    #[test]
    fn the_highest_amount_that_is_reached_decides() {
        for (paid, paid_in) in [
            ("99.99", "99.99"),
            ("100", "105.00"),
            ("499.99", "524.99"),
            ("500", "550.00"),
            ("1000", "1234.50"),
            ("1000.01", "1234.51"),
            ("0", "0.00"),
        ] {
            let credited = credited(&tiers(), paid.parse().unwrap()).unwrap();
            assert_eq!(credited.to_string(), paid_in, "{paid}");
        }
        assert_eq!(credited(&tiers(), Money::MOST), None);
    }

    #[test]
    fn ratios_are_written_without_needless_digits() {
        for (text, written) in [("1", "1"), ("1.2", "1.2"), ("1.20", "1.2"), ("1.2345", "1.2345"), ("10", "10")] {
            assert_eq!(text.parse::<Ratio>().unwrap().to_string(), written);
        }
        for text in ["", "0.9", "10.0001", "1.23456", "-1", "1,2", "1.", ".5", "x", "99999999999"] {
            assert_eq!(text.parse::<Ratio>(), Err(RatioError), "{text}");
        }
    }

    #[test]
    fn tiers_rise() {
        assert_eq!(faults(&tiers()), []);
        let twice = [tiers(), tiers()].concat();
        assert_eq!(faults(&twice)[0].to_string(), "tier[3].amount: must be more than 0 and than the tier before");
    }

    proptest! {
        #[test]
        fn nobody_is_paid_in_less_than_was_paid(minor in 0_i64..1_000_000_000_000) {
            let paid = Money::from_minor(minor).unwrap();
            prop_assert!(credited(&tiers(), paid).unwrap() >= paid);
        }
    }
}

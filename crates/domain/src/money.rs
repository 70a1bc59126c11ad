//! Amounts of the installation's one currency: whole minor units, two decimals, every sum checked.
//!
//! Nothing here is a float. As JSON, inside, an amount is its minor units; what clients read is made at the edge.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Minor units of one unit, such as cents of a dollar.
const MINOR_UNITS: u64 = 100;
/// Digits after the point.
const DECIMALS: usize = 2;

/// An amount of money, at most [`Money::MOST`] either way. What leaves that range is no amount.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount there is: 10^13 minor units.
    pub const MOST: Self = Self(10_000_000_000_000);

    /// An amount of minor units; `None` when it is out of range.
    pub const fn from_minor(minor: i64) -> Option<Self> {
        if minor.unsigned_abs() <= Self::MOST.0.unsigned_abs() { Some(Self(minor)) } else { None }
    }

    /// The minor units, as the store knows them.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The sum of two amounts; `None` when it is out of range.
    #[must_use]
    pub const fn plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Self::from_minor(sum),
            None => None,
        }
    }

    /// What is left of an amount without another; may be below zero. `None` when it is out of range.
    #[must_use]
    pub const fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negated())
    }

    /// The same amount the other way.
    #[must_use]
    pub const fn negated(self) -> Self {
        // The range is the same on both sides of zero, so nothing wraps.
        Self(self.0.wrapping_neg())
    }

    /// So many times the amount; `None` when it is out of range.
    #[must_use]
    pub fn times(self, count: u64) -> Option<Self> {
        self.share(count, 1)
    }

    /// `numerator / denominator` of an amount, halves rounded away from zero to the minor unit. `None` when it is out of
    /// range, or for a denominator of 0.
    #[must_use]
    pub fn share(self, numerator: u64, denominator: u64) -> Option<Self> {
        let (numerator, denominator) = (u128::from(numerator), u128::from(denominator));
        let product = u128::from(self.0.unsigned_abs()).checked_mul(numerator)?;
        let rounded = product.checked_add(denominator.checked_div(2)?)?.checked_div(denominator)?;
        let size = Self::from_minor(i64::try_from(rounded).ok()?)?;
        Some(if self.0 < 0 { size.negated() } else { size })
    }

    /// Whether it is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum of many amounts; `None` when it is out of range.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }
}

/// Every amount of 32 bits of minor units is in range.
impl From<u32> for Money {
    fn from(minor: u32) -> Self {
        Self(i64::from(minor))
    }
}

impl From<Money> for i64 {
    fn from(amount: Money) -> Self {
        amount.0
    }
}

impl TryFrom<i64> for Money {
    type Error = MoneyError;

    fn try_from(minor: i64) -> Result<Self, MoneyError> {
        Self::from_minor(minor).ok_or(MoneyError::OutOfRange)
    }
}

/// `12`, `12.3`, `12.34`, with a minus sign before it if need be, and nothing else.
impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, part) = digits.split_once('.').map_or((digits, "0"), |(whole, part)| (whole, part));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(part) {
            return Err(MoneyError::NotAnAmount);
        }
        if part.len() > DECIMALS {
            return Err(MoneyError::TooFine);
        }
        let minor: i64 = format!("{whole}{part:0<DECIMALS$}").parse().map_err(|_| MoneyError::OutOfRange)?;
        let amount = Self::from_minor(minor).ok_or(MoneyError::OutOfRange)?;
        Ok(if negative { amount.negated() } else { amount })
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minor = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (minor.checked_div(MINOR_UNITS), minor.checked_rem(MINOR_UNITS));
        let text = format!("{sign}{}.{:02}", whole.unwrap_or_default(), part.unwrap_or_default());
        f.pad(&text)
    }
}

/// Why something is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Other characters than digits and one point.
    #[error("an amount is written like 12.34")]
    NotAnAmount,
    /// More than two digits after the point.
    #[error("an amount has at most two decimals")]
    TooFine,
    /// More than there can be.
    #[error("an amount is at most {}", Money::MOST)]
    OutOfRange,
}

/// What the installation's money is called: three letters, such as `USD`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(Box<str>);

impl Currency {
    /// US dollars, as the vendor's.
    pub fn dollars() -> Self {
        Self("USD".into())
    }

    /// Takes three upper-case letters; anything else is no currency.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())).then(|| Self(text.into()))
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0.into()
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(text: String) -> Result<Self, CurrencyError> {
        Self::parse(&text).ok_or(CurrencyError)
    }
}

/// A text is no currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three upper-case letters, such as USD")]
pub struct CurrencyError;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_and_written_with_two_decimals() {
        for (text, minor, written) in [
            ("12.34", 1234, "12.34"),
            ("0.1", 10, "0.10"),
            ("7", 700, "7.00"),
            ("-0.05", -5, "-0.05"),
            ("100000000000", 10_000_000_000_000, "100000000000.00"),
        ] {
            let amount: Money = text.parse().unwrap();
            assert_eq!((amount.minor(), amount.to_string().as_str()), (minor, written));
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "1.", ".5", "+1", "1e3", "1,5", "--1", " 1", "0x10", "1.2.3", "NaN", "١"] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::NotAnAmount), "{text}");
        }
        assert_eq!("1.001".parse::<Money>(), Err(MoneyError::TooFine));
        for text in ["100000000000.01", "99999999999999999999999"] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::OutOfRange), "{text}");
        }
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        let share = |minor: i64, numerator, denominator| {
            Money::from_minor(minor).unwrap().share(numerator, denominator).map(Money::minor)
        };
        assert_eq!(share(5, 1, 2), Some(3));
        assert_eq!(share(-5, 1, 2), Some(-3));
        assert_eq!(share(10, 1, 3), Some(3));
        assert_eq!(share(10, 2, 3), Some(7));
        assert_eq!(share(1, 1, 0), None);
        assert_eq!(share(10_000_000_000_000, u64::MAX, u64::MAX), Some(10_000_000_000_000));
        assert_eq!(share(10_000_000_000_000, 2, 1), None);
    }

    #[test]
    fn what_leaves_the_range_is_no_amount() {
        assert_eq!(Money::MOST.plus(Money::from(1)), None);
        assert_eq!(Money::MOST.negated().minus(Money::from(1)), None);
        assert_eq!(Money::from_minor(i64::MIN), None);
    }

    #[test]
    fn a_currency_is_three_letters() {
        assert_eq!(Currency::parse("USD").unwrap().as_str(), "USD");
        for text in ["usd", "US", "USDT", "U1D", ""] {
            assert_eq!(Currency::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_is_read_as_it_was_written(minor in -10_000_000_000_000_i64..=10_000_000_000_000) {
            let amount = Money::from_minor(minor).unwrap();
            prop_assert_eq!(amount.to_string().parse::<Money>(), Ok(amount));
            prop_assert_eq!(Money::try_from(i64::from(amount)), Ok(amount));
        }

        #[test]
        fn a_share_and_the_rest_are_the_whole(minor in 0_i64..=10_000_000_000_000, part in 0_u64..=1000) {
            let whole = Money::from_minor(minor).unwrap();
            let share = whole.share(part, 1000).unwrap();
            let rest = whole.minus(share).unwrap();
            prop_assert!(!rest.is_negative());
            prop_assert_eq!(share.plus(rest), Some(whole));
        }
    }
}

//! How amounts are written in the catalogue file: money, traffic and time, exactly and with their units.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};
use turnpike_domain::money::Money;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;

/// KB in each unit of traffic, largest first.
const SIZES: [(&str, u64); 4] = [("TB", 1 << 30), ("GB", 1 << 20), ("MB", 1 << 10), ("KB", 1)];
/// Seconds in each unit of time, longest first.
const TIMES: [(&str, u64); 4] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)];

/// An amount of money: `"12.34"`, or a whole number.
pub(super) fn money<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    parsed(deserializer)
}

/// What is written as a text, or as a whole number, and never as a float, which would not be exact.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    struct Exact<T>(std::marker::PhantomData<T>);

    impl<T: FromStr<Err: Display>> Visitor<'_> for Exact<T> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text such as \"12.34\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
            Err(E::custom("write it as a text, such as \"12.34\""))
        }
    }

    deserializer.deserialize_any(Exact(std::marker::PhantomData))
}

/// An amount of traffic, such as `1 GB`.
pub(super) struct Size(pub(super) Bytes);

/// A length of time, such as `30 d`.
pub(super) struct Validity(pub(super) Span);

/// How many there are.
pub(super) struct Stock(pub(super) Option<u64>);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = "must be a number of KB, MB, GB or TB, such as \"1 GB\"";
        let kilobytes = measured(text, &SIZES).ok_or(refused)?;
        Bytes::from_kilobytes(kilobytes).map(Self).ok_or("is too large")
    }
}

impl FromStr for Validity {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = "must be a number of d, h, min or s, such as \"30 d\"";
        let seconds = measured(text, &TIMES).ok_or(refused)?;
        i64::try_from(seconds).map(|seconds| Self(Span::from_secs(seconds))).map_err(|_| "is too long")
    }
}

impl FromStr for Stock {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = "must be a number or \"unlimited\"";
        if text == "unlimited" {
            Ok(Self(None))
        } else {
            text.parse().map(|count| Self(Some(count))).map_err(|_| refused)
        }
    }
}

/// A number and its unit, in the smallest unit.
fn measured(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The largest unit that an amount is a whole number of, and that number.
fn in_units(amount: u64, units: &[(&'static str, u64)]) -> String {
    let whole = units.iter().find(|(_, factor)| amount.checked_rem(*factor) == Some(0));
    whole.map_or_else(String::new, |(name, factor)| format!("{} {name}", amount / factor))
}

/// An amount of traffic as the file has it.
pub(super) fn size(bytes: Bytes) -> String {
    in_units(bytes.kilobytes(), &SIZES)
}

/// A length of time as the file has it.
pub(super) fn validity(span: Span) -> String {
    in_units(u64::try_from(span.ms() / 1000).unwrap_or_default(), &TIMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_the_largest_unit_that_fits() {
        for (text, written) in [("1 GB", "1 GB"), ("1024MB", "1 GB"), ("1500 MB", "1500 MB"), ("3 TB", "3 TB")] {
            let Size(bytes) = text.parse().unwrap_or_else(|refused| panic!("{text}: {refused}"));
            assert_eq!(size(bytes), written);
        }
        for (text, written) in [("30 d", "30 d"), ("48 h", "2 d"), ("90 min", "90 min"), ("61 s", "61 s")] {
            let Validity(span) = text.parse().unwrap_or_else(|refused| panic!("{text}: {refused}"));
            assert_eq!(validity(span), written);
        }
        for refused in
            ["", "GB", "1", "1 gb", "-1 GB", "1.5 GB", "1 GB ", "99999999999999999999 GB", "99999999999999 TB"]
        {
            assert_eq!(refused.parse::<Size>().is_err(), refused != "1 GB ", "{refused}");
        }
    }
}

//! Whole numbers in every spelling JSON has for them, as numbers and as texts, without floating point.

use crate::field_error::FieldError;
use crate::parameters::Given;

/// No `i64` has more digits.
const MOST_DIGITS: i64 = 19;

/// A number of so many decimals at most, as that many times ten as much. What fits no `i64` becomes the nearest that does.
pub(crate) fn scaled(given: &Given, decimals: i64) -> Result<i64, FieldError> {
    match given {
        Given::Number(text) | Given::Text(text) => read(text, decimals).ok_or(FieldError::NotWhole),
        Given::Repeated => Err(FieldError::Repeated),
        Given::Boolean(_) | Given::Null | Given::Unusable => Err(FieldError::NotWhole),
    }
}

/// A whole number. What fits no `i64` becomes the nearest that does, which is out of every range asked for.
pub(crate) fn whole_number(given: &Given) -> Result<i64, FieldError> {
    scaled(given, 0)
}

/// Reads JSON's number grammar (RFC 8259, 6): `9`, `9.0`, `90e-1`. `None` when it is none, or not whole
/// after it was taken ten times as often as there are decimals.
fn read(text: &str, decimals: i64) -> Option<i64> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(halves) => halves,
        None => (mantissa, ""),
    };
    let leads_with_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leads_with_zero || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let shift = exponent.saturating_sub(i64::try_from(fraction.len()).ok()?).saturating_add(decimals);
    let digits = format!("{whole}{fraction}");
    let magnitude = shifted(digits.trim_start_matches('0'), shift)?;
    Some(if negative { magnitude.saturating_neg() } else { magnitude })
}

fn read_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    if digits.is_empty() || !is_digits(digits) {
        return None;
    }
    let magnitude = digits.parse().unwrap_or(i64::MAX);
    Some(if negative { -magnitude } else { magnitude })
}

/// `digits` times ten to the power of `shift`; `None` when that is not whole.
fn shifted(digits: &str, shift: i64) -> Option<i64> {
    if digits.is_empty() {
        return Some(0);
    }
    let length = i64::try_from(digits.len()).ok()?;
    if shift < 0 {
        let kept = usize::try_from(length.saturating_add(shift)).ok().filter(|kept| *kept > 0)?;
        let (kept, cut) = digits.split_at_checked(kept)?;
        return cut.bytes().all(|digit| digit == b'0').then(|| kept.parse().unwrap_or(i64::MAX));
    }
    if length.saturating_add(shift) > MOST_DIGITS {
        return Some(i64::MAX);
    }
    let zeros = "0".repeat(usize::try_from(shift).ok()?);
    Some(format!("{digits}{zeros}").parse().unwrap_or(i64::MAX))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_numbers_are_read_in_every_spelling() {
        let spellings = [
            ("0", 0),
            ("-0", 0),
            ("9", 9),
            ("-1", -1),
            ("9.0", 9),
            ("9e0", 9),
            ("1e3", 1000),
            ("1E+3", 1000),
            ("90e-1", 9),
            ("1.5e1", 15),
            ("0e999999999999999999999", 0),
            ("0.000", 0),
            ("102400", 102_400),
            ("9223372036854775807", i64::MAX),
            ("9223372036854775808", i64::MAX),
            ("1e400", i64::MAX),
            ("-1e400", -i64::MAX),
        ];
        for (text, number) in spellings {
            assert_eq!(read(text, 0), Some(number), "{text}");
        }
        assert_eq!(read(&"9".repeat(100_000), 0), Some(i64::MAX));
    }

    #[test]
    fn anything_else_is_none() {
        let others = [
            "",
            "-",
            "+9",
            "9 ",
            " 9",
            "9.",
            ".9",
            "9.5",
            "0.5",
            "-0.5",
            "1e-1",
            "1e",
            "1e+",
            "e1",
            "0x10",
            "010",
            "00",
            "1_0",
            "NaN",
            "Infinity",
            "1 OR 1=1",
            "９",
            "9,0",
            "1e-400",
            "5e-99999999999999999999",
            "--1",
        ];
        for text in others {
            assert_eq!(read(text, 0), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_integer_is_read_as_itself(number: i64) {
            prop_assert_eq!(read(&number.to_string(), 0), Some(number.max(-i64::MAX)));
        }

        #[test]
        fn an_exponent_moves_the_point(number in -999_999_i64..1_000_000, zeros in 0_u32..12) {
            let moved = number * 10_i64.pow(zeros);
            prop_assert_eq!(read(&format!("{number}e{zeros}"), 0), Some(moved));
            prop_assert_eq!(read(&format!("{moved}E-{zeros}"), 0), Some(number));
            prop_assert_eq!(read(&format!("{number}.{}", &"000000000000"[..=usize::try_from(zeros).unwrap()]), 0), Some(number));
        }

        #[test]
        fn any_text_is_answered(text in "[-+0-9.eE ]{0,24}") {
            prop_assert!(read(&text, 0).is_none() || text.parse::<f64>().is_ok());
        }
    }
}

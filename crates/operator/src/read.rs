//! How single values are read, beside the schemas that tell callers so.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use serde_json::Value;
use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::calendar::Zone;
use turnpike_domain::money::Money;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_service::Email;

use crate::members::{Given, Source};

/// Times of the 21st century, in UTC.
pub(crate) const TIME: &str = "^20(([0-9]{2})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)\
    |(0[13578]|1[02])-31)|(0[048]|[2468][048]|[13579][26])-02-29)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$";
/// Days of the 21st century.
pub(crate) const DAY: &str = "^20(([0-9]{2})-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)\
    |(0[13578]|1[02])-31)|(0[048]|[2468][048]|[13579][26])-02-29)$";
/// The most that a limit can be set to.
pub(crate) const HIGHEST_LIMIT: u32 = i32::MAX.unsigned_abs();
/// Names and passwords of proxy accounts.
pub(crate) const NAME: &str = "^[0-9A-Za-z]{1,32}$";
/// Names of tokens and machines.
pub(crate) const LABEL: &str = "^[0-9A-Za-z._-]{1,63}$";
/// What people read on an order.
pub(crate) const TITLE: &str =
    "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$";
/// One line of text.
pub(crate) const LINE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";
/// One line of text that is not empty.
pub(crate) const FULL_LINE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$";
/// A gateway's number.
pub(crate) const GATEWAY: &str = "^-?[0-9]{1,19}$";

/// An amount of money that is more than nothing: at most ten digits before the point.
pub(crate) const AMOUNT: &str = "^(0\\.(0[1-9]|[1-9][0-9]?)|[1-9][0-9]{0,9}(\\.[0-9]{1,2})?)$";
/// An amount of money, or of what is taken away.
pub(crate) const SIGNED_AMOUNT: &str = "^-?(0\\.(0[1-9]|[1-9][0-9]?)|[1-9][0-9]{0,9}(\\.[0-9]{1,2})?)$";

/// An amount of money that is more than nothing, as a text.
pub(crate) fn money(given: Given<'_>) -> Result<Money, String> {
    let text = text(given)?;
    let fits = text.split('.').next().is_some_and(|whole| (1..=10).contains(&whole.len()) && whole != "00");
    let plain = fits && (text.starts_with("0.") || !text.starts_with('0'));
    let amount = text.parse().ok().filter(|amount: &Money| plain && amount.is_positive());
    amount.ok_or_else(|| "must be an amount of money above 0, written as 12.34".to_owned())
}

/// An amount of money, or of what is taken away, as a text.
pub(crate) fn signed_money(given: Given<'_>) -> Result<Money, String> {
    match text(given)?.strip_prefix('-') {
        Some(rest) => Ok(money(Given { value: &Value::from(rest), ..given })?.negated()),
        None => money(given),
    }
}

/// Where an order stands, in a word.
pub(crate) const fn status_word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::AwaitingPayment => "awaiting",
        OrderStatus::Paid => "paid",
        OrderStatus::Closed => "closed",
        OrderStatus::Refunded => "refunded",
    }
}

/// Where an order stands.
pub(crate) fn order_status(given: Given<'_>) -> Result<OrderStatus, String> {
    let word = text(given)?;
    let found = OrderStatus::ALL.into_iter().find(|status| status_word(*status) == word);
    found.ok_or_else(|| "must be awaiting, paid, closed or refunded".to_owned())
}

/// Any text.
pub(crate) fn text(given: Given<'_>) -> Result<&str, String> {
    given.value.as_str().ok_or_else(|| "must be a text".to_owned())
}

/// A text of so many characters, none of them a control character.
pub(crate) fn line(given: Given<'_>, length: RangeInclusive<usize>) -> Result<String, String> {
    let line = text(given)?;
    if !length.contains(&line.chars().count()) {
        return Err(format!("must have {} to {} characters", length.start(), length.end()));
    }
    if line.chars().any(char::is_control) {
        return Err("must not hold line breaks or other control characters".to_owned());
    }
    Ok(line.to_owned())
}

/// A text of so many characters.
pub(crate) fn secret(given: Given<'_>, length: RangeInclusive<usize>) -> Result<String, String> {
    let secret = text(given)?;
    if length.contains(&secret.chars().count()) {
        Ok(secret.to_owned())
    } else {
        Err(format!("must have {} to {} characters", length.start(), length.end()))
    }
}

/// A customer's address, as far as its form tells.
pub(crate) fn email(given: Given<'_>) -> Result<String, String> {
    let email = text(given)?;
    Email::parse(email).map(|email| email.as_str().to_owned()).map_err(|error| error.to_string())
}

/// What people read on an order: at most 200 characters, not only blanks.
pub(crate) fn title(given: Given<'_>) -> Result<String, String> {
    let title = line(given, 1..=200)?;
    if title.trim().is_empty() { Err("must not be blank".to_owned()) } else { Ok(title) }
}

/// The name of a token or a machine.
pub(crate) fn label(given: Given<'_>) -> Result<String, String> {
    let label = text(given)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=63).contains(&label.len()) && label.bytes().all(plain) {
        Ok(label.to_owned())
    } else {
        Err("must have 1 to 63 letters, digits, `-`, `_` or `.`".to_owned())
    }
}

/// The digits of a gateway's number, which JSON has no room for. They may be no gateway's.
pub(crate) fn gateway(given: Given<'_>) -> Result<String, String> {
    let text = text(given)?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if (1..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("must be a gateway's number".to_owned())
    }
}

/// A whole number in a range. In a query it is written in digits.
pub(crate) fn integer(given: Given<'_>, range: RangeInclusive<i64>) -> Result<i64, String> {
    let number = match (given.source, given.value) {
        (Source::Query, Value::String(digits)) => digits.parse().ok(),
        // JSON knows one kind of number: 7.0 is 7.
        (Source::Body, Value::Number(number)) => {
            let digits = number.to_string();
            digits.strip_suffix(".0").unwrap_or(&digits).parse().ok()
        }
        _ => None,
    };
    let refused = || format!("must be a whole number from {} to {}", range.start(), range.end());
    number.filter(|number| range.contains(number)).ok_or_else(refused)
}

/// A whole number from `least` up to what 32 bits hold.
pub(crate) fn count(given: Given<'_>, range: RangeInclusive<u32>) -> Result<u32, String> {
    let number = integer(given, i64::from(*range.start())..=i64::from(*range.end()))?;
    u32::try_from(number).map_err(|_| "is too large".to_owned())
}

/// True or false.
pub(crate) fn flag(given: Given<'_>) -> Result<bool, String> {
    match (given.source, given.value) {
        (Source::Body, Value::Bool(flag)) => Ok(*flag),
        (Source::Query, Value::String(word)) if word == "true" => Ok(true),
        (Source::Query, Value::String(word)) if word == "false" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

pub(crate) fn username(given: Given<'_>) -> Result<Username, String> {
    Username::parse(text(given)?).map_err(|error| error.to_string())
}

pub(crate) fn password(given: Given<'_>) -> Result<AccountPassword, String> {
    AccountPassword::parse(text(given)?).map_err(|error| error.to_string())
}

/// At most 64 ASCII characters, or 32 of any kind.
pub(crate) fn remark(given: Given<'_>) -> Result<Remark, String> {
    let remark = text(given)?;
    if !remark.is_ascii() && remark.chars().count() > 32 {
        return Err("must not be longer than 64 English or 32 other characters".to_owned());
    }
    Remark::parse(remark).map_err(|error| error.to_string())
}

/// One of the product types that `belongs`.
pub(crate) fn product_type(given: Given<'_>, belongs: impl Fn(ProductType) -> bool) -> Result<ProductType, String> {
    let number = integer(given, 0..=i64::from(u8::MAX)).ok().and_then(ProductType::from_number);
    number.filter(|product_type| belongs(*product_type)).ok_or_else(|| {
        let numbers: Vec<_> =
            ProductType::ALL.iter().filter(|one| belongs(**one)).map(|one| one.number().to_string()).collect();
        format!("must be one of {}", numbers.join(", "))
    })
}

/// A moment, `YYYY-MM-DDTHH:MM:SSZ`, of the 21st century.
pub(crate) fn time(given: Given<'_>) -> Result<Timestamp, String> {
    let refused = || "must be a time of this century in UTC, written as 2026-01-31T23:59:59Z".to_owned();
    let text = text(given)?;
    let (date, time) = text.strip_suffix('Z').and_then(|rest| rest.split_once('T')).ok_or_else(refused)?;
    if !date.starts_with("20") {
        return Err(refused());
    }
    Zone::utc().parse(&format!("{date} {time}")).map_err(|_| refused())
}

/// The last millisecond of a calendar day of the 21st century in that zone.
pub(crate) fn day_end(text: &str, zone: &Zone) -> Result<Timestamp, String> {
    let refused = || "must be a day of this century, written as 2026-01-31".to_owned();
    if text.len() != 10 || !text.starts_with("20") {
        return Err(refused());
    }
    let begin = zone.parse(text).map_err(|_| refused())?;
    Ok(zone.day_start(zone.day_of(begin).plus_days(1)).minus(Span::from_ms(1)))
}

/// A client's address, in its canonical form.
pub(crate) fn source(text: &str) -> Result<IpAddr, String> {
    let source = text.parse::<IpAddr>().map(|source| source.to_canonical());
    source.map_err(|_| format!("`{}` is no IPv4 or IPv6 address", text.escape_debug()))
}

/// A list of at most so many.
pub(crate) fn all<T>(
    given: Given<'_>,
    most: usize,
    read: impl Fn(Given<'_>) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let listed = given.value.as_array().filter(|listed| listed.len() <= most);
    let listed = listed.ok_or_else(|| format!("must be a list of at most {most}"))?;
    listed.iter().map(|value| read(Given { value, ..given })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(value: &Value) -> Given<'_> {
        Given { value, source: Source::Body }
    }

    fn query(value: &Value) -> Given<'_> {
        Given { value, source: Source::Query }
    }

    #[test]
    fn times_are_of_one_form_and_of_this_century() {
        let at = |text: &str| time(body(&Value::from(text)));
        assert_eq!(at("2026-02-28T23:59:59Z").unwrap().ms(), 1_772_323_199_000);
        assert!(at("2024-02-29T00:00:00Z").is_ok());
        for refused in [
            "",
            "2026-02-29T00:00:00Z",
            "2026-02-28T23:59:59",
            "2026-02-28 23:59:59Z",
            "1999-01-01T00:00:00Z",
            "2026-01-01T00:00:00.5Z",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T24:00:00Z",
        ] {
            assert!(at(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn numbers_and_flags_are_text_only_in_the_query() {
        let (number, digits, word) = (Value::from(7), Value::from("7"), Value::from("true"));
        assert_eq!(integer(body(&number), 0..=9), Ok(7));
        assert_eq!(integer(query(&digits), 0..=9), Ok(7));
        assert!(integer(body(&digits), 0..=9).is_err() && integer(query(&number), 0..=9).is_err());
        assert!(integer(body(&number), 0..=6).is_err());
        assert_eq!(integer(body(&Value::from(7.0)), 0..=9), Ok(7));
        assert!(integer(body(&Value::from(7.5)), 0..=9).is_err());
        assert_eq!((flag(query(&word)), flag(body(&Value::Bool(false)))), (Ok(true), Ok(false)));
        assert!(flag(body(&word)).is_err() && flag(query(&Value::from("1"))).is_err());
    }

    #[test]
    fn a_day_ends_before_the_next_begins() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let end = day_end("2026-03-10", &zone).unwrap();
        assert_eq!(zone.format(end), "2026-03-10 23:59:59");
        assert_eq!(zone.format(end.plus(Span::from_ms(1))), "2026-03-11 00:00:00");
    }
}

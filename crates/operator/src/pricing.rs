//! How prices, ratios, reductions and codes are read and written, beside the schemas that tell callers so.

use serde::Serialize;
use serde::ser::Serializer;
use turnpike_domain::coupon::{CouponCode, Reduction};
use turnpike_domain::money::Money;
use turnpike_domain::recharge::Ratio;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::members::Given;
use crate::read;

/// A price: an amount of money that may be nothing.
const PRICE: &str = "^(0(\\.[0-9]{1,2})?|[1-9][0-9]{0,9}(\\.[0-9]{1,2})?)$";
/// A ratio of 1 to 10 with at most four decimals.
const RATIO: &str = "^([1-9](\\.[0-9]{1,4})?|10(\\.0{1,4})?)$";
/// A percentage above 0 with at most two decimals, with its sign.
const PERCENTAGE: &str = "^(0\\.(0[1-9]|[1-9][0-9]?)|[1-9][0-9]?(\\.[0-9]{1,2})?|100(\\.0{1,2})?)%$";
/// What customers write to use a coupon.
const COUPON_CODE: &str = "^[0-9A-Za-z-]{4,32}$";
/// What the operator calls a product.
const PRODUCT_CODE: &str = "^[0-9a-z-]{1,64}$";
/// Text with line breaks and tabs, not blank.
const PROSE: &str = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*\
    [^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$";
/// Text with line breaks.
pub(crate) const LINES: &str = "^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]*$";

/// A price, as a text.
pub(crate) fn price(given: Given<'_>) -> Result<Money, String> {
    let text = read::text(given)?;
    let whole = text.split('.').next().unwrap_or_default();
    let plain = (1..=10).contains(&whole.len()) && (whole == "0" || !whole.starts_with('0'));
    let price = text.parse().ok().filter(|price: &Money| plain && !price.is_negative());
    price.ok_or_else(|| "must be an amount of money, written as 12.34".to_owned())
}

/// How many times what was paid is paid in, as a text.
pub(crate) fn ratio(given: Given<'_>) -> Result<Ratio, String> {
    let text = read::text(given)?;
    let plain = !text.starts_with('0');
    text.parse().ok().filter(|_| plain).ok_or_else(|| "must be a ratio of 1 to 10, written as 1.2".to_owned())
}

/// What a coupon takes off: `12.5%` or `5.00`.
pub(crate) fn reduction(given: Given<'_>) -> Result<Reduction, String> {
    let text = read::text(given)?;
    let refused = || "must be a percentage such as 12.5%, or an amount such as 5.00, above 0".to_owned();
    let read = match text.strip_suffix('%') {
        Some(percent) => {
            let plain = percent.starts_with("0.") || !percent.starts_with('0');
            percent.parse().ok().filter(|_| plain).map(Reduction::Percent)
        }
        None => read::money(given).ok().map(Reduction::Amount),
    };
    read.ok_or_else(refused)
}

/// A coupon's code.
pub(crate) fn coupon_code(given: Given<'_>) -> Result<CouponCode, String> {
    let text = read::text(given)?;
    let code = CouponCode::parse(text).ok().filter(|_| text.trim() == text);
    code.ok_or_else(|| "must be 4 to 32 letters, digits and hyphens".to_owned())
}

/// A product's code.
pub(crate) fn product_code(given: Given<'_>) -> Result<String, String> {
    let text = read::text(given)?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 64 lower-case letters, digits and hyphens".to_owned())
    }
}

/// A text of so many characters, not blank, with line breaks and, where `tabs`, tabs.
pub(crate) fn prose(given: Given<'_>, longest: usize, tabs: bool) -> Result<String, String> {
    let text = read::text(given)?;
    if text.chars().count() > longest {
        return Err(format!("must have at most {longest} characters"));
    }
    let wrong =
        |character: char| character.is_control() && character != '\n' && !(tabs && matches!(character, '\r' | '\t'));
    if text.contains(wrong) {
        return Err("must not hold control characters other than line breaks".to_owned());
    }
    Ok(text.to_owned())
}

/// A value that may be `null`.
pub(crate) fn nullable<T>(
    given: Given<'_>,
    read: impl Fn(Given<'_>) -> Result<T, String>,
) -> Result<Option<T>, String> {
    if given.value.is_null() { Ok(None) } else { read(given).map(Some) }
}

/// What a coupon takes off, as it is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Off(pub(crate) Reduction);

impl Serialize for Off {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&written_off(self.0))
    }
}

/// A reduction as it is written: `12.5%`, or an amount.
pub(crate) fn written_off(off: Reduction) -> String {
    match off {
        Reduction::Percent(percent) => format!("{percent}%"),
        Reduction::Amount(amount) => amount.to_string(),
    }
}

impl PartialSchema for Off {
    fn schema() -> RefOr<Schema> {
        let text = |pattern| ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).max_length(Some(15));
        AnyOfBuilder::new()
            .item(text(PERCENTAGE))
            .item(text(read::AMOUNT))
            .description(Some("A percentage such as `12.50%`, or an amount of money such as `5.00`."))
            .into()
    }
}

impl ToSchema for Off {}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident, $pattern:expr, $longest:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some($pattern));
                text.max_length(Some($longest)).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

shapes! {
    /// A price.
    PriceShape, PRICE, 13;
    /// A ratio.
    RatioShape, RATIO, 7;
    /// A coupon's code.
    CouponCodeShape, COUPON_CODE, 32;
    /// A product's code.
    ProductCodeShape, PRODUCT_CODE, 64;
    /// A name, not blank.
    NameLineShape, read::TITLE, 100;
    /// What customers read about a product.
    DescriptionShape, LINES, 4000;
    /// What an article says, not blank.
    ContentShape, PROSE, 20_000;
}

/// A name of so many characters, not blank.
pub(crate) fn name(given: Given<'_>) -> Result<String, String> {
    let name = read::line(given, 1..=100)?;
    if name.trim().is_empty() { Err("must not be blank".to_owned()) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::members::Source;

    fn given(value: &Value) -> Given<'_> {
        Given { value, source: Source::Body }
    }

    #[test]
    fn prices_may_be_nothing_and_ratios_may_not_fall() {
        for (text, written) in [("0", "0.00"), ("0.5", "0.50"), ("12.34", "12.34"), ("9999999999.99", "9999999999.99")]
        {
            assert_eq!(price(given(&Value::from(text))).map(|price| price.to_string()), Ok(written.to_owned()));
        }
        for text in ["", "-1", "01", "1.234", "1.", ".5", "00", "12345678901"] {
            assert!(price(given(&Value::from(text))).is_err(), "{text}");
        }
        assert!(price(given(&Value::from(5))).is_err());
        assert!(ratio(given(&Value::from("1.05"))).is_ok() && ratio(given(&Value::from("0.9"))).is_err());
    }

    #[test]
    fn a_reduction_is_a_percentage_or_an_amount() {
        for (text, written) in [("12.5%", "\"12.50%\""), ("100%", "\"100.00%\""), ("5", "\"5.00\"")] {
            let read = reduction(given(&Value::from(text))).unwrap();
            assert_eq!(serde_json::to_string(&Off(read)).unwrap(), written);
        }
        for text in ["", "%", "0%", "0", "101%", "05%", "5 %", "-5", "5.123"] {
            assert!(reduction(given(&Value::from(text))).is_err(), "{text}");
        }
    }
}

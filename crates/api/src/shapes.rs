//! Shapes that several calls share: enumerations for the document, and paging A (contract 0.5, 0.6).

use serde::Serialize;
use serde::ser::{Error as _, Serializer};
use serde_json::value::RawValue;
use turnpike_domain::coupon::Percent;
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! product_type_shapes {
    ($($(#[$doc:meta])* $name:ident, $description:literal, $belongs:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let numbers = ProductType::ALL.iter().filter(|product_type| $belongs(product_type));
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .description(Some($description))
                    .enum_values(Some(numbers.map(|product_type| product_type.number())))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

product_type_shapes! {
    /// Any product type.
    AnyProductType, "Package type.", |_: &&ProductType| true;
    /// The product types of proxy accounts.
    AccountProductType,
        "Package type: 9 dynamic residential traffic, 11 dynamic residential IP, 14 static datacenter IP, \
         25 static residential IP.",
        |product_type: &&ProductType| product_type.takes_accounts();
    /// The product types of static IPs.
    StaticIpType,
        "Kind of static IP: 14 datacenter, 25 residential.",
        |product_type: &&ProductType| product_type.is_static_ip();
    /// The product types of the summary.
    SummaryProductType,
        "Package type: 9 dynamic residential traffic, 12 long-acting IDC traffic.",
        |product_type: &&ProductType| crate::user_product::SUMMARISED.contains(product_type);
}

/// A number of at most two decimals, made without floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hundredths(u64);

impl Hundredths {
    /// A quotient, rounded down. Nothing divided by zero is zero.
    pub(crate) fn ratio(dividend: u64, divisor: u64) -> Self {
        let hundredths = (u128::from(dividend) * 100).checked_div(u128::from(divisor)).unwrap_or(0);
        Self(u64::try_from(hundredths).unwrap_or(u64::MAX))
    }
}

/// Amounts that customers are shown are never below nothing.
impl From<Money> for Hundredths {
    fn from(amount: Money) -> Self {
        Self(u64::try_from(amount.minor()).unwrap_or(0))
    }
}

impl From<Percent> for Hundredths {
    fn from(percent: Percent) -> Self {
        Self(percent.hundredths().into())
    }
}

impl Serialize for Hundredths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        let text = match (rest, rest % 10) {
            (0, _) => whole.to_string(),
            (rest, 0) => format!("{whole}.{}", rest / 10),
            (rest, _) => format!("{whole}.{rest:02}"),
        };
        RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// `data` of a call that lists page by page.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageOf<T> {
    /// This page, newest first.
    #[schema(inline)]
    pub(crate) list: Vec<T>,
    /// Which page, from 1.
    pub(crate) page: u32,
    /// How many a page holds.
    pub(crate) page_size: u32,
    /// How many there are in all.
    pub(crate) total_count: u64,
    /// How many pages there are in all.
    pub(crate) total_page: u64,
}

impl<T> PageOf<T> {
    pub(crate) fn new(list: Vec<T>, page: u32, page_size: u32, total_count: u64) -> Self {
        Self { list, page, page_size, total_count, total_page: total_count.div_ceil(u64::from(page_size.max(1))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_are_written_as_people_write_them() {
        for (hundredths, text) in [(0, "0"), (5, "0.05"), (50, "0.5"), (99, "0.99"), (100, "1"), (12_345, "123.45")] {
            assert_eq!(serde_json::to_string(&Hundredths(hundredths)).unwrap(), text);
        }
        assert_eq!(Hundredths::ratio(2, 3), Hundredths(66));
        assert_eq!(Hundredths::ratio(2, 0), Hundredths(0));
    }
}

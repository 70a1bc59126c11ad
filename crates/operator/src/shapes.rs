//! Values that answers share: moments, amounts, product types, and their schemas.

use serde::Serialize;
use serde::ser::Serializer;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::exit::{ExitState, Provenance};
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::StaticIpState;
use turnpike_domain::time::Timestamp;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::read;

/// A moment, as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_rfc3339(self.0))
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A moment in UTC, to the second."))
            .into()
    }
}

impl ToSchema for Moment {}

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
    AnyProductType, "The package type's number.", |_: &&ProductType| true;
    /// The product types of static IPs.
    StaticIpType, "The kind of static IP: 14 datacenter, 25 residential.",
        |product_type: &&ProductType| product_type.is_static_ip();
    /// The product types of proxy accounts.
    AccountProductType, "The number of the package type that accounts draw on.",
        |product_type: &&ProductType| product_type.takes_accounts();
}

macro_rules! text_shapes {
    ($($(#[$doc:meta])* $name:ident, $pattern:expr, $longest:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some($pattern))
                    .max_length(Some($longest))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

text_shapes! {
    /// The name or the password of a proxy account.
    NameShape, read::NAME, 32;
    /// The name of a token or a machine.
    LabelShape, read::LABEL, 63;
    /// What people read on an order.
    TitleShape, read::TITLE, 200;
    /// One line of text.
    LineShape, read::LINE, 254;
    /// What others call something.
    ReferenceShape, read::FULL_LINE, 200;
    /// A name under which something is done once, or by which somebody was invited.
    KeyShape, read::FULL_LINE, 64;
    /// Two letters of ISO 3166-1.
    CountryShape, "^[A-Za-z]{2}$", 2;
    /// A gateway's number.
    GatewayShape, read::GATEWAY, 20;
    /// A moment.
    TimeShape, read::TIME, 20;
    /// A calendar day.
    DayShape, read::DAY, 10;
    /// An amount of money that is more than nothing.
    AmountShape, read::AMOUNT, 15;
    /// An amount of money, or of what is taken away.
    SignedAmountShape, read::SIGNED_AMOUNT, 16;
    /// A currency.
    CurrencyShape, "^[A-Z]{3}$", 3;
    /// An exit's name.
    ExitNameShape, "^[0-9A-Za-z][0-9A-Za-z._:-]{0,63}$", 64;
    /// How traffic leaves by an exit.
    RouteShape, read::FULL_LINE, 300;
    /// A place: `COUNTRY`, `COUNTRY/State` or `COUNTRY/State/City`.
    PlaceShape, "^[A-Za-z]{2}(/[^/_|,\\u0000-\\u001f\\u007f-\\u009f]{0,64}){0,2}$", 132;
    /// A note on whose an exit's addresses are.
    EvidenceShape, read::LINE, 500;
    /// An order's number.
    TradeNoShape, "^[0-9]{28}$", 28;
}

macro_rules! word_shapes {
    ($($(#[$doc:meta])* $name:ident, $words:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some($words)).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

word_shapes! {
    /// Where an order stands.
    StatusShape, ["awaiting", "paid", "closed", "refunded"];
    /// What became of a payment.
    EventStateShape, ["parked", "applied", "resolved"];
    /// What becomes of a parked payment.
    ResolutionShape, ["apply", "credit", "sent_back"];
}

/// An amount of money with two decimals, as a text: JSON's numbers are not exact everywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount(pub(crate) Money);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^-?[0-9]{1,12}\\.[0-9]{2}$"))
            .description(Some("An amount of money, to the minor unit."))
            .into()
    }
}

impl ToSchema for Amount {}

/// A remark.
pub(crate) struct RemarkShape;

impl PartialSchema for RemarkShape {
    fn schema() -> RefOr<Schema> {
        let text = |pattern| ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
        AnyOfBuilder::new()
            .item(text("^[ -~]{0,64}$"))
            .item(text("^[^\\u0000-\\u001f\\u007f-\\u009f]{0,32}$"))
            .description(Some("At most 64 English or 32 other characters."))
            .into()
    }
}

impl ToSchema for RemarkShape {}

macro_rules! word_shapes {
    ($($(#[$doc:meta])* $name:ident, $words:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some($words)).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

word_shapes! {
    /// What state an address of the inventory is in.
    StaticIpStateShape, StaticIpState::ALL.iter().map(|state| state.word());
    /// How traffic leaves by an exit, in a word.
    ExitKindShape, ["direct", "address", "prefix", "http", "socks5"];
    /// What is wanted of an exit.
    ExitStateShape, ExitState::ALL.iter().map(|state| state.word());
    /// Who an exit's addresses belong to.
    ProvenanceShape, Provenance::ALL.iter().map(|provenance| provenance.word());
    /// What is wanted of an address of the inventory.
    StaticIpDutyShape, ["normal", "maintenance", "withdrawn"];
}

/// Nothing but true.
pub(crate) struct Yes;

impl PartialSchema for Yes {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])).into()
    }
}

impl ToSchema for Yes {}

/// A client's address.
pub(crate) struct AddressShape;

impl PartialSchema for AddressShape {
    fn schema() -> RefOr<Schema> {
        let text =
            |format: String| ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::Custom(format)));
        AnyOfBuilder::new().item(text("ipv4".to_owned())).item(text("ipv6".to_owned())).into()
    }
}

impl ToSchema for AddressShape {}

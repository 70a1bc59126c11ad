//! What can be wrong with one parameter, and the message that says so.

use std::collections::BTreeMap;
use std::net::IpAddr;

use fluent_bundle::FluentArgs;
use turnpike_domain::account::{LONGEST_NAME, NameError};
use turnpike_domain::accounts::{BatchError, LARGEST_BATCH};
use turnpike_domain::allow_list::{SourceError, SourceFault};
use turnpike_domain::calendar::{MOST_DAYS, TimeError, WindowError};
use turnpike_domain::country::CountryCode;
use turnpike_domain::money::Money;
use turnpike_domain::price::PriceError;
use turnpike_domain::remark::RemarkError;

use crate::language::Language;
use crate::messages;

macro_rules! field_errors {
    ($($(#[$doc:meta])* $name:ident $({ $($field:ident: $type:ty),* })? = $key:literal;)*) => {
        /// Why a parameter is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum FieldError {
            $($(#[$doc])* $name $({ $($field: $type),* })?,)*
        }

        impl FieldError {
            /// Every key this enumeration needs in the message files.
            #[cfg(test)]
            pub(crate) const MESSAGES: &'static [&'static str] = &[$($key),*];

            const fn key(&self) -> &'static str {
                match self { $(Self::$name { .. } => $key,)* }
            }
        }
    };
}

field_errors! {
    /// Not given, or given empty.
    Required = "field-required";
    /// A number, a list or the like where a text belongs, or a text that is not UTF-8.
    NotText = "field-not-text";
    /// Neither a whole number nor the text of one.
    NotWhole = "field-not-whole";
    /// A number below or above what is allowed.
    OutOfRange { lowest: i64, highest: i64 } = "field-out-of-range";
    /// Twice in one place, with different values.
    Repeated = "field-repeated";
    /// A name or password of no characters.
    NameEmpty = "field-name-empty";
    /// A name or password that is too long.
    NameTooLong = "field-name-too-long";
    /// A name or password with something else than letters and digits.
    NameCharacter = "field-name-character";
    /// The name in one item of a batch breaks a rule.
    ItemName { place: usize, fault: NameError } = "field-item-name";
    /// The password in one item of a batch breaks a rule.
    ItemPassword { place: usize, fault: NameError } = "field-item-password";
    /// An item of a batch without a password.
    ItemWithoutPassword { place: usize } = "field-item-without-password";
    /// A batch that names an account twice.
    NameTwice { name: turnpike_domain::account::Username } = "field-name-twice";
    /// A batch of too many items.
    TooManyItems = "field-too-many-items";
    /// A batch of commas and blanks.
    NoItems = "field-no-items";
    /// A remark that is too wide.
    RemarkTooWide = "field-remark-too-wide";
    /// A remark with a line break or the like.
    RemarkControl = "field-remark-control";
    /// A number that names no product type.
    ProductTypeUnknown = "field-product-type-unknown";
    /// A product type that proxy accounts cannot have.
    ProductTypeWithoutAccounts = "field-product-type-accounts";
    /// A product type that the summary does not know.
    ProductTypeWithoutSummary = "field-product-type-summary";
    /// Not a time as agreed.
    TimeForm = "field-time-form";
    /// A time that does not exist.
    TimeMissing = "field-time-missing";
    /// Neither true nor false, 1 nor 0.
    NotBoolean = "field-not-boolean";
    /// A password that is too short or too long for the call.
    PasswordLength = "field-password-length";
    /// An item of a list that is no address.
    ItemNoAddress { place: usize } = "field-item-no-address";
    /// An item of a list that is an address nobody can connect from.
    ItemNoSource { place: usize, ip: IpAddr } = "field-item-no-source";
    /// An item of a list that is a private or special-purpose address.
    ItemSpecialAddress { place: usize, ip: IpAddr } = "field-item-special-address";
    /// A word that names no reason.
    ReasonUnknown = "field-reason-unknown";
    /// Not a username as clients write it.
    LoginForm = "field-login-form";
    /// Not a host and a port.
    TargetForm = "field-target-form";
    /// Not what clients speak.
    ProtocolUnknown = "field-protocol-unknown";
    /// Not a unit of traffic.
    UnitUnknown = "field-unit-unknown";
    /// Not a place in a stream.
    CursorUnknown = "field-cursor-unknown";
    /// Something else to wait for than what can be waited for.
    WaitUnknown = "field-wait-unknown";
    /// An idempotency key that is none.
    IdempotencyKey = "field-idempotency-key";
    /// An amount of money below or above what is allowed.
    AmountOutOfRange { least: Money, most: Money } = "field-out-of-range";
    /// A product of a type that can be listed, not ordered.
    NotSold = "field-not-sold";
    /// Not how many in which country.
    RegionsMissing = "field-regions-missing";
    /// A country that nothing is sold in.
    CountryNotSold { country: CountryCode } = "field-country-not-sold";
    /// Another country than the one a static IP is in.
    HeldElsewhere { country: CountryCode } = "field-held-elsewhere";
    /// Other static IPs to renew than units ordered, or none.
    RenewalsMissing = "field-renewals-missing";
    /// Not the number of a part that the product has.
    PartUnknown = "field-part-unknown";
    /// Not the number of an order that was paid short.
    NotPaidShort = "field-not-paid-short";
    /// A discount where there is none.
    NeverReduced = "field-never-reduced";
    /// More money than there can be.
    TooMuch = "field-too-much";
    /// Not an amount of money.
    NotAmount = "field-not-amount";
    /// An item of a list that is not the number of anything.
    ItemNoNumber { place: usize } = "field-item-no-number";
    /// A list that has a number twice.
    NumberTwice { number: i64 } = "field-number-twice";
    /// An item of a list that does not say how many in which country.
    ItemNoRegion { place: usize } = "field-item-no-region";
    /// Not how long a renewal can last.
    DurationForm = "field-duration-form";
    /// Not the code of any coupon.
    CouponForm = "field-coupon-form";
    /// Not what an order can be.
    StatusUnknown = "field-status-unknown";
    /// Not a country's code.
    CountryForm = "field-country-form";
    /// A product type that is no kind of static IP.
    ProductTypeNoStaticIp = "field-product-type-static";
    /// A static IP of another kind than the product renews.
    StaticIpType = "field-static-ip-type";
    /// A renewal that would end before it is paid.
    RenewalTooShort = "field-renewal-too-short";
    /// Neither or both of two things of which one is meant.
    OneTarget = "field-one-target";
    /// Not the name of a place.
    PlaceForm = "field-place-form";
    /// Not a form in which endpoints are told.
    FormatUnknown = "field-format-unknown";
    /// A separator that is too long.
    SeparatorTooLong = "field-separator-too-long";
    /// An end before the start.
    WindowBackwards = "field-window-backwards";
    /// A window of too many days.
    WindowTooLong = "field-window-too-long";
}

impl FieldError {
    /// The message, in a language.
    pub(crate) fn text(&self, language: Language) -> String {
        let mut arguments = FluentArgs::new();
        // Numbers that decide over a plural go in as numbers, all others as they are written.
        match self {
            Self::OutOfRange { lowest, highest } => {
                arguments.set("lowest", lowest.to_string());
                arguments.set("highest", highest.to_string());
            }
            Self::NameTooLong => arguments.set("longest", LONGEST_NAME),
            Self::ItemName { place, fault } | Self::ItemPassword { place, fault } => {
                arguments.set("place", place.to_string());
                arguments.set("problem", Self::from(*fault).text(language));
            }
            Self::ItemWithoutPassword { place }
            | Self::ItemNoAddress { place }
            | Self::ItemNoNumber { place }
            | Self::ItemNoRegion { place } => {
                arguments.set("place", place.to_string());
            }
            Self::ItemNoSource { place, ip } | Self::ItemSpecialAddress { place, ip } => {
                arguments.set("place", place.to_string());
                arguments.set("address", ip.to_string());
            }
            Self::AmountOutOfRange { least, most } => {
                arguments.set("lowest", least.to_string());
                arguments.set("highest", most.to_string());
            }
            Self::CountryNotSold { country } | Self::HeldElsewhere { country } => {
                arguments.set("country", country.to_string());
            }
            Self::NumberTwice { number } => arguments.set("number", number.to_string()),
            Self::NameTwice { name } => arguments.set("name", name.to_string()),
            Self::TooManyItems => arguments.set("most", LARGEST_BATCH),
            Self::WindowTooLong => arguments.set("days", MOST_DAYS),
            _ => {}
        }
        messages::text(language, self.key(), &arguments)
    }
}

impl From<NameError> for FieldError {
    fn from(error: NameError) -> Self {
        match error {
            NameError::Empty => Self::NameEmpty,
            NameError::TooLong => Self::NameTooLong,
            NameError::Character => Self::NameCharacter,
        }
    }
}

impl From<BatchError> for FieldError {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Empty => Self::NoItems,
            BatchError::TooMany => Self::TooManyItems,
            BatchError::Twice { name } => Self::NameTwice { name },
            BatchError::NoPassword { place } => Self::ItemWithoutPassword { place },
            BatchError::Name { place, fault } => Self::ItemName { place, fault },
            BatchError::Password { place, fault } => Self::ItemPassword { place, fault },
        }
    }
}

impl From<SourceError> for FieldError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Empty => Self::NoItems,
            SourceError::TooMany => Self::TooManyItems,
            SourceError::Item { place, fault } => match fault {
                SourceFault::NoAddress => Self::ItemNoAddress { place },
                SourceFault::NoSource(ip) => Self::ItemNoSource { place, ip },
                SourceFault::Special(ip) => Self::ItemSpecialAddress { place, ip },
            },
        }
    }
}

impl From<RemarkError> for FieldError {
    fn from(error: RemarkError) -> Self {
        match error {
            RemarkError::TooWide => Self::RemarkTooWide,
            RemarkError::Control => Self::RemarkControl,
        }
    }
}

impl From<TimeError> for FieldError {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::Form => Self::TimeForm,
            TimeError::NoSuchTime => Self::TimeMissing,
        }
    }
}

impl From<WindowError> for FieldError {
    fn from(error: WindowError) -> Self {
        match error {
            WindowError::Backwards => Self::WindowBackwards,
            WindowError::TooLong => Self::WindowTooLong,
        }
    }
}

/// What an order cannot be, and which of its parameters says so.
impl From<PriceError> for FieldErrors {
    fn from(error: PriceError) -> Self {
        let (name, error) = match error {
            PriceError::NotSold => ("pid", FieldError::NotSold),
            PriceError::Amount { least, most } => {
                ("amount", FieldError::OutOfRange { lowest: least.into(), highest: most.into() })
            }
            PriceError::Recharge { least, most } => ("recharge_amount", FieldError::AmountOutOfRange { least, most }),
            PriceError::Regions => ("region_list", FieldError::RegionsMissing),
            PriceError::Country(country) => ("region_list", FieldError::CountryNotSold { country }),
            PriceError::Renewals => ("upids", FieldError::RenewalsMissing),
            PriceError::Duration => ("renew_duration", FieldError::DurationForm),
            PriceError::Bandwidth => ("product_sku_bandwidth_id", FieldError::PartUnknown),
            PriceError::Concurrency => ("product_sku_concurrency_id", FieldError::PartUnknown),
            PriceError::NothingToTopUp => ("upids", FieldError::NotPaidShort),
            PriceError::NeverReduced => ("coupon_sn", FieldError::NeverReduced),
            PriceError::NeverDiscounted => ("use_invitation_registration_discount", FieldError::NeverReduced),
            PriceError::TooMuch => ("amount", FieldError::TooMuch),
        };
        Self::one(name, error)
    }
}

/// Everything that is wrong with the parameters of one call, by parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldErrors(BTreeMap<&'static str, Vec<FieldError>>);

impl FieldErrors {
    /// One thing wrong with one parameter.
    pub(crate) fn one(name: &'static str, error: FieldError) -> Self {
        let mut errors = Self::default();
        errors.add(name, error);
        errors
    }

    pub(crate) fn add(&mut self, name: &'static str, error: FieldError) {
        self.0.entry(name).or_default().push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `{field: [text]}`, as the envelope shows it.
    pub(crate) fn texts(&self, language: Language) -> BTreeMap<&'static str, Vec<String>> {
        let texts = |errors: &Vec<FieldError>| errors.iter().map(|error| error.text(language)).collect();
        self.0.iter().map(|(name, errors)| (*name, texts(errors))).collect()
    }
}

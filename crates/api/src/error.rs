//! The one error of the API and its code table (contract 0.3, 0.4).
//!
//! An error knows its HTTP status, its code and its message. Business errors are HTTP 200, because deployed clients
//! call their library's raise-for-status first. What went wrong inside stays in the log.

use std::net::IpAddr;

use fluent_bundle::FluentArgs;
use http::StatusCode;

use turnpike_domain::account::Username;
use turnpike_domain::country::CountryCode;
use turnpike_domain::coupon::CouponRefusal;
use turnpike_domain::time::Span;
use turnpike_service::{ServiceError, ShopError};

use crate::field_error::{FieldError, FieldErrors};
use crate::language::Language;
use crate::messages;
use crate::parameters::Malformed;

/// After so many seconds a stream may have ended.
const STREAM_AGAIN_SECONDS: u32 = 10;
/// The key of the message of every success.
pub(crate) const SUCCESS: &str = "success";
/// The key of the message of successes that are told as such of a request.
pub(crate) const REQUESTED: &str = "requested";

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident $(($payload:ty))? => $status:ident, $code:literal, $key:literal;)*) => {
        /// Why a call is answered with something else than what was asked for.
        #[derive(Clone, Debug)]
        pub(crate) enum ApiError {
            $($(#[$doc])* $name $(($payload))?,)*
        }

        impl ApiError {
            /// Every key this enumeration needs in the message files.
            #[cfg(test)]
            pub(crate) const MESSAGES: &'static [&'static str] = &[$($key),*];

            /// HTTP status, code of the envelope, key of the message.
            const fn parts(&self) -> (StatusCode, u16, &'static str) {
                match self { $(Self::$name { .. } => (StatusCode::$status, $code, $key),)* }
            }
        }
    };
}

errors! {
    /// No valid `app_key` and no valid session.
    SessionInvalid => OK, 3, "session-invalid";
    /// The customer is not verified and the call needs it.
    NotVerified => OK, 156, "not-verified";
    /// Parameters that break rules.
    Parameters(FieldErrors) => OK, 400, "parameters-invalid";
    /// A body that is no JSON.
    JsonMalformed => OK, 400, "json-malformed";
    /// A body of JSON that is nested too deeply.
    JsonTooDeep => OK, 400, "json-too-deep";
    /// A body of JSON that is no object.
    JsonNoObject => OK, 400, "json-no-object";
    /// A body that is no multipart form.
    MultipartMalformed => OK, 400, "multipart-malformed";
    /// More parameters than anyone needs.
    TooManyParameters => OK, 400, "parameters-too-many";
    /// The customer is suspended and the call changes something.
    Suspended => OK, 403, "suspended";
    /// No customer has that address and login password.
    LoginWrong => OK, 403, "login-wrong";
    /// The customer may not have so many accounts more.
    TooManyAccounts(u32) => OK, 403, "accounts-too-many";
    /// The customer's allow list may not hold so many addresses more.
    TooManySources(u32) => OK, 403, "sources-too-many";
    /// The customer has no account of that name, whoever else may.
    NoSuchAccount(Username) => OK, 404, "no-such-account";
    /// The customer's allow list has no such address, whoever else's may.
    NoSuchSource(IpAddr) => OK, 404, "no-such-source";
    /// Nothing of that number is sold.
    NoSuchProduct => OK, 404, "no-such-product";
    /// The customer has no order of that number, whoever else may.
    NoSuchOrder => OK, 404, "no-such-order";
    /// Nothing is paid that way here.
    NoSuchPaymentMethod => OK, 404, "no-such-payment-method";
    /// There is no coupon of that code for this customer now.
    NoSuchCoupon => OK, 404, "no-such-coupon";
    /// There is no article of that number.
    NoSuchArticle => OK, 404, "no-such-article";
    /// The customer holds no static IP of that number, whoever else may.
    NoSuchStaticIp(i64) => OK, 404, "no-such-static-ip";
    /// Whoever extracts does so from an address that is not on the customer's allow list.
    SourceNotListed(IpAddr) => OK, 202, "source-not-listed";
    /// The customer has no traffic that endpoints could use.
    NoTraffic => OK, 402, "no-traffic";
    /// No exit serves the place.
    PlaceNotServed => OK, 404, "place-not-served";
    /// No port is free for the customer.
    NoFreePort => OK, 409, "no-free-port";
    /// The balance does not suffice.
    BalanceTooLow => OK, 402, "balance-too-low";
    /// The coupon's time is over.
    CouponExpired => OK, 409, "coupon-expired";
    /// The coupon is for other products.
    CouponForOthers => OK, 409, "coupon-for-others";
    /// The coupon was used as often as it can be.
    CouponUsedUp => OK, 409, "coupon-used-up";
    /// The customer has used the coupon as often as each may.
    CouponUsed => OK, 409, "coupon-used";
    /// The customer was not invited, or had the discount.
    NoInvitation => OK, 409, "no-invitation";
    /// Less is left than was ordered.
    OutOfStock => OK, 409, "out-of-stock";
    /// Fewer static IPs are for sale there than were ordered.
    OutOfStockIn(CountryCode) => OK, 409, "out-of-stock-in";
    /// The customer has no package of that number, whoever else may.
    NoSuchPackage(i64) => OK, 404, "no-such-package";
    /// The customer has used up the changes of address it bought.
    NoIpChanges => OK, 402, "no-ip-changes";
    /// The static IP is to be renewed before anything else.
    StaticIpExpired => OK, 409, "static-ip-expired";
    /// The static IP was renewed after it was priced.
    StaticIpRenewed => OK, 409, "static-ip-renewed";
    /// Nothing is sold that it could be bought by again.
    NotRenewable => OK, 409, "not-renewable";
    /// The order was paid, closed or refunded.
    OrderNotAwaiting => OK, 409, "order-not-awaiting";
    /// The way of payment is switched off, or not for this amount.
    PaymentMethodUnusable => OK, 409, "payment-method-unusable";
    /// Something else was asked under the same idempotency key.
    KeyReused => OK, 409, "key-reused";
    /// What was asked under the same idempotency key is still being done.
    KeyUnderWay => OK, 409, "key-under-way";
    /// A live account has the name.
    NameTaken(Username) => OK, 409, "name-taken";
    /// No route has this path.
    RouteUnknown => NOT_FOUND, 404, "route-unknown";
    /// The route has no such method.
    MethodNotAllowed => METHOD_NOT_ALLOWED, 405, "method-not-allowed";
    /// The body's framing is broken, or the caller went away.
    BodyBroken => BAD_REQUEST, 400, "body-broken";
    /// The body did not arrive in time.
    BodyLate => REQUEST_TIMEOUT, 408, "body-late";
    /// The body is larger than so many bytes.
    BodyTooLarge(usize) => PAYLOAD_TOO_LARGE, 413, "body-too-large";
    /// The body is of a kind that is not read here.
    MediaUnsupported => UNSUPPORTED_MEDIA_TYPE, 415, "media-unsupported";
    /// Too many tries to log in from one source; so long until the next.
    LoginTooOften(Span) => TOO_MANY_REQUESTS, 429, "login-too-often";
    /// The customer has named too many coupons that do not exist; so long until the next.
    CouponTooOften(Span) => TOO_MANY_REQUESTS, 429, "coupon-too-often";
    /// The customer has extracted too often; so long until the next time.
    ExtractedTooOften(Span) => TOO_MANY_REQUESTS, 429, "extract-too-often";
    /// Enough streams are open.
    TooManyStreams => TOO_MANY_REQUESTS, 429, "streams-too-many";
    /// The request was carried out meanwhile, by another process: whoever asks again is told its answer.
    DoneBefore => SERVICE_UNAVAILABLE, 503, "unavailable";
    /// No gateway listens on the ports of the entry now.
    EntryUnserved => SERVICE_UNAVAILABLE, 503, "entry-unserved";
    /// A fault of ours.
    Internal => INTERNAL_SERVER_ERROR, 500, "internal";
    /// The store or the time is short; trying again helps.
    Unavailable => SERVICE_UNAVAILABLE, 503, "unavailable";
}

impl ApiError {
    /// The HTTP status.
    pub(crate) const fn status(&self) -> StatusCode {
        self.parts().0
    }

    /// The code of the envelope.
    pub(crate) const fn code(&self) -> u16 {
        self.parts().1
    }

    /// Whether asking again later would be answered the same: the answer may be kept.
    pub(crate) fn is_final(&self) -> bool {
        self.status() == StatusCode::OK
    }

    /// In how many seconds it is worth trying again, if that is all it takes.
    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Self::Unavailable | Self::DoneBefore | Self::EntryUnserved => Some(1),
            Self::LoginTooOften(wait) | Self::CouponTooOften(wait) | Self::ExtractedTooOften(wait) => {
                Some(u32::try_from(wait.ms().div_euclid(1000) + 1).unwrap_or(u32::MAX))
            }
            Self::TooManyStreams => Some(STREAM_AGAIN_SECONDS),
            _ => None,
        }
    }

    /// The message, in a language.
    pub(crate) fn text(&self, language: Language) -> String {
        let mut arguments = FluentArgs::new();
        match self {
            Self::NoSuchAccount(name) | Self::NameTaken(name) => arguments.set("name", name.to_string()),
            Self::NoSuchSource(ip) | Self::SourceNotListed(ip) => arguments.set("address", ip.to_string()),
            Self::TooManyAccounts(most) | Self::TooManySources(most) => arguments.set("most", *most),
            Self::NoSuchStaticIp(id) | Self::NoSuchPackage(id) => arguments.set("id", id.to_string()),
            Self::OutOfStockIn(country) => arguments.set("country", country.to_string()),
            Self::BodyTooLarge(bytes) => arguments.set("bytes", *bytes),
            Self::LoginTooOften(_) | Self::CouponTooOften(_) | Self::ExtractedTooOften(_) => {
                arguments.set("seconds", self.retry_after_seconds().unwrap_or(1));
            }
            _ => {}
        }
        messages::text(language, self.parts().2, &arguments)
    }
}

impl From<Malformed> for ApiError {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Json => Self::JsonMalformed,
            Malformed::JsonTooDeep => Self::JsonTooDeep,
            Malformed::JsonNoObject => Self::JsonNoObject,
            Malformed::Multipart => Self::MultipartMalformed,
            Malformed::TooMany => Self::TooManyParameters,
        }
    }
}

impl From<ShopError> for ApiError {
    fn from(error: ShopError) -> Self {
        match error {
            ShopError::NoSuchProduct => Self::NoSuchProduct,
            ShopError::NoSuchOrder => Self::NoSuchOrder,
            ShopError::NoSuchPaymentMethod => Self::NoSuchPaymentMethod,
            ShopError::PaymentMethodUnusable => Self::PaymentMethodUnusable,
            ShopError::Price(error) => Self::Parameters(error.into()),
            ShopError::Coupon(CouponRefusal::Unknown) => Self::NoSuchCoupon,
            ShopError::Coupon(CouponRefusal::Expired) => Self::CouponExpired,
            ShopError::Coupon(CouponRefusal::OtherProduct) => Self::CouponForOthers,
            ShopError::Coupon(CouponRefusal::UsedUp) => Self::CouponUsedUp,
            ShopError::Coupon(CouponRefusal::UsedByCustomer) => Self::CouponUsed,
            ShopError::CouponTooOften { wait } => Self::CouponTooOften(wait),
            ShopError::NoSuchArticle => Self::NoSuchArticle,
            ShopError::NoInvitation => Self::NoInvitation,
            ShopError::OutOfStock => Self::OutOfStock,
            ShopError::BalanceTooLow => Self::BalanceTooLow,
            ShopError::OrderStands(_) | ShopError::OrderOverdue => Self::OrderNotAwaiting,
            ShopError::NothingToTopUp => Self::Parameters(FieldErrors::one("upids", FieldError::NotPaidShort)),
            // What only the operator can bring about.
            error => {
                tracing::error!(%error, "a customer's call was refused as only the operator's can be");
                Self::Internal
            }
        }
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound(name) => Self::NoSuchAccount(name),
            ServiceError::NameTaken(name) => Self::NameTaken(name),
            ServiceError::NoSuchSource(ip) => Self::NoSuchSource(ip),
            ServiceError::TooManyAccounts(most) => Self::TooManyAccounts(most),
            ServiceError::TooManySources(most) => Self::TooManySources(most),
            ServiceError::LoginWrong => Self::LoginWrong,
            ServiceError::LoginTooOften { wait } => Self::LoginTooOften(wait),
            error if error.was_done_before() => Self::DoneBefore,
            ServiceError::Unverified => Self::NotVerified,
            ServiceError::Suspended => Self::Suspended,
            ServiceError::Shop(error) => error.into(),
            ServiceError::OutOfStockIn(country) => Self::OutOfStockIn(country),
            ServiceError::NoSuchHolding(holding) => Self::NoSuchStaticIp(holding.get()),
            ServiceError::HeldElsewhere(country) => {
                Self::Parameters(FieldErrors::one("country_code", FieldError::HeldElsewhere { country }))
            }
            ServiceError::HoldingOfOtherType => Self::Parameters(FieldErrors::one("upids", FieldError::StaticIpType)),
            ServiceError::RenewalTooShort => {
                Self::Parameters(FieldErrors::one("renew_duration", FieldError::RenewalTooShort))
            }
            ServiceError::HoldingChanged => Self::StaticIpRenewed,
            ServiceError::HoldingExpired => Self::StaticIpExpired,
            ServiceError::NoIpChanges => Self::NoIpChanges,
            ServiceError::NotRenewable => Self::NotRenewable,
            ServiceError::ExtractedTooOften { wait } => Self::ExtractedTooOften(wait),
            ServiceError::SourceNotListed(ip) => Self::SourceNotListed(ip),
            ServiceError::NoTraffic => Self::NoTraffic,
            ServiceError::PlaceNotServed => Self::PlaceNotServed,
            ServiceError::NoFreePort => Self::NoFreePort,
            ServiceError::EntryUnserved => Self::EntryUnserved,
            ServiceError::Window(error) => Self::Parameters(FieldErrors::one("end_time", error.into())),
            error => {
                let cause: &(dyn std::error::Error + 'static) = &error;
                tracing::error!(error = cause, "a call failed on our side");
                if error.is_temporary() { Self::Unavailable } else { Self::Internal }
            }
        }
    }
}

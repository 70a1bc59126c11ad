//! `user/*`: logging in, and who one is (contract §6, §9).

use serde::Serialize;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_service::Profile;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::call::{Caller, Visitor, Wish};
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::shapes::Hundredths;

/// Begins a session of seven days. A wrong address and a wrong password get the same answer, code 403. Too many tries
/// from one source are answered 429; they do not keep anybody out who comes from elsewhere. No answer is kept under an
/// `Idempotency-Key`.
#[derive(ToSchema)]
#[schema(title = "Log in")]
pub(crate) struct LogIn {
    /// The customer's e-mail address.
    #[schema(value_type = String, example = "demo@example.com")]
    email: String,
    /// The login password.
    #[schema(value_type = String, example = "correct horse battery")]
    password: Zeroizing<String>,
}

impl Wish for LogIn {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email", |given| fields::text(given).map(str::to_owned));
        let password = fields.required("password", |given| fields::text(given).map(str::to_owned));
        Some(Self { email: email?, password: Zeroizing::new(password?) })
    }
}

/// A session and the customer's key.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    /// A JSON web token, for `Authorization: Bearer`. It ends after seven days, with a new login password, and when the
    /// operator suspends the customer.
    #[schema(example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.3Jt")]
    access_token: String,
    /// The `app_key`.
    #[schema(example = "0123456789abcdef0123456789abcdef")]
    openid: String,
}

pub(crate) async fn login(visitor: Visitor, wish: LogIn) -> Result<Session, ApiError> {
    let session = visitor.desk.service.log_in(visitor.desk.client, &wish.email, &wish.password).await?;
    Ok(Session { access_token: session.token, openid: session.app_key })
}

/// Who the caller is.
#[derive(ToSchema)]
#[schema(title = "Profile")]
pub(crate) struct AskInfo {}

impl Wish for AskInfo {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self {})
    }
}

/// A customer as it sees itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct Info {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "demo@example.com")]
    email: String,
    /// Empty when none is known.
    #[schema(example = "")]
    phone: String,
    /// What is left to spend.
    #[schema(value_type = f64, example = 0)]
    balance: Hundredths,
    /// 1 active, 0 suspended.
    #[schema(example = 1)]
    status: u8,
    /// Whether the operator has verified who the customer is.
    is_real_name: bool,
    /// RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-03-10T12:00:00Z")]
    created_at: String,
}

pub(crate) async fn info(caller: Caller, _: AskInfo) -> Result<Info, ApiError> {
    let Profile { email, phone, verified, suspended, created_at } = caller.service.profile(caller.customer).await?;
    let balance = caller.service.balance(caller.customer).await?;
    Ok(Info {
        id: caller.customer.get(),
        email,
        phone,
        balance: balance.into(),
        status: u8::from(!suspended),
        is_real_name: verified,
        created_at: format_rfc3339(created_at),
    })
}

//! `explain`: what would become of a connection, and why, without making one (ours).

mod verdict;

use std::time::Duration;

use serde::Serialize;
use turnpike_domain::connection::Protocol;
use turnpike_domain::destination::Target;
use turnpike_domain::explain::LONGEST_LOGIN;
use turnpike_domain::login::Login;
use turnpike_domain::product::ProductType;
use turnpike_service::{ExplainWish, Explained};
use utoipa::ToSchema;

use self::verdict::{GatewayVerdict, Verdict};
use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::fields::{self, Fields};
use crate::language::Language;
use crate::shapes::AnyProductType;

/// How long gateways have for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Tells what every gateway would make of a connection: whether it would be let in, what remains, and which exit it would leave by.
/// Nothing is connected or counted. Only for one's own accounts.
#[derive(ToSchema)]
#[schema(title = "Explain")]
pub(crate) struct Explain {
    /// The username with its parameters, as a client writes it; no password.
    #[schema(value_type = String, example = "user01_area-US_session-a1")]
    login: (String, Login),
    /// Where it would go, `host:port`.
    #[schema(value_type = String, example = "example.com:443")]
    target: Target,
    /// What the client would speak: `http`, `connect` or `socks5`. Default: `connect`.
    #[schema(value_type = String, required = false, example = "connect")]
    protocol: Protocol,
}

impl Wish for Explain {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let login = fields.required("login", |given| {
            let text = fields::text(given)?.trim();
            let read = Login::parse(text).map_err(|_| FieldError::LoginForm)?;
            if text.len() <= LONGEST_LOGIN { Ok((text.to_owned(), read)) } else { Err(FieldError::LoginForm) }
        });
        let target = fields.required("target", |given| {
            let text = fields::text(given)?.trim();
            Target::parse_authority(text).map_err(|_| FieldError::TargetForm)
        });
        let protocol = fields.optional("protocol", |given| {
            Protocol::from_word(&fields::text(given)?.trim().to_ascii_lowercase()).ok_or(FieldError::ProtocolUnknown)
        });
        let (login, target) = login.zip(target)?;
        Some(Self { login, target, protocol: protocol.unwrap_or(Protocol::Connect) })
    }
}

pub(crate) async fn explain(caller: Caller, wish: Explain) -> Result<Explanation, ApiError> {
    let Explain { login: (text, login), target, protocol } = wish;
    let asked = Asked { login: login.clone(), target: target.to_string(), protocol };
    let wish = ExplainWish { text, login, target, protocol };
    let explained = caller.service.explain(Some(caller.customer), wish, PATIENCE).await?;
    Ok(Explanation::of(&asked, &explained, caller.desk.language))
}

/// What was asked.
struct Asked {
    login: Login,
    target: String,
    protocol: Protocol,
}

/// What would become of a connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct Explanation {
    #[schema(example = "example.com:443")]
    target: String,
    #[schema(value_type = String, pattern = "^(http|connect|socks5)$")]
    protocol: Protocol,
    account: AccountFacts,
    wishes: Wishes,
    remaining: Remaining,
    /// What all gateways say; `null` when they do not say the same, or none has answered.
    #[schema(required = true)]
    summary: Option<Verdict>,
    /// What each gateway says.
    gateways: Vec<GatewayVerdict>,
}

/// The account and its customer.
#[derive(Serialize, ToSchema)]
struct AccountFacts {
    #[schema(example = "user01")]
    username: String,
    #[schema(value_type = AnyProductType)]
    product_type: ProductType,
    enabled: bool,
    /// Whether its customer is verified.
    verified: bool,
    /// Whether its customer is suspended.
    suspended: bool,
}

/// What the username asks for.
#[derive(Serialize, ToSchema)]
struct Wishes {
    #[schema(required = true, example = "us")]
    country: Option<String>,
    #[schema(required = true)]
    state: Option<String>,
    #[schema(required = true)]
    city: Option<String>,
    #[schema(required = true, example = "a1")]
    session: Option<String>,
    /// How long a session keeps its exit, in minutes.
    #[schema(example = 10)]
    life: u16,
    #[schema(required = true)]
    ip: Option<String>,
}

/// What is left, in KB.
#[derive(Serialize, ToSchema)]
struct Remaining {
    /// Of the account's limit; `null` when it has none.
    #[schema(required = true)]
    limit: Option<u64>,
    /// Of its limit for the day; `null` when it has none.
    #[schema(required = true)]
    daily_limit: Option<u64>,
    /// Of the packages that it can draw on now.
    packages: u64,
}

impl Explanation {
    fn of(asked: &Asked, explained: &Explained, language: Language) -> Self {
        let Explained { account, customer, remaining, gateways } = explained;
        let Login { place, session, life, ip, .. } = &asked.login;
        let name =
            |name: &Option<turnpike_domain::place::PlaceName>| name.as_ref().map(|name| name.as_str().to_owned());
        Self {
            target: asked.target.clone(),
            protocol: asked.protocol,
            account: AccountFacts {
                username: account.username.to_string(),
                product_type: account.product_type,
                enabled: account.enabled,
                verified: customer.verified,
                suspended: customer.suspended,
            },
            wishes: Wishes {
                country: name(&place.country),
                state: name(&place.state),
                city: name(&place.city),
                session: session.as_ref().map(|session| session.as_str().to_owned()),
                life: life.get(),
                ip: ip.map(|ip| ip.to_string()),
            },
            remaining: Remaining {
                limit: remaining.of_limit.map(turnpike_domain::units::Bytes::kilobytes),
                daily_limit: remaining.of_day.map(turnpike_domain::units::Bytes::kilobytes),
                packages: remaining.of_packages.kilobytes(),
            },
            summary: explained.agreed().map(|verdict| Verdict::of(verdict, language)),
            gateways: gateways.iter().map(|one| GatewayVerdict::of(one, language)).collect(),
        }
    }
}

//! Why a login fails, or by which exit it would leave: what every gateway would make of a connection that nobody makes.

use serde::Serialize;
use turnpike_domain::connection::Protocol;
use turnpike_domain::destination::Target;
use turnpike_domain::explain::{Considered, Explanation, LONGEST_LOGIN, Outcome, Step, WayOut};
use turnpike_domain::ids::{ExitId, NodeId};
use turnpike_domain::login::Login;
use turnpike_domain::units::Bytes;
use turnpike_service::{ExplainWish, Explained};
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::members::{Members, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{LineShape, Moment};

/// Nothing is connected or counted. A gateway that does not answer in time is left out.
#[derive(ToSchema)]
pub(crate) struct Question {
    /// The username with its parameters, as a client writes it; no password.
    #[schema(value_type = LineShape, inline, example = "user01_area-US_session-a1")]
    login: (String, Login),
    /// Where it would go, host and port.
    #[schema(value_type = LineShape, inline, example = "example.com:443")]
    target: Target,
    /// What the client would speak; `connect` when not given.
    #[schema(value_type = LineShape, inline, required = false, example = "connect")]
    protocol: Protocol,
}

impl Wish for Question {
    fn read(members: &mut Members) -> Option<Self> {
        let login = members.required("login", |given| {
            let text = read::line(given, 1..=LONGEST_LOGIN)?;
            let login = Login::parse(&text).map_err(|error| format!("the account's name {error}"))?;
            Ok((text, login))
        });
        let target = members
            .required("target", |given| Target::parse_authority(read::text(given)?).map_err(|error| error.to_string()));
        let protocol = members.optional("protocol", |given| {
            Protocol::from_word(read::text(given)?).ok_or_else(|| "must be http, connect or socks5".to_owned())
        });
        let (login, target) = login.zip(target)?;
        Some(Self { login, target, protocol: protocol.unwrap_or(Protocol::Connect) })
    }
}

pub(crate) async fn explain(desk: Desk, question: Question) -> Result<Report, Problem> {
    let Question { login: (text, login), target, protocol } = question;
    let wish = ExplainWish { text, login, target, protocol };
    Ok(Report::of(&desk.service.explain(None, wish, desk.settings.ask_limit()).await?))
}

/// What would become of a connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct Report {
    /// Whose account it is.
    #[schema(minimum = 1)]
    customer: i64,
    /// The account's number.
    #[schema(minimum = 1)]
    account: i64,
    /// The account's name.
    username: String,
    enabled: bool,
    /// Whether its customer is verified.
    verified: bool,
    /// Whether its customer is suspended.
    suspended: bool,
    /// What is left of the account's limit; `null` when it has none.
    #[schema(required = true, minimum = 0)]
    limit_left_bytes: Option<u64>,
    /// What is left of its limit for the day; `null` when it has none.
    #[schema(required = true, minimum = 0)]
    daily_limit_left_bytes: Option<u64>,
    /// What is left of the packages that it can draw on now.
    #[schema(minimum = 0)]
    packages_left_bytes: u64,
    /// Whether all gateways say the same; `null` when none has answered.
    #[schema(required = true)]
    agreed: Option<bool>,
    /// What each gateway says.
    gateways: Vec<Verdict>,
}

/// What one gateway says.
#[derive(Serialize, ToSchema)]
struct Verdict {
    /// Which gateway.
    #[schema(pattern = "^-?[0-9]{1,19}$")]
    gateway: String,
    outcome: Told,
    /// What is looked at, in order; when the connection is refused, the last one decides.
    steps: Vec<Looked>,
    /// Connections of the customer that are open there.
    #[schema(required = true, minimum = 0)]
    open_connections: Option<u32>,
    /// How many may be; `null` is no limit.
    #[schema(required = true, minimum = 0)]
    most_connections: Option<u32>,
    /// What the gateway holds for the account.
    #[schema(required = true, minimum = 0)]
    held_bytes: Option<u64>,
    /// What the target's name comes to, as far as it may be connected to.
    addresses: Vec<String>,
    /// The exit that the session keeps.
    #[schema(required = true, minimum = 1)]
    session_exit: Option<i64>,
    /// Until when.
    #[schema(required = true)]
    session_until: Option<Moment>,
    /// The exits of the place.
    #[schema(required = true)]
    exits: Option<Exits>,
    /// How it would leave.
    #[schema(required = true)]
    exit: Option<Exit>,
}

/// What the client would be told.
#[derive(Serialize, ToSchema)]
struct Told {
    /// Whether it would be connected, if the target answers.
    connected: bool,
    /// Why not, in one stable word.
    #[schema(required = true)]
    reason: Option<String>,
    /// What it would be told.
    text: String,
    /// The status over HTTP.
    #[schema(minimum = 200, maximum = 599)]
    status: u16,
    /// The reply over SOCKS5.
    #[schema(minimum = 0, maximum = 8)]
    socks_reply: u8,
    /// The `error` of `Proxy-Status`; empty when it would be connected.
    error: String,
    /// When to come back.
    #[schema(required = true, minimum = 1)]
    retry_after_s: Option<u32>,
}

/// Something that is looked at.
#[derive(Serialize, ToSchema)]
struct Looked {
    #[schema(pattern = "^(account|standing|login|limits|place|target|traffic|name|exit)$")]
    check: &'static str,
    passed: bool,
}

/// The exits of a place, each counted once.
#[derive(Serialize, ToSchema)]
struct Exits {
    #[schema(minimum = 0)]
    in_place: u32,
    #[schema(minimum = 0)]
    usable: u32,
    /// In maintenance, or down.
    #[schema(minimum = 0)]
    closed: u32,
    #[schema(minimum = 0)]
    draining: u32,
    /// They failed of late.
    #[schema(minimum = 0)]
    out: u32,
    #[schema(minimum = 0)]
    full: u32,
    /// They cannot reach the target's addresses.
    #[schema(minimum = 0)]
    unfit: u32,
}

/// How a connection would leave.
#[derive(Serialize, ToSchema)]
struct Exit {
    #[schema(pattern = "^(host|exit|static_ip)$")]
    kind: &'static str,
    /// The exit's number.
    #[schema(required = true, minimum = 1)]
    id: Option<i64>,
    #[schema(required = true)]
    place: Option<String>,
    #[schema(required = true)]
    ip: Option<String>,
    /// Whether the next connection would leave the same way.
    fixed: bool,
}

impl Report {
    fn of(explained: &Explained) -> Self {
        let Explained { account, customer, remaining, gateways } = explained;
        Self {
            customer: customer.id.get(),
            account: account.id.get(),
            username: account.username.to_string(),
            enabled: account.enabled,
            verified: customer.verified,
            suspended: customer.suspended,
            limit_left_bytes: remaining.of_limit.map(Bytes::get),
            daily_limit_left_bytes: remaining.of_day.map(Bytes::get),
            packages_left_bytes: remaining.of_packages.get(),
            agreed: (!gateways.is_empty()).then(|| explained.agreed().is_some()),
            gateways: gateways.iter().map(Verdict::of).collect(),
        }
    }
}

impl Verdict {
    fn of((node, explanation): &(NodeId, Explanation)) -> Self {
        let Explanation { steps, limits, leased, addresses, session, exits, way, outcome } = explanation;
        Self {
            gateway: node.to_string(),
            outcome: Told::from(outcome),
            steps: steps.iter().map(|Step { check, passed }| Looked { check: check.word(), passed: *passed }).collect(),
            open_connections: limits.map(|limits| limits.open),
            most_connections: limits.and_then(|limits| limits.most),
            held_bytes: leased.map(Bytes::get),
            addresses: addresses.iter().map(ToString::to_string).collect(),
            session_exit: session.map(|session| session.exit.get()),
            session_until: session.map(|session| Moment(session.until)),
            exits: exits.map(Exits::from),
            exit: way.as_ref().map(Exit::from),
        }
    }
}

impl From<&Outcome> for Told {
    fn from(outcome: &Outcome) -> Self {
        let Outcome { reason, status, socks_reply, error, text, retry_after_s } = outcome.clone();
        Self { connected: reason.is_none(), reason, text, status, socks_reply, error, retry_after_s }
    }
}

impl From<Considered> for Exits {
    fn from(counts: Considered) -> Self {
        let Considered { in_place, usable, closed, draining, out, full, unfit } = counts;
        Self { in_place, usable, closed, draining, out, full, unfit }
    }
}

impl From<&WayOut> for Exit {
    fn from(way: &WayOut) -> Self {
        let ip = way.ip.map(|ip| ip.to_string());
        Self { kind: way.kind.word(), id: way.exit.map(ExitId::get), place: way.place.clone(), ip, fixed: way.fixed }
    }
}

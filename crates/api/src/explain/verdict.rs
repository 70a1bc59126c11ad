//! What one gateway would make of a connection, as customers read it: exits by their place and kind, never by their names.

use serde::Serialize;
use turnpike_domain::activity::Reason;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::explain::{Considered, Explanation, Outcome, Step, WayOut};
use turnpike_domain::ids::NodeId;
use turnpike_domain::units::Bytes;
use utoipa::ToSchema;

use crate::language::Language;
use crate::user_activity;

/// What one gateway says.
#[derive(Serialize, ToSchema)]
pub(super) struct GatewayVerdict {
    /// Which gateway.
    gateway: String,
    #[serde(flatten)]
    #[schema(inline)]
    verdict: Verdict,
}

impl GatewayVerdict {
    pub(super) fn of((node, explanation): &(NodeId, Explanation), language: Language) -> Self {
        Self { gateway: node.to_string(), verdict: Verdict::of(explanation, language) }
    }
}

/// What would become of a connection, and how that is decided.
#[derive(Serialize, ToSchema)]
pub(super) struct Verdict {
    outcome: Told,
    /// What is looked at, in order; when the connection is refused, the last one decides.
    steps: Vec<Looked>,
    /// Connections of the customer that are open there.
    #[schema(required = true)]
    open_connections: Option<u32>,
    /// How many may be; `null` is no limit.
    #[schema(required = true)]
    most_connections: Option<u32>,
    /// KB that the gateway holds for the account.
    #[schema(required = true)]
    held: Option<u64>,
    /// What the target's name comes to, as far as it may be connected to.
    addresses: Vec<String>,
    /// Until when the session keeps its exit; `null` when it has none yet.
    #[schema(required = true, format = DateTime)]
    session_until: Option<String>,
    /// The exits of the place; `null` when it does not come to that.
    #[schema(required = true)]
    exits: Option<Exits>,
    /// How it would leave; `null` when it would not.
    #[schema(required = true)]
    exit: Option<Exit>,
}

/// What the client would be told.
#[derive(Serialize, ToSchema)]
struct Told {
    /// Whether it would be connected, if the target answers.
    connected: bool,
    /// Why not, in one stable word.
    #[schema(required = true, example = "place_not_served")]
    reason: Option<String>,
    /// Whose turn it is: `yours`, `target`, `exit` or `ours`.
    #[schema(required = true, example = "yours")]
    fault: Option<&'static str>,
    /// What that means, and what to do, in the answer's language.
    #[schema(required = true)]
    message: Option<String>,
    /// What the client would be told in words, in English.
    text: String,
    /// The status over HTTP.
    #[schema(example = 200)]
    status: u16,
    /// The reply over SOCKS5.
    #[schema(example = 0)]
    socks_reply: u8,
    #[schema(required = true)]
    retry_after: Option<u32>,
}

/// Something that is looked at.
#[derive(Serialize, ToSchema)]
struct Looked {
    /// What: `account`, `standing`, `login`, `limits`, `place`, `target`, `traffic`, `name` or `exit`.
    #[schema(example = "standing")]
    check: &'static str,
    passed: bool,
}

/// The exits of a place, each counted once.
#[derive(Serialize, ToSchema)]
struct Exits {
    in_place: u32,
    usable: u32,
    /// In maintenance, or out of service.
    closed: u32,
    draining: u32,
    /// They failed of late.
    out: u32,
    full: u32,
    /// They cannot reach the target's addresses.
    unfit: u32,
}

/// How a connection would leave.
#[derive(Serialize, ToSchema)]
struct Exit {
    /// `host`, `exit` or `static_ip`.
    #[schema(example = "exit")]
    kind: &'static str,
    #[schema(required = true, example = "US/California/LosAngeles")]
    place: Option<String>,
    #[schema(required = true)]
    ip: Option<String>,
    /// Whether the next connection would leave the same way.
    fixed: bool,
}

impl Verdict {
    pub(super) fn of(explanation: &Explanation, language: Language) -> Self {
        let Explanation { steps, limits, leased, addresses, session, exits, way, outcome } = explanation;
        Self {
            outcome: Told::of(outcome, language),
            steps: steps.iter().map(|Step { check, passed }| Looked { check: check.word(), passed: *passed }).collect(),
            open_connections: limits.map(|limits| limits.open),
            most_connections: limits.and_then(|limits| limits.most),
            held: leased.map(Bytes::kilobytes),
            addresses: addresses.iter().map(ToString::to_string).collect(),
            session_until: session.map(|session| format_rfc3339(session.until)),
            exits: exits.map(Exits::from),
            exit: way.as_ref().map(Exit::from),
        }
    }
}

impl Told {
    fn of(outcome: &Outcome, language: Language) -> Self {
        let known = outcome.reason.as_deref().and_then(Reason::from_word);
        Self {
            connected: outcome.reason.is_none(),
            reason: outcome.reason.clone(),
            fault: known.map(|reason| reason.fault().word()),
            message: known.map(|reason| user_activity::message(reason, language)),
            text: outcome.text.clone(),
            status: outcome.status,
            socks_reply: outcome.socks_reply,
            retry_after: outcome.retry_after_s,
        }
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
        Self { kind: way.kind.word(), place: way.place.clone(), ip, fixed: way.fixed }
    }
}

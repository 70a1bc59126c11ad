//! Every way to say no: one problem document (RFC 9457), and the one table of what is said with which status.

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use turnpike_domain::catalogue::Fault;
use turnpike_domain::exit::ExitFault;
use turnpike_service::{KeptAnswer, LoginPasswordError, ServiceError, ShopError};
use utoipa::ToSchema;

/// The media type of problem documents.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// What every `type` begins with.
const TYPE_PREFIX: &str = "urn:turnpike:problem:";

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Parameter,
    Cursor,
    IdempotencyKey,
    Malformed,
    Unauthenticated,
    Scope,
    NotFound,
    Method,
    NotAcceptable,
    BodySlow,
    Conflict,
    KeyReused,
    KeyUnderWay,
    AnswerLost,
    BodyTooLarge,
    MediaType,
    Body,
    TooMany,
    Internal,
    Unavailable,
    GatewaysSilent,
}

impl Kind {
    /// Status, the end of the `type`, title.
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Parameter => (StatusCode::BAD_REQUEST, "parameter", "A parameter is wrong"),
            Self::Cursor => (StatusCode::BAD_REQUEST, "cursor", "The cursor is none of this list"),
            Self::IdempotencyKey => (StatusCode::BAD_REQUEST, "idempotency-key", "The Idempotency-Key is none"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The body is no JSON object"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "No valid token was shown"),
            Self::Scope => (StatusCode::FORBIDDEN, "scope", "The token may not do this"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method", "This cannot be done here"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not-acceptable", "Answers are JSON"),
            Self::BodySlow => (StatusCode::REQUEST_TIMEOUT, "body-slow", "The body did not arrive in time"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "Something else stands in the way"),
            Self::KeyReused => (StatusCode::CONFLICT, "key-reused", "The Idempotency-Key was used for another request"),
            Self::KeyUnderWay => {
                (StatusCode::CONFLICT, "key-under-way", "A request under this key is being carried out")
            }
            Self::AnswerLost => (StatusCode::CONFLICT, "answer-lost", "This was carried out, and its answer is lost"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Bodies are application/json"),
            Self::Body => (StatusCode::UNPROCESSABLE_ENTITY, "body", "A member of the body is wrong"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too-many", "The token makes too many requests"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The store is away or busy"),
            Self::GatewaysSilent => {
                (StatusCode::GATEWAY_TIMEOUT, "gateways-silent", "A gateway did not answer in time")
            }
        }
    }
}

/// What is wrong with one parameter or member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// What is wrong.
    pub(crate) detail: String,
    /// The member of the body, as a JSON pointer in a fragment (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "#/email")]
    pub(crate) pointer: Option<String>,
    /// The parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub(crate) parameter: Option<String>,
}

impl FieldProblem {
    /// The same, of a member of what stands at `place`.
    pub(crate) fn within(self, place: &str) -> Self {
        let pointer = self.pointer.map(|pointer| format!("#/{place}{}", pointer.trim_start_matches('#')));
        Self { detail: format!("{place}/{}", self.detail), pointer, parameter: self.parameter }
    }

    /// What cannot be said of an exit: it begins with what it is about.
    fn of_exit(fault: &ExitFault) -> Self {
        let detail = fault.to_string();
        let member = detail.split(':').next().unwrap_or_default();
        Self { pointer: Some(format!("#/{member}")), parameter: None, detail }
    }

    /// What is wrong with a catalogue. It is right member by member, and contradicts itself or the one in force.
    fn of_fault(fault: &Fault) -> Self {
        let path = fault.key.replace(['.', '['], "/").replace(']', "");
        let path = path.replace("/size", "/size_kb").replace("/validity", "/validity_s");
        let path = match path.split_once('/') {
            Some(("product", rest)) => format!("products/{rest}"),
            Some(("tier", rest)) => format!("tiers/{rest}"),
            _ => format!("{path}s"),
        };
        Self { detail: format!("{path}: {}", fault.why), pointer: Some(format!("#/{path}")), parameter: None }
    }
}

/// Why there is no ordinary answer.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<FieldProblem>,
    header: Option<(HeaderName, String)>,
    /// Whether another request under the same key was first.
    done_before: bool,
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document<'a> {
    /// What kind of problem it is; stable.
    #[schema(example = "urn:turnpike:problem:not-found")]
    r#type: String,
    /// The kind in words.
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened this time.
    detail: &'a str,
    /// The path that was asked for.
    instance: &'a str,
    /// What is wrong with single parameters or members.
    #[serde(skip_serializing_if = "<[FieldProblem]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldProblem],
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), header: None, done_before: false }
    }

    /// Parameters or members that are wrong.
    pub(crate) fn of_fields(kind: Kind, errors: Vec<FieldProblem>) -> Self {
        let detail = errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("; ");
        Self { errors, ..Self::new(kind, detail) }
    }

    /// Nobody is known by what was shown, if anything. `error` is the one of RFC 6750, when something was.
    pub(crate) fn unauthenticated(detail: &str, error: Option<&str>) -> Self {
        let error = error.map(|error| format!(", error=\"{error}\"")).unwrap_or_default();
        let challenge = format!("Bearer realm=\"turnpike operator\"{error}");
        Self { header: Some((WWW_AUTHENTICATE, challenge)), ..Self::new(Kind::Unauthenticated, detail) }
    }

    /// The token lacks a scope.
    pub(crate) fn lacks_scope(scope: &str) -> Self {
        let challenge = format!("Bearer realm=\"turnpike operator\", error=\"insufficient_scope\", scope=\"{scope}\"");
        let detail = format!("the token has no scope `{scope}`");
        Self { header: Some((WWW_AUTHENTICATE, challenge)), ..Self::new(Kind::Scope, detail) }
    }

    /// One request too many; after so many seconds one is let pass.
    pub(crate) fn too_many(wait_s: u32) -> Self {
        let detail = format!("try again in {wait_s} s");
        Self { header: Some((RETRY_AFTER, wait_s.to_string())), ..Self::new(Kind::TooMany, detail) }
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "try again; under an Idempotency-Key nothing is done twice";
        Self { header: Some((RETRY_AFTER, "1".to_owned())), ..Self::new(Kind::Unavailable, detail) }
    }

    pub(crate) fn internal() -> Self {
        Self::new(Kind::Internal, "the cause is in the log, under the number of this request")
    }

    pub(crate) fn method(allow: Option<HeaderValue>) -> Self {
        let allow = allow.and_then(|allow| allow.to_str().ok().map(str::to_owned));
        Self { header: allow.map(|allow| (ALLOW, allow)), ..Self::new(Kind::Method, "see the header Allow") }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind.parts().0
    }

    /// Whether the same request would be answered so again. Everything else is not kept under an idempotency key.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.kind, Kind::NotFound | Kind::Conflict | Kind::Body | Kind::Scope)
    }

    pub(crate) const fn was_done_before(&self) -> bool {
        self.done_before
    }

    /// The document, and the status it goes out with.
    pub(crate) fn to_kept(&self, instance: &str) -> KeptAnswer {
        let (status, slug, title) = self.kind.parts();
        let r#type = format!("{TYPE_PREFIX}{slug}");
        let (detail, errors) = (self.detail.as_str(), self.errors.as_slice());
        let document = Document { r#type, title, status: status.as_u16(), detail, instance, errors };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        KeptAnswer { status: status.as_u16(), content_type: PROBLEM_JSON.to_owned(), body }
    }

    pub(crate) fn into_response(self, instance: &str) -> Response {
        let mut response = Response::new(Body::from(self.to_kept(instance).body));
        *response.status_mut() = self.status();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// What the shop's refusals are.
const fn shop(error: &ShopError) -> Kind {
    match error {
        ShopError::NoSuchOrder
        | ShopError::NoSuchEvent
        | ShopError::NoSuchProduct
        | ShopError::NoSuchCoupon
        | ShopError::NoSuchArticle => Kind::NotFound,
        ShopError::Text { .. } | ShopError::NoAmount | ShopError::RefundTooHigh { .. } | ShopError::Price(_) => {
            Kind::Body
        }
        _ => Kind::Conflict,
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        use ServiceError as E;
        if let E::Shop(ShopError::Catalogue(faults)) = &error {
            return Self::of_fields(Kind::Conflict, faults.iter().map(FieldProblem::of_fault).collect());
        }
        if let E::Exit(fault) = &error {
            return Self::of_fields(Kind::Body, vec![FieldProblem::of_exit(fault)]);
        }
        let kind = match &error {
            E::NoSuchCustomer
            | E::NotFound(_)
            | E::NoSuchPackage
            | E::NoSuchSource(_)
            | E::NoSuchMachine
            | E::NoSuchGateway
            | E::NoSuchToken
            | E::NoSuchHolding(_)
            | E::NoSuchStaticIp
            | E::NoSuchEndpoint(_)
            | E::NoSuchExit => Kind::NotFound,
            E::NameTaken(_)
            | E::EmailTaken
            | E::TooManyAccounts(_)
            | E::TooManySources(_)
            | E::TokenNameTaken
            | E::MachineNameTaken
            | E::OutOfStockIn(_)
            | E::StaticIpHeld
            | E::ExitNameTaken(_)
            | E::ExitHasStaticIps(_)
            | E::NotHeld
            | E::NoIpChanges
            | E::HoldingExpired
            | E::HoldingChanged
            | E::HoldingOfOtherType
            | E::HeldElsewhere(_)
            | E::RenewalTooShort
            | E::NotRenewable => Kind::Conflict,
            E::Email(_)
            | E::EmptyPackage
            | E::BackwardsPackage
            | E::Title
            | E::TypeTakesNoAccounts
            | E::Window(_)
            | E::TokenName
            | E::TokenDays
            | E::MachineName
            | E::Sheet(_)
            | E::LoginPassword(LoginPasswordError::Length) => Kind::Body,
            E::Shop(error) => shop(error),
            _ if error.was_done_before() => return Self { done_before: true, ..Self::unavailable() },
            _ if error.is_temporary() => {
                tracing::warn!(%error, "a request was turned away");
                return Self::unavailable();
            }
            _ => {
                let cause: &(dyn std::error::Error + 'static) = &error;
                tracing::error!(error = cause, "a request failed");
                return Self::internal();
            }
        };
        Self::new(kind, error.to_string())
    }
}

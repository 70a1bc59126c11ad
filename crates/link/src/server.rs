//! The API process's end: every call is authenticated, read with a limit, and answered by one service act.

mod access;
mod snapshot;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router, middleware};
use http::StatusCode;
use parking_lot::Mutex;
use turnpike_domain::ids::{CredentialId, Incarnation, NodeId};
use turnpike_domain::lease::LeaseGrant;
use turnpike_domain::seats::SeatGrant;
use turnpike_service::{Keys, Service, ServiceError};

use crate::wire::{
    Activity, Bound, ChangesAnswer, Hello, News, NewsWish, Pins, Place, Refusal, Reply, Round, Seating, Settlement,
    Why, path,
};

/// The largest body: a settlement of a full spool of 65 536 leases.
const BODY_LIMIT_BYTES: usize = 16 * 1024 * 1024;
/// How long a gateway waits for news before it is told that there is none.
const NEWS_PATIENCE: Duration = Duration::from_secs(4);

/// What every call can reach.
#[derive(Clone)]
struct Api {
    service: Service,
    keys: Keys,
    /// Gateways whose credential was looked up. That never changes, so the store is asked once only.
    owned: Arc<Mutex<HashSet<(CredentialId, NodeId)>>>,
}

/// All calls of gateways on other machines.
pub fn router(service: Service, keys: Keys) -> Router {
    let api = Api { service: service.clone(), keys, owned: Arc::default() };
    Router::new()
        .route(path::HELLO, get(hello))
        .route(path::SNAPSHOT, get(snapshot::send))
        .route(path::CHANGES, post(changes))
        .route(path::NEWS, post(news))
        .route(path::SETTLE, post(settle))
        .route(path::EXCHANGE, post(exchange))
        .route(path::SEATS, post(seats))
        .route(path::ANSWER, post(answer))
        .route(path::PINS, post(pins))
        .route(path::BOUND, post(bound))
        .route(path::ACTIVITY, post(activity))
        .route(path::LEAVE, post(leave))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .with_state(api)
        .layer(middleware::from_fn_with_state(service, access::require))
}

async fn hello(State(api): State<Api>) -> Json<Hello> {
    Json(Hello { password_key: hex::encode(api.keys.reveal_passwords()) })
}

async fn changes(
    State(api): State<Api>,
    Extension(credential): Extension<CredentialId>,
    place: Result<Json<Place>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<ChangesAnswer>, Refused> {
    let Json(Place { node, after }) = place?;
    api.require_own(credential, node.node).await?;
    api.service.note_applied(node, after);
    Ok(Json(api.service.directory_changes(after).await?.into()))
}

async fn news(
    State(api): State<Api>,
    wish: Result<Json<NewsWish>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<News>, Refused> {
    let Json(NewsWish { after }) = wish?;
    // Without news within the time the answer says so by its place.
    tokio::time::timeout(NEWS_PATIENCE, api.service.wait_for_news(after)).await.ok();
    Ok(Json(News { newest: api.service.newest_news() }))
}

async fn settle(
    State(api): State<Api>,
    Extension(credential): Extension<CredentialId>,
    settlement: Result<Json<Settlement>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<()>, Refused> {
    let Json(Settlement { node, found }) = settlement?;
    api.require_own(credential, node.node).await?;
    Ok(Json(api.service.settle_node(node, found).await?))
}

async fn exchange(
    State(api): State<Api>,
    Extension(credential): Extension<CredentialId>,
    round: Result<Json<Round>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<Vec<LeaseGrant>>, Refused> {
    let Json(Round { node, exchange }) = round?;
    api.require_own(credential, node.node).await?;
    Ok(Json(api.service.exchange_leases(node, exchange).await?))
}

async fn seats(
    State(api): State<Api>,
    Extension(credential): Extension<CredentialId>,
    seating: Result<Json<Seating>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<Vec<SeatGrant>>, Refused> {
    let Json(Seating { node, round }) = seating?;
    api.require_own(credential, node.node).await?;
    Ok(Json(api.service.seat_accounts(node, round).await?))
}

async fn answer(
    State(api): State<Api>,
    Extension(credential): Extension<CredentialId>,
    reply: Result<Json<Reply>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<()>, Refused> {
    let Json(Reply { node, question, answer }) = reply?;
    api.require_own(credential, node.node).await?;
    Ok(Json(api.service.answer_question(node, question, answer).await?))
}

async fn pins(
    State(api): State<Api>,
    Extension(credential): Extension<CredentialId>,
    pins: Result<Json<Pins>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<()>, Refused> {
    let Json(Pins { node, pins }) = pins?;
    api.require_own(credential, node.node).await?;
    Ok(Json(api.service.keep_pins(pins).await.map(drop)?))
}

async fn bound(
    State(api): State<Api>,
    Extension(credential): Extension<CredentialId>,
    bound: Result<Json<Bound>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<()>, Refused> {
    let Json(Bound { node, batch, failed }) = bound?;
    api.require_own(credential, node.node).await?;
    Ok(Json(api.service.note_bound(node, batch, failed).await?))
}

async fn activity(
    State(api): State<Api>,
    Extension(credential): Extension<CredentialId>,
    activity: Result<Json<Activity>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<()>, Refused> {
    let Json(Activity { node, entries }) = activity?;
    api.require_own(credential, node.node).await?;
    Ok(Json(api.service.note_activity(entries).await.map(drop)?))
}

async fn leave(
    State(api): State<Api>,
    Extension(credential): Extension<CredentialId>,
    node: Result<Json<Incarnation>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<()>, Refused> {
    let Json(node) = node?;
    api.require_own(credential, node.node).await?;
    Ok(Json(api.service.leave_node(node).await?))
}

impl Api {
    /// Refuses a gateway that another credential has settled first.
    async fn require_own(&self, credential: CredentialId, node: NodeId) -> Result<(), Refused> {
        if self.owned.lock().contains(&(credential, node)) {
            return Ok(());
        }
        if !self.service.claim_node(credential, node).await? {
            return Err(Refused::new(Why::NotYours, "this gateway's spool file was used with another credential"));
        }
        self.owned.lock().insert((credential, node));
        Ok(())
    }
}

/// A call that is refused.
pub(crate) struct Refused(Refusal);

impl Refused {
    pub(crate) fn new(why: Why, told: impl Into<String>) -> Self {
        Self(Refusal { why, told: told.into() })
    }
}

impl From<ServiceError> for Refused {
    fn from(error: ServiceError) -> Self {
        let why = if matches!(error, ServiceError::Fenced) { Why::Fenced } else { Why::Busy };
        Self::new(why, error.to_string())
    }
}

impl From<axum::extract::rejection::JsonRejection> for Refused {
    fn from(error: axum::extract::rejection::JsonRejection) -> Self {
        Self::new(Why::Unreadable, error.body_text())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        let status = match self.0.why {
            Why::Unknown => StatusCode::UNAUTHORIZED,
            Why::Revoked | Why::NotYours => StatusCode::FORBIDDEN,
            Why::Fenced => StatusCode::CONFLICT,
            Why::Unreadable => StatusCode::BAD_REQUEST,
            Why::Busy => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, Json(self.0)).into_response()
    }
}

/// Only so that the middleware can name the request's type.
pub(crate) type Call = Request<Body>;

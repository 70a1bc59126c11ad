//! What holds for every request, whatever its route: a number, a deadline, safe headers, one line in the log.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CACHE_CONTROL, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;
use tower_http::catch_panic::ResponseForPanic;
use tracing::Instrument;
use tracing::field::Empty;
use turnpike_domain::time::Timestamp;

use crate::call::{Outcome, failed};
use crate::error::ApiError;
use crate::language::Language;
use crate::server::Peer;
use crate::settings::ApiSettings;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Numbers requests: when the router was made, and how many came since.
#[derive(Clone)]
pub(crate) struct RequestIds {
    began_ms: i64,
    count: Arc<AtomicU64>,
}

impl RequestIds {
    pub(crate) fn beginning(at: Timestamp) -> Self {
        Self { began_ms: at.ms(), count: Arc::default() }
    }

    fn next(&self) -> String {
        format!("{:x}-{}", self.began_ms, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

/// Numbers the request, logs how it ended, and sets the headers every answer has.
///
/// The log gets the route's pattern and never the path or the query: callers put their `app_key` there.
pub(crate) async fn record(State(ids): State<RequestIds>, request: Request, next: Next) -> Response {
    let id = ids.next();
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    // Every line about the request has its number, also in a log of errors alone.
    let span = tracing::error_span!(
        "request", request_id = %id, %method, route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = Empty, code = Empty, customer = Empty
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    let outcome = response.extensions().get::<Outcome>();
    let (status, code) = (response.status().as_u16(), outcome.map(|outcome| outcome.code));
    let customer = outcome.and_then(|outcome| outcome.customer).map(tracing::field::display);
    let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let peer = peer.map(tracing::field::display);
    span.in_scope(|| tracing::info!(peer, status, code, customer, took_us, "answered"));
    span.record("status", status).record("code", code).record("customer", customer);
    set_headers(response.headers_mut(), &id);
    response
}

fn set_headers(headers: &mut HeaderMap, id: &str) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// The code in the envelope of an answer of the customer API; `None` for answers without one.
pub fn envelope_code<B>(response: &http::Response<B>) -> Option<u32> {
    response.extensions().get::<Outcome>().map(|outcome| u32::from(outcome.code))
}

/// Ends a call that takes too long.
pub(crate) async fn hurry(State(settings): State<Arc<ApiSettings>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let language = Language::of_request(&parts, settings.language);
    let answer = next.run(Request::from_parts(parts, body));
    match tokio::time::timeout(settings.request_deadline(), answer).await {
        Ok(response) => response,
        Err(_) => failed(&ApiError::Unavailable, language, None),
    }
}

/// Answers a call that panicked. What it says is not for clients, and the panic hook has logged it.
#[derive(Clone, Copy)]
pub(crate) struct AfterPanic(pub(crate) Language);

impl ResponseForPanic for AfterPanic {
    type ResponseBody = axum::body::Body;

    fn response_for_panic(&mut self, _: Box<dyn Any + Send>) -> Response {
        tracing::error!("a call panicked");
        failed(&ApiError::Internal, self.0, None)
    }
}

/// Answers a path that no route has.
pub(crate) async fn route_unknown(State(settings): State<Arc<ApiSettings>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    failed(&ApiError::RouteUnknown, Language::of_request(&parts, settings.language), None)
}

/// Answers a method that the route does not have.
pub(crate) async fn method_not_allowed(State(settings): State<Arc<ApiSettings>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    failed(&ApiError::MethodNotAllowed, Language::of_request(&parts, settings.language), None)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_500_in_the_envelope_and_tells_nothing() {
        let english = Language::of_tag("en").unwrap();
        let panicking = get(async || -> &'static str { panic!("secret") });
        let router = Router::new().route("/", panicking).layer(CatchPanicLayer::custom(AfterPanic(english)));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        let text = "Something went wrong on our side";
        let expected = format!(r#"{{"code":500,"msg":"{text}","message":"{text}","data":null,"errors":{{}}}}"#);
        assert_eq!(body, expected);
    }
}

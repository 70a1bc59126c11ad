//! What holds for every request, whatever its route: a number, a deadline, safe headers, one line in the log.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use http::header::{ALLOW, CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;
use turnpike_domain::time::Timestamp;

use crate::call::ActedAs;
use crate::problem::{Kind, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Numbers requests: when the router was made, and how many came since.
#[derive(Clone)]
pub(crate) struct Guard {
    began_ms: i64,
    count: Arc<AtomicU64>,
    deadline: Duration,
}

impl Guard {
    pub(crate) fn new(began: Timestamp, deadline: Duration) -> Self {
        Self { began_ms: began.ms(), count: Arc::default(), deadline }
    }

    fn next_id(&self) -> String {
        format!("{:x}-o{}", self.began_ms, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

/// Numbers the request, ends it when it takes too long, and logs how it ended. The log gets the route's pattern, and
/// never the query.
pub(crate) async fn record(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (id, began) = (guard.next_id(), Instant::now());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().cloned();
    // Every line about the request has its number, also in a log of errors alone.
    let span = tracing::error_span!(
        "operator_request", request_id = %id, %method, route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = Empty, token = Empty
    );
    let answered = AssertUnwindSafe(tokio::time::timeout(guard.deadline, next.run(request))).catch_unwind();
    let mut response = match answered.instrument(span.clone()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::unavailable().into_response(&path),
        Err(_) => {
            // What it says is not for clients, and the panic hook has logged it.
            span.in_scope(|| tracing::error!("a request panicked"));
            Problem::internal().into_response(&path)
        }
    };
    let status = response.status().as_u16();
    let token = response.extensions().get::<ActedAs>().map(|acted| acted.0.as_str());
    let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::info!(status, token, took_us, "answered"));
    span.record("status", status).record("token", token);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// Answers a path that no route has.
pub(crate) async fn route_unknown(request: Request) -> Response {
    Problem::new(Kind::NotFound, "no such route").into_response(request.uri().path())
}

/// Makes the answer to a method that a route does not have a problem document. The router says which it has.
pub(crate) async fn explain_method(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    if response.status() != http::StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allow = response.headers_mut().remove(ALLOW);
    Problem::method(allow).into_response(&path)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use axum::{Router, middleware};
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    async fn ask(handler: axum::routing::MethodRouter, method: &str) -> (StatusCode, http::HeaderMap, String) {
        let guard = Guard::new(Timestamp::from_ms(0), Duration::from_secs(5));
        let router = Router::new()
            .route("/x", handler)
            .layer(middleware::from_fn(explain_method))
            .layer(middleware::from_fn_with_state(guard, record));
        let request = Request::builder().uri("/x?secret=1").method(method).body(Body::empty()).unwrap();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 10_000).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_and_tells_nothing() {
        let (status, headers, body) = ask(get(async || -> &'static str { panic!("secret") }), "GET").await;
        assert_eq!(
            (status.as_u16(), &headers["content-type"]),
            (500, &HeaderValue::from_static("application/problem+json"))
        );
        assert!(!body.contains("secret") && body.contains("\"instance\":\"/x\""), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_ended() {
        let (status, headers, _) = ask(get(std::future::pending::<&'static str>), "GET").await;
        assert_eq!((status.as_u16(), &headers["retry-after"]), (503, &HeaderValue::from_static("1")));
    }

    #[tokio::test]
    async fn a_method_that_is_not_there_is_a_problem_that_names_those_that_are() {
        let (status, headers, body) = ask(get(async || "fine"), "DELETE").await;
        assert_eq!((status.as_u16(), &headers["allow"]), (405, &HeaderValue::from_static("GET,HEAD")));
        assert!(body.starts_with("{\"type\":\"urn:turnpike:problem:method\""), "{body}");
    }
}

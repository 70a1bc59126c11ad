//! What tests begin with: the router over a fresh store, with a clock that the test moves and randomness that repeats.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use turnpike_domain::calendar::Zone;
use turnpike_domain::ids::TokenId;
use turnpike_domain::quota::LeasePolicy;
use turnpike_domain::scope::Scopes;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_operator::{OperatorSettings, PREFIX, router};
use turnpike_service::{Actor, Keys, Service, Source, TokenWish};
use turnpike_testkit::stores::TestStore;

const LONGEST_ANSWER: usize = 16 << 20;

/// The API with a token that may do everything.
pub(crate) struct Given {
    pub(crate) service: Service,
    pub(crate) router: Router,
    pub(crate) all: String,
    clock: Arc<AtomicI64>,
}

impl Given {
    pub(crate) async fn over(store: &TestStore) -> Self {
        Self::with(store, OperatorSettings::default()).await
    }

    pub(crate) async fn with(store: &TestStore, settings: OperatorSettings) -> Self {
        let start = Zone::utc().parse("2026-03-10 12:00:00").unwrap();
        let clock = Arc::new(AtomicI64::new(start.ms()));
        let hand = Arc::clone(&clock);
        let drawn = AtomicU64::new(1);
        let fill = move |bytes: &mut [u8]| {
            for byte in bytes {
                let stirred = drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                *byte = stirred.to_be_bytes()[1];
            }
        };
        let source = Source::new(move || Timestamp::from_ms(hand.load(Ordering::Relaxed)), fill);
        let service = Service::new(store.store(), Keys::derive(&[5; 32]), Zone::utc(), LeasePolicy::default(), source);
        let router = router(service.clone(), settings, json!({"zone": "UTC", "store": {"uri": "postgres://***@db/t"}}));
        let all = made(&service, "all", "read write secrets", 30).await.0;
        Self { service, router, all, clock }
    }

    pub(crate) fn pass(&self, span: Span) {
        self.clock.fetch_add(span.ms(), Ordering::Relaxed);
    }

    /// A token of that name, its secret first.
    pub(crate) async fn token(&self, name: &str, scopes: &str, days: u16) -> (String, TokenId) {
        made(&self.service, name, scopes, days).await
    }

    /// With the token that may do everything.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &self.all, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &self.all, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, &self.all, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, &self.all, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &self.all, None).await
    }

    /// `path` is below the prefix.
    pub(crate) async fn ask(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{PREFIX}{path}"));
        request = request.header("authorization", format!("Bearer {token}"));
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// POST under an idempotency key.
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = Request::post(format!("{PREFIX}{path}"))
            .header("authorization", format!("Bearer {}", self.all))
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = String::from_utf8(to_bytes(body, LONGEST_ANSWER).await.unwrap().into()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A customer of that name; its number.
    pub(crate) async fn customer(&self, name: &str) -> i64 {
        let wish = json!({"email": format!("{name}@example.com"), "password": "a long password", "verified": true});
        self.post("/customers", wish).await.is(201)["id"].as_i64().unwrap()
    }

    /// An account of a customer.
    pub(crate) async fn account(&self, customer: i64, username: &str) {
        let wish = json!({"username": username, "password": "secret"});
        self.post(&format!("/customers/{customer}/accounts"), wish).await.is(201);
    }

    /// Every item of a list, read in pages of that size.
    pub(crate) async fn pages(&self, path: &str, limit: u32) -> Vec<Vec<Value>> {
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{joint}limit={limit}{cursor}")).await.is(200);
            pages.push(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return pages,
            }
        }
    }
}

async fn made(service: &Service, name: &str, scopes: &str, days: u16) -> (String, TokenId) {
    let wish = TokenWish { name: name.to_owned(), scopes: Scopes::parse(scopes).unwrap(), days };
    let added = service.add_token(&operator(), wish).await.unwrap();
    (added.secret, added.token.id)
}

pub(crate) fn operator() -> Actor {
    Actor::Operator("test".to_owned())
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The body of an answer that must have that status.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        if status >= 400 {
            return self.problem(status);
        }
        assert_eq!(self.headers["content-type"], "application/json");
        self.json()
    }

    /// A problem document that is as it must be.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.headers["cache-control"], "no-store");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["type"].as_str().unwrap().starts_with("urn:turnpike:problem:"), "{problem}");
        assert!(problem["instance"].as_str().unwrap().starts_with('/'), "{problem}");
        assert!(!problem["title"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty());
        problem
    }
}

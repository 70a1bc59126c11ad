//! What tests begin with: the API over a fresh store, with a clock that stands still and randomness that repeats.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;
use turnpike_api::{ApiSettings, router};
use turnpike_domain::calendar::Zone;
use turnpike_domain::directory::Changes;
use turnpike_domain::ids::{CustomerId, Incarnation, NodeId};
use turnpike_domain::lease::{Exchange, LeaseReport, LeaseRequest};
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::LeasePolicy;
use turnpike_domain::units::Bytes;
use turnpike_service::{Actor, Grant, Keys, Service, Source};
use turnpike_testkit::stores::TestStore;

/// What every path in the tests begins with.
pub(crate) const PREFIX: &str = "/api-gate-way";
/// Every customer's login password.
pub(crate) const PASSWORD: &str = "a long password";
/// When it is.
pub(crate) const NOW: &str = "2026-03-10 12:00:00";
/// The largest answer a test reads, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// The API and who stands behind it.
pub(crate) struct Given {
    pub(crate) service: Service,
    pub(crate) router: Router,
    gateways: AtomicI64,
}

/// A customer with a key.
pub(crate) struct Customer {
    pub(crate) id: CustomerId,
    pub(crate) key: String,
}

impl Given {
    pub(crate) fn over(store: &TestStore) -> Self {
        Self::with(store, ApiSettings::default())
    }

    pub(crate) fn with(store: &TestStore, settings: ApiSettings) -> Self {
        let now = Zone::utc().parse(NOW).unwrap();
        let drawn = AtomicU64::new(1);
        let fill = move |bytes: &mut [u8]| {
            for byte in bytes {
                let stirred = drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                *byte = stirred.to_be_bytes()[1];
            }
        };
        let source = Source::new(move || now, fill);
        let service = Service::new(store.store(), Keys::derive(&[5; 32]), Zone::utc(), LeasePolicy::default(), source);
        Self { router: router(service.clone(), settings), service, gateways: AtomicI64::new(1) }
    }

    /// A verified customer.
    pub(crate) async fn customer(&self, email: &str) -> Customer {
        let customer = self.unverified_customer(email).await;
        self.service.verify_customer(&operator(), customer.id).await.unwrap();
        customer
    }

    pub(crate) async fn unverified_customer(&self, email: &str) -> Customer {
        let added = self.service.add_customer(&operator(), email, PASSWORD).await.unwrap();
        Customer { id: added.id, key: added.app_key }
    }

    pub(crate) async fn package(&self, customer: &Customer, product_type: ProductType, [from, to]: [&str; 2]) {
        let grant = Grant {
            customer: customer.id,
            product_type,
            size: Bytes::from_kilobytes(1 << 20).unwrap(),
            starts_at: Zone::utc().parse(from).unwrap(),
            expires_at: Zone::utc().parse(to).unwrap(),
            title: "Starter".to_owned(),
        };
        self.service.grant_package(&operator(), grant).await.unwrap();
    }

    /// Bills so many bytes to an account, now.
    pub(crate) async fn bill(&self, customer: &Customer, username: &str, bytes: u64) {
        // Through a gateway of its own, so that many can bill at once.
        let number = self.gateways.fetch_add(1, Ordering::Relaxed);
        let node = Incarnation { node: NodeId::new(number), boot: 1 };
        self.service.settle_node(node, Vec::new()).await.unwrap();
        let accounts = self.service.list_accounts(customer.id, None).await.unwrap();
        let account = accounts.into_iter().find(|account| account.username.as_str() == username).unwrap().id;
        let (mut left, mut number) = (bytes, 0);
        while left > 0 {
            number += 2;
            let requests = vec![LeaseRequest { account, want: Bytes::MAX }];
            let asks = Exchange { number: number - 1, requests, ..Exchange::default() };
            let lease = self.service.exchange_leases(node, asks).await.unwrap()[0].outcome.clone().unwrap();
            let part = left.min(lease.bytes.get());
            let reports = vec![LeaseReport::last(lease.id, Bytes::new(part))];
            self.service.exchange_leases(node, Exchange { number, reports, ..Exchange::default() }).await.unwrap();
            left -= part;
        }
    }

    /// GET, with the key in the query and the message in English.
    pub(crate) async fn get(&self, customer: &Customer, path_and_query: &str) -> Answer {
        let joint = if path_and_query.contains('?') { '&' } else { '?' };
        let uri = format!("{PREFIX}{path_and_query}{joint}language=en&app_key={}", customer.key);
        self.send(Request::get(uri).body(Body::empty()).unwrap()).await
    }

    /// POST as most clients do: the key in the query, the rest as JSON.
    pub(crate) async fn post(&self, customer: &Customer, path: &str, json: impl Into<Body>) -> Answer {
        let uri = format!("{PREFIX}{path}?language=en&app_key={}", customer.key);
        self.send(Request::post(uri).header("content-type", "application/json").body(json.into()).unwrap()).await
    }

    /// A body of any kind, everything in it.
    pub(crate) async fn post_body(&self, path: &str, content_type: Option<&str>, body: impl Into<Body>) -> Answer {
        let mut request = Request::post(format!("{PREFIX}{path}"));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// POST as [`Given::post`], under an idempotency key.
    pub(crate) async fn post_once(&self, customer: &Customer, path: &str, key: &str, json: &str) -> Answer {
        let uri = format!("{PREFIX}{path}?language=en&app_key={}", customer.key);
        let request = Request::post(uri).header("content-type", "application/json").header("idempotency-key", key);
        self.send(request.body(json.to_owned().into()).unwrap()).await
    }

    /// The answer to a login.
    pub(crate) async fn log_in(&self, email: &str, password: &str) -> Answer {
        let json = format!(r#"{{"email":"{email}","password":"{password}"}}"#);
        let request = Request::post("/web_v1/user/login?language=en").header("content-type", "application/json");
        self.send(request.body(json.into()).unwrap()).await
    }

    /// The token of a login with the password that all customers have.
    pub(crate) async fn token(&self, email: &str) -> String {
        self.log_in(email, PASSWORD).await.data()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn request(&self, method: &str, uri: &str) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.send(Request::builder().method(method).uri(uri).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = String::from_utf8(to_bytes(body, LONGEST_ANSWER).await.unwrap().into()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The accounts' names, as `whitelist-account/list` tells them.
    pub(crate) async fn usernames(&self, customer: &Customer) -> Vec<String> {
        let list = self.get(customer, "/whitelist-account/list").await.data()["list"].take();
        list.as_array().unwrap().iter().map(|account| account["username"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn operator() -> Actor {
    Actor::Operator("test".to_owned())
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of an envelope that is as it must be.
    pub(crate) fn code(&self) -> i64 {
        let json = self.json();
        assert_eq!(json["msg"], json["message"]);
        assert!(!json["msg"].as_str().unwrap().is_empty(), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/json");
        let code = json["code"].as_i64().unwrap();
        assert_eq!(json.get("errors").is_some(), code != 200 && code != 0, "{}", self.body);
        assert!(json.get("data").is_some());
        code
    }

    pub(crate) fn data(&self) -> Value {
        self.data_under(200)
    }

    /// What a success of the other group holds.
    pub(crate) fn data_0(&self) -> Value {
        self.data_under(0)
    }

    fn data_under(&self, code: i64) -> Value {
        assert_eq!((self.status, self.code()), (StatusCode::OK, code), "{}", self.body);
        self.json()["data"].take()
    }

    /// Compares with a status and a body, byte for byte.
    #[track_caller]
    pub(crate) fn must_be(&self, status_and_body: &str) {
        assert_eq!(self.to_string(), status_and_body);
    }

    /// The messages on one parameter.
    pub(crate) fn errors(&self, name: &str) -> Vec<String> {
        let errors = self.json()["errors"][name].take();
        errors.as_array().unwrap_or(&Vec::new()).iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.body)
    }
}

/// Follows the feed as a gateway does that listens on every port it hears of, until the store is closed.
pub(crate) async fn listen(service: Service) {
    let (node, mut place) = (Incarnation { node: NodeId::new(1), boot: 1 }, None);
    while let Ok(changes) = service.directory_changes(place).await {
        if let Changes::Since { seq, changed } = changes {
            place = Some(seq);
            let batches: BTreeSet<_> = changed.endpoints.iter().map(|endpoint| endpoint.batch).collect();
            for batch in batches {
                service.note_bound(node, batch, Vec::new()).await.unwrap();
            }
        }
        service.wait_for_news(place).await;
    }
}

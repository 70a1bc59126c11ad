//! What holds for every row: who may call, how a key is shown, under which paths, by which method.

use axum::body::{Body, HttpBody};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use turnpike_testkit::each_store;

use super::answers::place;
use super::{Answers, Call, Refuses, calls};
use crate::given::{Customer, Given, PREFIX, operator};

const NO_KEY: &str = "0123456789abcdef0123456789abcdef";
const PREFIXES: [&str; 7] = ["/api-gate-way", "/gateway", "/end-point", "/pub", "/openapi", "/cgi", "/developers"];

impl Call {
    /// The code of a call without parameters by somebody who may call.
    fn bare(&self) -> i64 {
        let plain = self.cases.iter().find(|case| case.route.is_none() && case.asks == "{}");
        match plain.map(|case| case.answers) {
            Some(Answers::Refusal(code, _)) => code,
            Some(_) => self.success,
            // Whatever parameters are, there is something to list.
            None => panic!("{} is never asked for nothing", self.route),
        }
    }
}

/// The code of a call without parameters.
async fn code(given: &Given, request: Request<Body>) -> i64 {
    let response = given.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    if response.headers()["content-type"] == "text/event-stream" {
        assert!(!response.body().is_end_stream());
        return 200;
    }
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice::<serde_json::Value>(&body).unwrap()["code"].as_i64().unwrap()
}

fn with_key(call: &Call, key: &str) -> Request<Body> {
    let (method, place) = place(call.route);
    Request::builder().method(method).uri(format!("{place}?app_key={key}")).body(Body::empty()).unwrap()
}

fn with_token(call: &Call, token: &str) -> Request<Body> {
    let (method, place) = place(call.route);
    let request = Request::builder().method(method).uri(place);
    request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap()
}

/// The key in a body, of each kind there is (contract 0.2).
fn in_bodies(call: &Call, customer: &Customer) -> [Request<Body>; 3] {
    let (method, place) = place(call.route);
    let key = &customer.key;
    let multipart = format!("--x\r\nContent-Disposition: form-data; name=\"app_key\"\r\n\r\n{key}\r\n--x--\r\n");
    [
        ("application/json", format!(r#"{{"app_key":"{key}"}}"#)),
        ("application/x-www-form-urlencoded", format!("app_key={key}")),
        ("multipart/form-data; boundary=x", multipart),
    ]
    .map(|(kind, body)| {
        let request = Request::builder().method(method).uri(&place).header("content-type", kind);
        request.body(body.into()).unwrap()
    })
}

each_store! {
    async fn every_call_of_the_document_has_a_row(store: &TestStore) {
        let given = Given::over(store);
        let document = given.request("GET", "/openapi.json").await.json();
        let mut documented = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let path = path.strip_prefix(PREFIX).unwrap_or(path);
            documented.extend(item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let mut rows: Vec<_> = calls().map(|call| call.route.to_owned()).collect();
        documented.sort();
        rows.sort();
        assert_eq!(documented, rows);
    }

    async fn whoever_is_not_let_in_is_told_why(store: &TestStore) {
        let given = Given::over(store);
        let (anna, new) = (given.customer("anna@example.com").await, given.unverified_customer("new@example.com").await);
        let ben = given.customer("ben@example.com").await;
        given.service.suspend_customer(&operator(), ben.id).await.unwrap();
        // A session that begins during the suspension is worth what the key is.
        let [annas, news, bens] = [given.token("anna@example.com").await, given.token("new@example.com").await, given.token("ben@example.com").await];
        for call in calls() {
            let (bare, refuses) = (call.bare(), call.refuses);
            let stranger = if refuses == Refuses::Nobody { bare } else { 3 };
            let unverified = if matches!(refuses, Refuses::Unverified | Refuses::Both) { 156 } else { bare };
            let suspended = if matches!(refuses, Refuses::Suspended | Refuses::Both) { 403 } else { bare };
            for (key, token, expected) in [(&anna.key, &annas, bare), (&new.key, &news, unverified), (&ben.key, &bens, suspended)] {
                assert_eq!(code(&given, with_key(call, key)).await, expected, "{}", call.route);
                assert_eq!(code(&given, with_token(call, token)).await, expected, "{}", call.route);
            }
            let (method, place) = place(call.route);
            let nothing = Request::builder().method(method).uri(place).body(Body::empty()).unwrap();
            // A key that is wrong decides, whatever else is shown.
            let mut both = with_key(call, NO_KEY);
            both.headers_mut().insert("authorization", format!("Bearer {annas}").parse().unwrap());
            for request in [nothing, with_key(call, NO_KEY), with_token(call, "a.b.c"), both] {
                assert_eq!(code(&given, request).await, stranger, "{}", call.route);
            }
        }
    }

    async fn a_key_is_found_wherever_it_may_be(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        for call in calls().filter(|call| call.route.starts_with("POST ")) {
            for request in in_bodies(call, &anna) {
                assert_eq!(code(&given, request).await, call.bare(), "{}", call.route);
            }
            let (_, place) = place(call.route);
            let differ = Request::post(format!("{place}?app_key={}", anna.key)).header("content-type", "application/json");
            let differ = differ.body(format!(r#"{{"app_key":"{NO_KEY}"}}"#).into()).unwrap();
            let expected = if call.refuses == Refuses::Nobody { call.bare() } else { 3 };
            assert_eq!(code(&given, differ).await, expected, "{}", call.route);
        }
    }

    async fn every_prefix_serves_every_call_alike(store: &TestStore) {
        let given = Given::over(store);
        for call in calls().filter(|call| !call.route.contains("/web_v1/")) {
            let (method, path) = call.route.split_once(' ').unwrap();
            for prefix in PREFIXES {
                for slash in ["", "/"] {
                    let answer = given.request(method, &format!("{prefix}{path}{slash}")).await;
                    assert_eq!((answer.status, answer.code()), (StatusCode::OK, 3), "{prefix}{path}{slash}");
                }
            }
        }
        assert_eq!(given.request("GET", "/other/whitelist-account/list").await.status, StatusCode::NOT_FOUND);
    }

    async fn other_methods_are_405_with_what_is_allowed(store: &TestStore) {
        let given = Given::over(store);
        for call in calls() {
            let (method, place) = place(call.route);
            let (allowed, others) = match method {
                "GET" => ("GET,HEAD", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"]),
                _ => ("POST", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"]),
            };
            for other in others {
                let answer = given.request(other, &format!("{place}?language=en")).await;
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{other} {place}");
                assert_eq!(answer.headers["allow"], allowed, "{other} {place}");
                if other != "HEAD" {
                    answer.must_be(r#"405 {"code":405,"msg":"This interface cannot be called with this method","message":"This interface cannot be called with this method","data":null,"errors":{}}"#);
                }
            }
        }
    }
}

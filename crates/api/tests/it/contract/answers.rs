//! How a row is asked and its answer looked at.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use futures_util::StreamExt;
use http::{Request, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tower::ServiceExt;
use turnpike_api::Peer;

use super::world::{HOME, World};
use super::{Answers, Call, Case, Who, calls, shape};
use crate::given::{Answer, PREFIX};

/// What cases kept, by name.
type Kept = BTreeMap<&'static str, String>;

/// Method and path of a call; those of the dashboard are under no prefix (contract 0.1).
pub(super) fn place(route: &str) -> (&str, String) {
    let (method, path) = route.split_once(' ').unwrap();
    (method, if path.starts_with("/web_v1/") { path.to_owned() } else { format!("{PREFIX}{path}") })
}

/// Parameters as a query.
pub(super) fn query(asks: &Value) -> String {
    let pair = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("&{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC))
    };
    asks.as_object().unwrap().iter().map(pair).collect()
}

fn filled(text: &str, kept: &Kept) -> String {
    // Longer names first: one may begin with another.
    kept.iter().rev().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${name}"), value))
}

/// Something of the same kind that nobody has.
fn absent(value: &str) -> String {
    match value.len() {
        28 => "2".repeat(28),
        _ if value.bytes().all(|byte| byte.is_ascii_digit()) => "987654321".to_owned(),
        _ if value.contains('.') => "9.9.9.9".to_owned(),
        _ => "nobody".to_owned(),
    }
}

impl World {
    /// Asks every case of every row, in order.
    pub(super) async fn answers(&self, rows: &[Call]) {
        let mut kept = Kept::new();
        for row in rows {
            for case in row.cases {
                let route = case.route.unwrap_or(row.route);
                let call = calls().find(|call| call.route == route).unwrap_or_else(|| panic!("no row for {route}"));
                let asks = filled(case.asks, &kept);
                let what = format!("{route} {asks} by {:?}", case.by);
                match case.answers {
                    Answers::Data(shape) => self.succeeds(call, (case, &asks), &filled(shape, &kept), &mut kept).await,
                    Answers::Event(shape) => self.streams(route, (case, &asks), shape).await,
                    Answers::Refusal(code, at) => {
                        let answer = self.ask(route, case.by, &asks).await;
                        assert_eq!((answer.status, answer.code()), (StatusCode::OK, code), "{what}: {answer}");
                        let json = answer.json();
                        let errors: BTreeSet<_> =
                            json["errors"].as_object().unwrap().keys().map(String::as_str).collect();
                        assert_eq!(errors, at.iter().copied().collect(), "{what}: {answer}");
                        assert_eq!(json["data"], Value::Null, "{what}: {answer}");
                    }
                    Answers::NotYours => self.is_not_there(route, case, &kept).await,
                }
            }
        }
    }

    async fn succeeds(&self, call: &Call, (case, asks): (&Case, &str), shape: &str, kept: &mut Kept) {
        let (route, what) = (call.route, format!("{} {asks} by {:?}", call.route, case.by));
        let answer = self.ask(route, case.by, asks).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::OK, call.success), "{what}: {answer}");
        let told = if route.ends_with("static-ip-region") { "Request successful" } else { "Success" };
        let json = answer.json();
        assert_eq!(json["msg"], told, "{what}: {answer}");
        shape::differs(&shape::read(shape), &json["data"]).unwrap_or_else(|why| panic!("{what}: {why}"));
        for (name, place) in case.keeps {
            let value = json["data"].pointer(place).unwrap_or_else(|| panic!("{what} shows no {place}: {answer}"));
            kept.insert(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }

    /// What is another's, and what is nobody's, are the same bytes.
    async fn is_not_there(&self, route: &str, case: &Case, kept: &Kept) {
        let foreign = self.ask(route, case.by, &filled(case.asks, kept)).await;
        let nobodys: Kept = kept.iter().map(|(name, value)| (*name, absent(value))).collect();
        let missing = self.ask(route, case.by, &filled(case.asks, &nobodys)).await;
        let what = format!("{route} {} by {:?}", case.asks, case.by);
        assert_eq!((foreign.status, foreign.code()), (StatusCode::OK, 404), "{what}: {foreign}");
        let named = kept.iter().filter(|(name, _)| case.asks.contains(&format!("${name}")));
        let expected = named.fold(missing.body, |body, (_, value)| body.replace(&absent(value), value));
        assert_eq!(foreign.body, expected, "{what}");
    }

    async fn streams(&self, route: &str, (case, asks): (&Case, &str), shape: &str) {
        let response = self.given.router.clone().oneshot(self.request(route, case.by, asks)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{route}");
        assert_eq!(response.headers()["content-type"], "text/event-stream", "{route}");
        let frame = response.into_body().into_data_stream().next().await.unwrap().unwrap();
        let event = String::from_utf8(frame.into()).unwrap();
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_else(|| panic!("{event}"));
        let event = serde_json::from_str(data).unwrap();
        shape::differs(&shape::read(shape), &event).unwrap_or_else(|why| panic!("{route}: {why}"));
    }

    /// The answer, whose headers are those of every answer (contract 0.2).
    async fn ask(&self, route: &str, by: Who, asks: &str) -> Answer {
        let answer = self.given.send(self.request(route, by, asks)).await;
        assert_eq!(answer.headers["cache-control"], "no-store", "{route}");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer", "{route}");
        answer
    }

    fn request(&self, route: &str, by: Who, asks: &str) -> Request<Body> {
        let (method, place) = place(route);
        let json: Value = serde_json::from_str(asks).unwrap_or_else(|error| panic!("{error}: {asks}"));
        let key = format!("{place}?language=en&app_key={}", self.customer(by).key);
        let request = Request::builder().method(method).extension(Peer(HOME));
        let request = if method == "GET" {
            request.uri(format!("{key}{}", query(&json))).body(Body::empty())
        } else {
            request.uri(key).header("content-type", "application/json").body(asks.to_owned().into())
        };
        request.unwrap()
    }
}

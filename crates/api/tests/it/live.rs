//! Live usage: what a stream says is what the books say.

use std::task::Poll;

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;
use turnpike_api::{ApiSettings, LiveSettings};
use turnpike_domain::product::ProductType;
use turnpike_testkit::each_store;

use crate::given::{Customer, Given, PREFIX};

const PATH: &str = "/user-usage-flow/live";

/// An open stream.
struct Stream(BodyDataStream);

/// What came: an event's id and data, a comment, or the end.
#[derive(Debug, PartialEq)]
enum Heard {
    Event(String, Value),
    Comment,
    End,
}

impl Stream {
    async fn open(given: &Given, customer: &Customer, query: &str, last_event_id: Option<&str>) -> Self {
        let uri = format!("{PREFIX}{PATH}?app_key={}{query}", customer.key);
        let mut request = Request::get(uri);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = given.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self(response.into_body().into_data_stream())
    }

    async fn next(&mut self) -> Heard {
        let Some(frame) = self.0.next().await else { return Heard::End };
        let text = String::from_utf8(frame.unwrap().into()).unwrap();
        assert!(text.ends_with("\n\n"), "{text:?}");
        if text.starts_with(':') {
            return Heard::Comment;
        }
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        assert_eq!(field("event: "), "usage");
        Heard::Event(field("id: "), serde_json::from_str(&field("data: ")).unwrap())
    }

    async fn event(&mut self) -> (String, Value) {
        match self.next().await {
            Heard::Event(id, data) => (id, data),
            other => panic!("{other:?}"),
        }
    }
}

fn quick() -> ApiSettings {
    let live = LiveSettings { look_every_ms: 1, heartbeat_ms: 60_000, ..LiveSettings::default() };
    ApiSettings { live, ..ApiSettings::default() }
}

async fn customer_with_traffic(given: &Given, email: &str, accounts: &str) -> Customer {
    let customer = given.customer(email).await;
    given.package(&customer, ProductType::DynamicTraffic, ["2026-03-01", "2026-04-01"]).await;
    given.post(&customer, "/whitelist-account/add", format!(r#"{{"accounts":"{accounts}"}}"#)).await.data();
    customer
}

each_store! {
    async fn events_tell_totals_and_their_differences_add_up(store: &TestStore) {
        let given = Given::with(store, quick());
        let anna = customer_with_traffic(&given, "anna@example.com", "a:p,b:p").await;
        let ben = customer_with_traffic(&given, "ben@example.com", "c:p").await;
        let mut stream = Stream::open(&given, &anna, "", None).await;
        let (_, first) = stream.event().await;
        assert_eq!(first, serde_json::json!({"at": "2026-03-10T12:00:00Z", "total": 0, "total_bytes": 0, "delta": 0, "accounts": []}));
        let mut sum = 0;
        for (account, bytes) in [("a", 1500), ("b", 1500), ("a", 1), ("a", 100_000)] {
            given.bill(&ben, "c", 5000).await;
            given.bill(&anna, account, bytes).await;
            let (_, data) = stream.event().await;
            sum += data["delta"].as_u64().unwrap();
            assert_eq!(data["total"], sum);
            // Only what has changed is named.
            assert_eq!(data["accounts"].as_array().unwrap().len(), 1);
            assert_eq!(data["accounts"][0]["username"], account);
        }
        let days = given.get(&anna, "/user-usage-flow/total").await.data()["list"].take();
        let booked: u64 = days.as_array().unwrap().iter().map(|day| day["flow"].as_u64().unwrap()).sum();
        assert_eq!((sum, booked), (100, 100));
        let list = given.get(&anna, "/whitelist-account/list").await.data()["list"].take();
        let used: Vec<u64> = list.as_array().unwrap().iter().map(|account| account["usage_flow"].as_u64().unwrap()).collect();
        assert_eq!(used, [1, 99]);
    }

    async fn whoever_comes_back_misses_nothing(store: &TestStore) {
        let given = Given::with(store, quick());
        let anna = customer_with_traffic(&given, "anna@example.com", "a:p").await;
        let mut stream = Stream::open(&given, &anna, "", None).await;
        stream.event().await;
        given.bill(&anna, "a", 2048).await;
        let (cursor, _) = stream.event().await;
        drop(stream);
        given.bill(&anna, "a", 4096).await;
        let mut by_header = Stream::open(&given, &anna, "", Some(&cursor)).await;
        let mut by_parameter = Stream::open(&given, &anna, &format!("&cursor={cursor}"), None).await;
        let mut by_both = Stream::open(&given, &anna, "&cursor=1-0", Some(&cursor)).await;
        for stream in [&mut by_header, &mut by_parameter, &mut by_both] {
            let (_, data) = stream.event().await;
            assert_eq!((&data["total"], &data["delta"]), (&6.into(), &4.into()));
            assert_eq!(data["accounts"][0]["usage_flow"], 6);
        }
        // A cursor from the future, or from other books, is no way to hear of less than nothing.
        let mut ahead = Stream::open(&given, &anna, "&cursor=9999999999999-999999999", None).await;
        assert_eq!(ahead.event().await.1["delta"], 0);
        given.bill(&anna, "a", 1024).await;
        assert_eq!(ahead.event().await.1["delta"], 1);
        // What a browser heard from somewhere else counts as nothing; a parameter that is none is refused.
        let mut odd = Stream::open(&given, &anna, "", Some("abc")).await;
        assert_eq!(odd.event().await.1["delta"], 0);
        for cursor in ["abc", "1", "-1-2", "1-2-3"] {
            let answer = given.get(&anna, &format!("{PATH}?cursor={cursor}")).await;
            assert_eq!(answer.errors("cursor"), ["must be the id of an event"], "{cursor}");
        }
    }

    async fn a_quiet_stream_sends_comments_and_ends_in_time(store: &TestStore) {
        let live = LiveSettings { look_every_ms: 1, heartbeat_ms: 5, longest_ms: 60, ..LiveSettings::default() };
        let given = Given::with(store, ApiSettings { live, ..ApiSettings::default() });
        let anna = given.customer("anna@example.com").await;
        let mut stream = Stream::open(&given, &anna, "", None).await;
        stream.event().await;
        let mut comments = 0;
        loop {
            match stream.next().await {
                Heard::Comment => comments += 1,
                Heard::End => break,
                Heard::Event(..) => panic!("nothing was booked"),
            }
        }
        assert!((1..=12).contains(&comments), "{comments}");
    }

    async fn streams_are_bounded_and_a_dropped_one_makes_room(store: &TestStore) {
        let given = Given::with(store, quick());
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        let mut open = Vec::new();
        for _ in 0..LiveSettings::default().most_of_a_customer {
            open.push(Stream::open(&given, &anna, "", None).await);
        }
        let refused = given.get(&anna, PATH).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, 429));
        assert!(refused.headers.contains_key("retry-after"));
        drop(Stream::open(&given, &ben, "", None).await);
        open.pop();
        open.push(Stream::open(&given, &anna, "", None).await);
    }

    async fn bookings_in_any_order_come_to_the_same(store: &TestStore) {
        let given = std::sync::Arc::new(Given::with(store, quick()));
        let anna = std::sync::Arc::new(customer_with_traffic(&given, "anna@example.com", "a:p,b:p,c:p,d:p").await);
        let mut stream = Stream::open(&given, &anna, "", None).await;
        let billing: Vec<_> = ["a", "b", "c", "d"].into_iter().map(|account| {
            let (given, anna) = (given.clone(), anna.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    given.bill(&anna, account, 1000).await;
                }
            })
        }).collect();
        let mut sum = 0;
        let mut last = Value::Null;
        let mut by_account = std::collections::BTreeMap::new();
        while last["total_bytes"] != 40_000 {
            (_, last) = stream.event().await;
            sum += last["delta"].as_u64().unwrap();
            for account in last["accounts"].as_array().unwrap() {
                by_account.insert(account["username"].as_str().unwrap().to_owned(), account["usage_flow"].as_u64().unwrap());
            }
        }
        for each in billing {
            each.await.unwrap();
        }
        assert_eq!(sum, 39);
        assert_eq!(by_account.into_values().collect::<Vec<_>>(), [9, 9, 9, 9]);
        let mut next = std::pin::pin!(stream.next());
        assert!(matches!(futures_util::poll!(next.as_mut()), Poll::Pending));
    }
}

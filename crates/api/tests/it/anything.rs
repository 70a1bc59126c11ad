//! Whatever is sent: an envelope, never a fault of ours.

use axum::body::Body;
use http::Request;
use proptest::prelude::*;
use tokio::runtime::Runtime;
use turnpike_testkit::stores::TestStore;

use crate::given::{Customer, Given, PREFIX};

/// Every call but the one whose answer goes on, and the login, which is slow on purpose.
const PATHS: [(&str, &str); 22] = [
    ("GET", "/whitelist-account/list"),
    ("POST", "/whitelist-account/add"),
    ("POST", "/whitelist-account/delete"),
    ("POST", "/whitelist-account/disable"),
    ("POST", "/whitelist-account/enable"),
    ("POST", "/whitelist-account/change-password"),
    ("POST", "/whitelist-account/change-remark"),
    ("POST", "/whitelist-account/change-limit"),
    ("GET", "/user-usage-flow/total"),
    ("GET", "/user-product/list"),
    ("GET", "/user-product/summary"),
    ("GET", "/whitelist-account/quota"),
    ("GET", "/whitelist-account/quotas"),
    ("POST", "/proxy-account/change"),
    ("GET", "/proxy-ip/list"),
    ("POST", "/proxy-ip/add"),
    ("POST", "/proxy-ip/delete"),
    ("GET", "/white-ip/quota"),
    ("GET", "/white-ip/quotas"),
    ("GET", "/user-usage-flow/flow-total"),
    ("GET", "/user/info"),
    ("GET", "/api-keys"),
];
const KINDS: [&str; 4] =
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"];
const NAMES: [&str; 20] = [
    "accounts",
    "account",
    "password",
    "remark",
    "limit",
    "daily_limit",
    "product_type",
    "page",
    "size",
    "trade_no",
    "start_time",
    "end_time",
    "username",
    "language",
    "ips",
    "status",
    "udp",
    "unit",
    "wait",
    "cursor",
];

/// JSON that often hits a parameter with a value that is nearly right.
fn json() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[a-c]{1,2}:[a-c]{1,2}(,[a-c]{1,2}:[a-c]{1,2}){0,2}",
        "[a-c]{1,2}(,[a-c]{1,2}){0,2}",
        "-?[0-9]{1,20}",
        "([0-9]{1,3}\\.){3}[0-9]{1,3}([,\n]([0-9a-f]{1,4}:){7}[0-9a-f]{1,4})?",
        "true|false|applied|GB|kb",
        ".{0,30}",
        "20[0-9]{2}-[0-1][0-9]-[0-3][0-9]( [0-2][0-9]:[0-5][0-9]:[0-6][0-9])?",
    ];
    let value = prop_oneof![
        4 => text.prop_map(|text| serde_json::to_string(&text).unwrap()),
        1 => "-?[0-9]{1,25}(\\.[0-9]{1,3})?([eE][-+]?[0-9]{1,4})?",
        1 => prop::sample::select(vec!["null", "true", "[]", "{}", "[1,[2]]", "\"\\ud800\"", ""]).prop_map(str::to_owned),
    ];
    let member = (prop::sample::select(&NAMES[..]), value).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    prop::collection::vec(member, 0..8).prop_map(|members| format!("{{{}}}", members.join(",")))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => json().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => "([a-z_]{1,10}=[^&]{0,20}&){0,5}".prop_map(String::into_bytes),
        1 => "(--b\r\nContent-Disposition: form-data; name=\"[a-z]{1,8}\"\r\n\r\n.{0,20}\r\n){0,3}--b--".prop_map(String::into_bytes),
    ]
}

fn check(runtime: &Runtime, given: &Given, (method, path): (&str, &str), (key, kind): (&str, &str), body: Vec<u8>) {
    let uri = format!("{PREFIX}{path}?app_key={key}");
    let request =
        Request::builder().method(method).uri(uri).header("content-type", kind).body(Body::from(body)).unwrap();
    let answer = runtime.block_on(given.send(request));
    let code = answer.code();
    let status = answer.status.as_u16();
    assert!(matches!((status, code), (200, 0 | 3 | 200 | 400 | 403 | 404 | 409) | (415, 415)), "{answer}");
}

#[test]
fn any_body_at_any_route_is_answered_without_a_fault() {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(TestStore::sqlite()).unwrap();
    let given = Given::over(&store);
    let anna: Customer = runtime.block_on(given.customer("anna@example.com"));
    let routes = prop::sample::select(&PATHS[..]);
    let kinds = prop::sample::select(&KINDS[..]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(800));
    let outcome = runner.run(&(routes, kinds, body()), |(route, kind, body)| {
        check(&runtime, &given, route, (&anna.key, kind), body);
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(store.remove()).unwrap();
}

//! Who may call what: one table of all routes, against unverified, suspended and unknown callers, by key and by session.

use axum::body::{Body, HttpBody};
use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;
use turnpike_testkit::each_store;

use crate::given::{Given, PREFIX, operator};

/// Whom a route refuses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Nobody.
    Nothing,
    /// Nobody who has a key or session.
    Known,
    Verified,
    Unsuspended,
    Both,
}

use Asks::{Both, Known, Nothing, Unsuspended, Verified};

/// Method, path, the code of a call without parameters by somebody who may call, whom it refuses.
const ROUTES: [(&str, &str, i64, Asks); 46] = [
    ("GET", "/whitelist-account/list", 200, Known),
    ("GET", "/whitelist-account/quota", 0, Known),
    ("GET", "/whitelist-account/quotas", 0, Known),
    ("POST", "/whitelist-account/add", 400, Both),
    ("POST", "/whitelist-account/delete", 400, Both),
    ("POST", "/whitelist-account/disable", 400, Both),
    ("POST", "/whitelist-account/enable", 400, Both),
    ("POST", "/whitelist-account/change-password", 400, Both),
    ("POST", "/whitelist-account/change-remark", 400, Both),
    ("POST", "/whitelist-account/change-limit", 400, Both),
    ("POST", "/proxy-account/change", 400, Both),
    ("GET", "/proxy-ip/list", 200, Known),
    ("POST", "/proxy-ip/add", 400, Unsuspended),
    ("POST", "/proxy-ip/delete", 400, Unsuspended),
    ("GET", "/white-ip/quota", 0, Known),
    ("GET", "/white-ip/quotas", 0, Known),
    ("GET", "/user-usage-flow/total", 200, Verified),
    ("GET", "/user-usage-flow/flow-total", 200, Known),
    ("GET", "/user-usage-flow/live", 200, Known),
    ("GET", "/user-product/list", 200, Verified),
    ("GET", "/user-product/summary", 200, Known),
    ("POST", "/user-product/get-auto-renewal", 200, Known),
    ("POST", "/user-product/set-auto-renewal", 400, Both),
    ("POST", "/user-product/auto-renewal-logs", 200, Known),
    ("GET", "/ip/get-static-ip", 200, Known),
    ("POST", "/ip/change-static-ip", 400, Both),
    ("GET", "/static-ip-region", 200, Known),
    ("GET", "/ip/static-ip-region", 200, Known),
    ("GET", "/order/list", 0, Known),
    ("GET", "/order/info", 400, Known),
    ("POST", "/order/check", 400, Verified),
    ("POST", "/order/create", 400, Both),
    ("POST", "/order/close", 400, Unsuspended),
    ("POST", "/pay/pay-check", 400, Known),
    ("POST", "/pay", 400, Both),
    ("GET", "/product", 0, Known),
    ("GET", "/coupon/list", 200, Known),
    ("GET", "/article/list", 200, Known),
    ("GET", "/article/info", 400, Known),
    ("GET", "/activity/balance-recharge-gift-ratio", 0, Verified),
    ("GET", "/payment/groups", 0, Verified),
    ("GET", "/payment/list", 0, Verified),
    ("GET", "/user/info", 0, Known),
    ("GET", "/api-keys", 0, Known),
    ("POST", "/web_v1/user/login", 400, Nothing),
    ("GET", "/web_v1/user/info", 200, Known),
];

fn place(path: &str) -> String {
    if path.starts_with("/web_v1/") { path.to_owned() } else { format!("{PREFIX}{path}") }
}

/// The code of a call without parameters, and whether it is answered with events.
async fn code(given: &Given, method: &str, path: &str, credential: Credential<'_>) -> (i64, bool) {
    let mut request = Request::builder().method(method);
    request = match credential {
        Credential::None => request.uri(place(path)),
        Credential::Key(key) => request.uri(format!("{}?app_key={key}", place(path))),
        Credential::Token(token) => request.uri(place(path)).header("authorization", format!("Bearer {token}")),
    };
    let response = given.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    if response.headers()["content-type"] == "text/event-stream" {
        assert!(!response.body().is_end_stream());
        return (200, true);
    }
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (serde_json::from_slice::<serde_json::Value>(&body).unwrap()["code"].as_i64().unwrap(), false)
}

#[derive(Clone, Copy)]
enum Credential<'a> {
    None,
    Key(&'a str),
    Token(&'a str),
}

each_store! {
    async fn the_table_has_every_route_of_the_document(store: &TestStore) {
        let given = Given::over(store);
        let document = given.request("GET", "/openapi.json").await.json();
        let paths = document["paths"].as_object().unwrap();
        let mut documented: Vec<(String, String)> = Vec::new();
        for (path, item) in paths {
            documented.extend(item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
        }
        let mut expected: Vec<(String, String)> =
            ROUTES.iter().map(|(method, path, ..)| ((*method).to_owned(), place(path))).collect();
        documented.sort();
        expected.sort();
        assert_eq!(documented, expected);
    }

    async fn code_156_comes_where_the_contract_says_and_never_elsewhere(store: &TestStore) {
        let given = Given::over(store);
        let new = given.unverified_customer("new@example.com").await;
        let token = given.token("new@example.com").await;
        let verified = given.customer("anna@example.com").await;
        for (method, path, bare, asks) in ROUTES {
            for credential in [Credential::Key(&new.key), Credential::Token(&token)] {
                let (code, _) = code(&given, method, path, credential).await;
                if matches!(asks, Verified | Both) {
                    assert_eq!(code, 156, "{path}");
                } else {
                    assert_eq!(code, bare, "{path}");
                }
            }
            let (code, _) = code(&given, method, path, Credential::Key(&verified.key)).await;
            assert_eq!(code, bare, "{path}");
        }
    }

    async fn a_suspended_customer_reads_everything_and_changes_nothing(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.service.suspend_customer(&operator(), anna.id).await.unwrap();
        // A session that begins during the suspension is worth what the key is.
        let token = given.token("anna@example.com").await;
        for (method, path, bare, asks) in ROUTES {
            for credential in [Credential::Key(&anna.key), Credential::Token(&token)] {
                let (code, _) = code(&given, method, path, credential).await;
                let expected = match asks {
                    Unsuspended | Both => 403,
                    _ => bare,
                };
                assert_eq!(code, expected, "{path}");
            }
        }
    }

    async fn nobody_is_let_in_without_a_key_or_a_session(store: &TestStore) {
        let given = Given::over(store);
        given.customer("anna@example.com").await;
        let token = given.token("anna@example.com").await;
        for (method, path, _, asks) in ROUTES {
            for credential in [Credential::None, Credential::Key("0123456789abcdef0123456789abcdef"), Credential::Token("a.b.c")] {
                let (code, _) = code(&given, method, path, credential).await;
                assert_eq!(code, if asks == Nothing { 400 } else { 3 }, "{path}");
            }
            // A key that is wrong decides, whatever else is presented.
            let uri = format!("{}?app_key=0123456789abcdef0123456789abcdef", place(path));
            let request = Request::builder().method(method).uri(uri).header("authorization", format!("Bearer {token}"));
            let code = given.send(request.body(Body::empty()).unwrap()).await.code();
            assert_eq!(code, if asks == Nothing { 400 } else { 3 }, "{path}");
        }
    }

    async fn only_the_live_route_answers_with_events(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        for (method, path, ..) in ROUTES {
            let (_, events) = code(&given, method, path, Credential::Key(&anna.key)).await;
            assert_eq!(events, path == "/user-usage-flow/live", "{path}");
        }
    }
}

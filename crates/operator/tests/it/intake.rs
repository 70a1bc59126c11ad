//! What is turned away before anything is read: paths, methods, media types, sizes, forms, haste.

use axum::body::Body;
use http::Request;
use serde_json::json;
use turnpike_operator::OperatorSettings;
use turnpike_testkit::stores::TestStore;

use crate::given::{Answer, Given};

async fn given(settings: OperatorSettings) -> (TestStore, Given) {
    let store = TestStore::sqlite().await.unwrap();
    let given = Given::with(&store, settings).await;
    (store, given)
}

impl Given {
    async fn post_raw(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request =
            Request::post("/operator/v1/customers").header("authorization", format!("bearer {}", self.all));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }
}

const WISH: &str = r#"{"email":"anna@example.com","password":"a long password"}"#;

#[tokio::test]
async fn bodies_are_json_objects_of_a_size() {
    let (store, given) = given(OperatorSettings { body_limit_bytes: 1000, ..OperatorSettings::default() }).await;
    let json = ("content-type", "application/json");
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/json; charset=latin1")],
        &[json, ("content-encoding", "gzip")],
    ] {
        given.post_raw(headers, WISH).await.problem(415);
    }
    for body in ["{", "[]", "7", "{\"a\":}", "\u{feff}{}"] {
        given.post_raw(&[json], body).await.problem(400);
    }
    given.post_raw(&[json], format!("{{\"x\":\"{}\"}}", "y".repeat(1000))).await.problem(413);
    let missing = given.post_raw(&[json], "").await.problem(422);
    assert_eq!(missing["errors"].as_array().unwrap().len(), 2);
    given.post_raw(&[json, ("accept", "text/html")], WISH).await.problem(406);
    given
        .post_raw(&[("content-type", "Application/JSON; charset=\"UTF-8\""), ("accept", "application/*")], WISH)
        .await
        .is(201);
    store.remove().await.unwrap();
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_problems() {
    let (store, given) = given(OperatorSettings::default()).await;
    for path in [
        "/nothing",
        "/customers/",
        "/customers/x",
        "/customers/0",
        "/customers/1.5",
        "/packages/9999999999999999999",
        "/customers/1/accounts/a%20b",
        "/customers/%ff",
        "/connections/1/1",
    ] {
        let method = if path.starts_with("/connections") { "DELETE" } else { "GET" };
        let problem = given.ask(method, path, &given.all, None).await.problem(404);
        assert_eq!(problem["instance"], format!("/operator/v1{path}"));
    }
    for (method, path, allow) in [
        ("PUT", "/customers", "GET,HEAD,POST"),
        ("TRACE", "/settings", "GET,HEAD"),
        ("POST", "/openapi.json", "GET,HEAD"),
    ] {
        let answer = given.ask(method, path, &given.all, None).await;
        answer.problem(405);
        let mut allowed: Vec<_> = answer.headers["allow"].to_str().unwrap().split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow);
    }
    let elsewhere = given.send(Request::get("/").body(Body::empty()).unwrap()).await;
    elsewhere.problem(404);
    assert!(elsewhere.headers.contains_key("x-request-id"));
    store.remove().await.unwrap();
}

#[tokio::test]
async fn a_token_that_calls_too_often_is_told_to_wait() {
    let (store, given) = given(OperatorSettings { requests_per_second: 3, ..OperatorSettings::default() }).await;
    let mut refused = None;
    for _ in 0..200 {
        let answer = given.get("/settings").await;
        if answer.status.as_u16() == 429 {
            refused = Some(answer);
            break;
        }
        answer.is(200);
    }
    let refused = refused.expect("200 requests take less than a minute");
    refused.problem(429);
    assert_eq!(refused.headers["retry-after"], "1");
    // Others have a pace of their own.
    let other = given.token("other", "read", 1).await.0;
    given.ask("GET", "/settings", &other, None).await.is(200);
    store.remove().await.unwrap();
}

#[tokio::test]
async fn two_authorizations_are_none() {
    let (store, given) = given(OperatorSettings::default()).await;
    let bearer = format!("Bearer {}", given.all);
    for values in
        [vec![bearer.as_str(), bearer.as_str()], vec!["Basic YTpi"], vec![given.all.as_str()], vec!["Bearer "]]
    {
        let request = values
            .iter()
            .fold(Request::get("/operator/v1/settings"), |request, value| request.header("authorization", *value));
        given.send(request.body(Body::empty()).unwrap()).await.problem(401);
    }
    assert_eq!(
        given.post("/customers?dry_run=perhaps", json!({})).await.problem(400)["errors"][0]["parameter"],
        "dry_run"
    );
    store.remove().await.unwrap();
}

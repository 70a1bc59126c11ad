//! Requests under an `Idempotency-Key`.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use serde_json::json;
use turnpike_testkit::each_store;

use crate::given::Given;

each_store! {
    async fn the_same_request_gets_the_same_bytes_and_has_one_effect(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        let posts = [
            ("/customers".to_owned(), json!({"email": "ben@example.com", "password": "a long password"})),
            (format!("/customers/{customer}/key"), json!({})),
            (format!("/customers/{customer}/packages"), json!({"size_kb": 7})),
            (format!("/customers/{customer}/accounts?wait=applied"), json!({"username": "user1", "password": "secret"})),
            (format!("/customers/{customer}/sources"), json!({"ips": ["192.0.2.1"]})),
            ("/tokens".to_owned(), json!({"name": "other", "scopes": ["read"], "days": 1})),
            ("/machines".to_owned(), json!({"name": "edge-1"})),
        ];
        for (path, body) in posts {
            let before = store.store().number("SELECT count(*) FROM audit").await.unwrap();
            let first = given.post_once(&path, &path.replace('?', "-"), &body).await;
            first.is(201);
            assert!(!first.headers.contains_key("idempotent-replayed"));
            let again = given.post_once(&path, &path.replace('?', "-"), &body).await;
            assert_eq!((again.status, &again.body), (first.status, &first.body), "{path}");
            assert_eq!(again.headers["idempotent-replayed"], "true", "{path}");
            assert_eq!(store.store().number("SELECT count(*) FROM audit").await.unwrap(), before + 1, "{path}");
        }
    }

    async fn another_request_under_the_key_is_409_and_keys_are_each_tokens_own(store: &TestStore) {
        let given = Given::over(store).await;
        let body = |name: &str| json!({"email": format!("{name}@example.com"), "password": "a long password"});
        given.post_once("/customers", "k", &body("anna")).await.is(201);
        let reused = given.post_once("/customers", "k", &body("ben")).await.problem(409);
        assert_eq!(reused["type"], "urn:turnpike:problem:key-reused");
        given.post_once("/customers?reason=x", "k", &body("anna")).await.problem(409);
        given.post_once("/customers/1/key", "k", &json!({})).await.problem(409);
        let other = given.token("other", "write", 1).await.0;
        let request = Request::post("/operator/v1/customers")
            .header("authorization", format!("Bearer {other}"))
            .header("content-type", "application/json")
            .header("idempotency-key", "k");
        given.send(request.body(Body::from(body("ben").to_string())).unwrap()).await.is(201);
    }

    async fn refusals_are_kept_and_wrong_bodies_and_dry_runs_are_not(store: &TestStore) {
        let given = Given::over(store).await;
        let customer = given.customer("anna").await;
        let path = format!("/customers/{customer}/accounts");
        let wish = json!({"username": "user1", "password": "secret"});
        let dry = given.post_once(&format!("{path}?dry_run=true"), "k", &wish).await;
        assert_eq!(dry.is(200)["dry_run"], true);
        given.post_once(&path, "k", &json!({"username": "user1"})).await.problem(422);
        given.post_once(&path, "k", &wish).await.is(201);
        let taken = given.post_once(&path, "k2", &wish).await;
        taken.problem(409);
        given.delete(&format!("{path}/user1")).await.is(200);
        let again = given.post_once(&path, "k2", &wish).await;
        assert_eq!((again.status, &again.body), (taken.status, &taken.body));
        for wrong in ["", "a b", &"k".repeat(256)] {
            given.post_once(&path, wrong, &wish).await.problem(400);
        }
    }

    async fn fifty_at_once_have_one_effect(store: &TestStore) {
        let given = Arc::new(Given::over(store).await);
        let customer = given.customer("anna").await;
        let tries: Vec<_> = (0..50).map(|_| {
            let given = Arc::clone(&given);
            tokio::spawn(async move {
                given.post_once(&format!("/customers/{customer}/packages"), "k", &json!({"size_kb": 5})).await
            })
        }).collect();
        let mut bodies = std::collections::BTreeSet::new();
        for each in tries {
            let answer = each.await.unwrap();
            answer.is(201);
            bodies.insert(answer.body);
        }
        assert_eq!(bodies.len(), 1);
        assert_eq!(store.store().number("SELECT count(*) FROM package").await.unwrap(), 1);
    }
}

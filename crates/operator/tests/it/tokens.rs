//! Tokens: what they may do, how long, and that none makes one that may do more.

use serde_json::{Value, json};
use turnpike_domain::time::Span;
use turnpike_testkit::each_store;

use crate::given::Given;

each_store! {
    async fn a_token_is_made_used_listed_and_revoked(store: &TestStore) {
        let given = Given::over(store).await;
        let made = given.post("/tokens", json!({"name": "billing", "scopes": ["write", "read", "read"], "days": 7})).await.is(201);
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert_eq!((&made["scopes"], &made["expires_at"], &made["used_on"]), (&json!(["read", "write"]), &json!("2026-03-17T12:00:00Z"), &Value::Null));
        assert!(secret.starts_with("tpo_") && secret.len() == 68);
        given.ask("GET", "/customers", &secret, None).await.is(200);
        let path = format!("/tokens/{}", made["id"]);
        let shown = given.get(&path).await;
        assert_eq!(shown.is(200)["used_on"], "2026-03-10");
        assert!(!shown.body.contains("tpo_"));
        given.post("/tokens", json!({"name": "billing", "scopes": ["read"], "days": 7})).await.problem(409);
        assert_eq!(given.patch(&path, json!({"revoked": true})).await.is(200)["revoked_at"], "2026-03-10T12:00:00Z");
        given.patch(&path, json!({"revoked": true})).await.problem(404);
        given.patch(&path, json!({"revoked": false})).await.problem(422);
        given.ask("GET", "/customers", &secret, None).await.problem(401);
        // The name is free again; the void token stays on the list.
        given.post("/tokens", json!({"name": "billing", "scopes": ["read"], "days": 7})).await.is(201);
        let names: Vec<_> = given.pages("/tokens", 1).await.concat().into_iter().map(|token| token["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["all", "billing", "billing"]);
        given.get("/tokens/99").await.problem(404);
    }

    async fn no_token_makes_one_that_may_do_more(store: &TestStore) {
        let given = Given::over(store).await;
        let writer = given.token("writer", "read write", 30).await.0;
        let wish = |scopes: Value| Some(json!({"name": "made", "scopes": scopes, "days": 1}));
        given.ask("POST", "/tokens", &writer, wish(json!(["read", "secrets"]))).await.problem(403);
        given.ask("POST", "/tokens", &writer, wish(json!(["read", "write"]))).await.is(201);
        for wrong in [json!([]), json!(["admin"]), json!("read"), json!([1]), Value::Null] {
            given.ask("POST", "/tokens", &writer, wish(wrong)).await.problem(422);
        }
    }

    async fn a_token_ends_when_its_time_is_over(store: &TestStore) {
        let given = Given::over(store).await;
        let secret = given.token("short", "read", 1).await.0;
        given.pass(Span::from_ms(86_400_000 - 1));
        given.ask("GET", "/settings", &secret, None).await.is(200);
        given.pass(Span::from_ms(1));
        assert_eq!(given.ask("GET", "/settings", &secret, None).await.problem(401)["detail"], "the token has expired");
    }

    async fn the_store_does_not_know_the_secret(store: &TestStore) {
        let given = Given::over(store).await;
        let (secret, _) = given.token("short", "read", 1).await;
        let hidden = secret.strip_prefix("tpo_").unwrap();
        let column = if store.is_sqlite() { "lower(hex(mac))" } else { "encode(mac, 'hex')" };
        let known = format!("SELECT count(*) FROM operator_token WHERE {column} LIKE '%{hidden}%' OR name LIKE '%{hidden}%'");
        assert_eq!(store.store().number(&known).await.unwrap(), 0);
        let audited = format!("SELECT count(*) FROM audit WHERE detail LIKE '%{hidden}%'");
        assert_eq!(store.store().number(&audited).await.unwrap(), 0);
    }
}

//! Requests under an `Idempotency-Key`.

use axum::body::Body;
use http::Request;
use turnpike_testkit::each_store;

use crate::given::{Given, PREFIX};

each_store! {
    async fn the_same_request_gets_the_same_bytes_and_has_one_effect(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"z:p"}"#).await.data();
        let posts = [
            ("/whitelist-account/add", r#"{"accounts":"a:p,b:p"}"#),
            ("/whitelist-account/delete", r#"{"accounts":"b"}"#),
            ("/whitelist-account/disable", r#"{"accounts":"a"}"#),
            ("/whitelist-account/enable", r#"{"accounts":"a"}"#),
            ("/whitelist-account/change-password", r#"{"account":"a","password":"q"}"#),
            ("/whitelist-account/change-remark", r#"{"account":"a","remark":"r"}"#),
            ("/whitelist-account/change-limit", r#"{"account":"a","limit":3}"#),
            ("/proxy-account/change", r#"{"account":"a","limit":4}"#),
            ("/proxy-ip/add", r#"{"ips":"8.8.8.8"}"#),
            ("/proxy-ip/delete", r#"{"ips":"8.8.8.8"}"#),
        ];
        for (path, json) in posts {
            let first = given.post_once(&anna, path, path, json).await;
            first.data();
            assert!(!first.headers.contains_key("idempotent-replayed"));
            let again = given.post_once(&anna, path, path, json).await;
            assert_eq!(again.to_string(), first.to_string(), "{path}");
            assert_eq!(again.headers["idempotent-replayed"], "true", "{path}");
            assert_eq!(again.headers["content-type"], "application/json");
        }
        // One audit row each: nothing was done twice.
        let rows = "SELECT count(*) FROM audit WHERE actor LIKE 'customer:%'";
        assert_eq!(store.store().number(rows).await.unwrap(), 1 + 10);
    }

    async fn refusals_are_kept_and_wrong_parameters_are_not(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let wish = r#"{"accounts":"a"}"#;
        let missing = given.post_once(&anna, "/whitelist-account/delete", "k", wish).await;
        assert_eq!(missing.code(), 404);
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"a:p"}"#).await.data();
        assert_eq!(given.post_once(&anna, "/whitelist-account/delete", "k", wish).await.body, missing.body);
        given.post_once(&anna, "/whitelist-account/delete", "k2", wish).await.data();
        // A key that came with nonsense is still free.
        assert_eq!(given.post_once(&anna, "/whitelist-account/add", "k3", r#"{"accounts":1}"#).await.code(), 400);
        given.post_once(&anna, "/whitelist-account/add", "k3", r#"{"accounts":"c:p"}"#).await.data();
    }

    async fn another_request_under_the_key_is_409(store: &TestStore) {
        let given = Given::over(store);
        let (anna, ben) = (given.customer("anna@example.com").await, given.customer("ben@example.com").await);
        given.post_once(&anna, "/whitelist-account/add", "k", r#"{"accounts":"a:p"}"#).await.data();
        let others = [("/whitelist-account/add", r#"{"accounts":"b:p"}"#), ("/whitelist-account/add", r#"{"accounts":"a:p","limit":1}"#), ("/whitelist-account/enable", r#"{"accounts":"a:p"}"#)];
        for (path, json) in others {
            let answer = given.post_once(&anna, path, "k", json).await;
            if path.ends_with("add") {
                answer.must_be(r#"200 {"code":409,"msg":"This Idempotency-Key was used for another request","message":"This Idempotency-Key was used for another request","data":null,"errors":{}}"#);
            }
        }
        assert_eq!(given.post_once(&anna, "/whitelist-account/enable", "k", r#"{"accounts":"a"}"#).await.code(), 409);
        // Keys are each customer's own.
        given.post_once(&ben, "/whitelist-account/add", "k", r#"{"accounts":"b:p"}"#).await.data();
        // Where the parameters stand and in which language the answer is changes nothing.
        let uri = format!("{PREFIX}/whitelist-account/add?accounts=a:p&language=de");
        let request = Request::post(uri).header("idempotency-key", "k").body(Body::from(format!(r#"{{"app_key":"{}"}}"#, anna.key)));
        given.send(request.unwrap()).await.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":null}"#);
        assert_eq!(given.usernames(&anna).await, ["a"]);
    }

    async fn keys_that_are_none_are_refused(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        for key in [&"k".repeat(256), "a b", ""] {
            let answer = given.post_once(&anna, "/whitelist-account/add", key, r#"{"accounts":"a:p"}"#).await;
            assert_eq!((answer.code(), answer.errors("Idempotency-Key").len()), (400, 1), "{key}");
        }
        given.post_once(&anna, "/whitelist-account/add", &"k".repeat(255), r#"{"accounts":"a:p"}"#).await.data();
        // On reading calls the header means nothing.
        let request = Request::get(format!("{PREFIX}/whitelist-account/list?app_key={}", anna.key)).header("idempotency-key", "a b");
        given.send(request.body(Body::empty()).unwrap()).await.data();
    }

    async fn a_hundred_at_once_have_one_effect(store: &TestStore) {
        let given = std::sync::Arc::new(Given::over(store));
        let anna = std::sync::Arc::new(given.customer("anna@example.com").await);
        let tries: Vec<_> = (0..100).map(|_| {
            let (given, anna) = (given.clone(), anna.clone());
            tokio::spawn(async move {
                loop {
                    let answer = given.post_once(&anna, "/whitelist-account/add", "k", r#"{"accounts":"a:p"}"#).await;
                    // A store that is out of breath is asked again, as clients do.
                    if answer.status != http::StatusCode::SERVICE_UNAVAILABLE {
                        return answer;
                    }
                }
            })
        }).collect();
        let mut firsts = 0;
        for each in tries {
            let answer = each.await.unwrap();
            answer.must_be(r#"200 {"code":200,"msg":"Success","message":"Success","data":null}"#);
            firsts += usize::from(!answer.headers.contains_key("idempotent-replayed"));
        }
        assert!(firsts <= 1, "{firsts}");
        let rows = "SELECT count(*) FROM audit WHERE actor LIKE 'customer:%'";
        assert_eq!(store.store().number(rows).await.unwrap(), 1);
        assert_eq!(given.usernames(&anna).await, ["a"]);
    }
}

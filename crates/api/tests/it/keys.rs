//! Who calls: where the `app_key` may stand, and what is none.

use axum::body::Body;
use http::Request;
use turnpike_testkit::each_store;

use crate::given::{Given, PREFIX, operator};

const JSON: Option<&str> = Some("application/json");
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

each_store! {
    async fn the_key_may_stand_in_query_json_and_forms(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let key = &anna.key;
        let path = "/whitelist-account/add";
        let multipart = |name: &str| {
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"app_key\"\r\n\r\n{key}\r\n\
                 --b\r\nContent-Disposition: form-data; name=\"accounts\"\r\n\r\n{name}:p\r\n--b--\r\n"
            )
        };
        given.post_body(path, JSON, format!(r#"{{"app_key":"{key}","accounts":"a1:p"}}"#)).await.data();
        given.post_body(path, None, format!(r#"{{"app_key":"{key}","accounts":"a2:p"}}"#)).await.data();
        given.post_body(path, FORM, format!("app_key={key}&accounts=a3%3Ap")).await.data();
        given.post_body(path, Some("multipart/form-data; boundary=b"), multipart("a4")).await.data();
        // Everything in the query, with and without an empty body.
        given.post_body(&format!("{path}?app_key={key}&accounts=a5:p"), None, "").await.data();
        given.post_body(&format!("{path}?app_key={key}&accounts=a6:p"), JSON, "{}").await.data();
        // The same key twice, an empty one in either place, and the body before the query.
        let both = format!(r#"{{"app_key":"{key}","accounts":"a7:p"}}"#);
        given.post_body(&format!("{path}?app_key={key}&accounts=a0:p"), JSON, both).await.data();
        given.post_body(&format!("{path}?app_key="), JSON, format!(r#"{{"app_key":"{key}","accounts":"a8:p"}}"#)).await.data();
        given.post_body(&format!("{path}?app_key={key}"), JSON, r#"{"app_key":"","accounts":"a9:p"}"#).await.data();
        assert_eq!(given.usernames(&anna).await, ["a9", "a8", "a7", "a6", "a5", "a4", "a3", "a2", "a1"]);
        // A body on GET counts as well.
        let request = Request::get(format!("{PREFIX}/whitelist-account/list")).body(format!(r#"{{"app_key":"{key}"}}"#).into());
        given.send(request.unwrap()).await.data();
        // A non-empty key decides, whatever else is presented.
        let request = Request::get(format!("{PREFIX}/whitelist-account/list?app_key={key}")).header("authorization", "Bearer x");
        given.send(request.body(Body::empty()).unwrap()).await.data();
    }

    async fn everything_else_is_code_3(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let key = anna.key.as_str();
        let other = given.customer("ben@example.com").await.key;
        let queries = [
            String::new(), "app_key=".into(), "app_key=a".into(), format!("app_key={key}%00"), format!("app_key={key}%20"),
            format!("app_key=%20{key}"), format!("app_key={}", key.to_uppercase()), format!("app_key={}", &key[1..]),
            format!("app_key={}", "0".repeat(32)), format!("app_key={}", "f".repeat(60_000)), format!("app_key[]={key}"),
            format!("app_key={key}&app_key={other}"), format!("app_key={key}&app_key="), format!("APP_KEY={key}"),
            format!("app_key={}", key.replace(|c: char| c.is_ascii_digit(), "%EF%BC%91")), "app_key=%ff".into(),
        ];
        for query in &queries {
            let answer = given.request("GET", &format!("{PREFIX}/whitelist-account/list?language=en&{query}")).await;
            answer.must_be(r#"200 {"code":3,"msg":"Your session has expired, please log in again","message":"Your session has expired, please log in again","data":null,"errors":{}}"#);
        }
        for json in ["null", "1", "true", "[]", "{}", "12345678901234567890123456789012", r#""\ud800""#] {
            let body = format!(r#"{{"app_key":{json},"accounts":"a:p"}}"#);
            assert_eq!(given.post_body("/whitelist-account/add", JSON, body).await.code(), 3, "{json}");
        }
        let array = format!(r#"{{"app_key":["{key}"],"accounts":"a:p"}}"#);
        assert_eq!(given.post_body("/whitelist-account/add", JSON, array).await.code(), 3);
        // Two keys, both valid, that differ.
        let differing = format!(r#"{{"app_key":"{other}","accounts":"a:p"}}"#);
        assert_eq!(given.post(&anna, "/whitelist-account/add", differing).await.code(), 3);
        // A bearer token is never a key, nor is the key one.
        for authorization in [format!("Bearer {key}"), "Bearer x.y.z".into(), key.to_owned(), format!("Basic {key}")] {
            let request = Request::get(format!("{PREFIX}/whitelist-account/list")).header("authorization", &authorization);
            assert_eq!(given.send(request.body(Body::empty()).unwrap()).await.code(), 3, "{authorization}");
        }
        assert_eq!(given.usernames(&anna).await, Vec::<String>::new());
    }

    async fn a_wrong_key_is_told_before_anything_about_the_parameters(store: &TestStore) {
        let given = Given::over(store);
        for body in ["{", "[1]", "{}", r#"{"accounts":1}"#, r#"{"app_key":"x","accounts":"a:p"}"#] {
            let answer = given.post_body("/whitelist-account/add?app_key=x", JSON, body).await;
            assert_eq!(answer.code(), 3, "{body}");
        }
        let many: Vec<String> = (0..2000).map(|n| format!("p{n}=")).collect();
        let answer = given.request("GET", &format!("{PREFIX}/whitelist-account/list?{}", many.join("&"))).await;
        assert_eq!(answer.code(), 3);
    }

    async fn a_renewed_key_voids_the_old_one(store: &TestStore) {
        let given = Given::over(store);
        let mut anna = given.customer("anna@example.com").await;
        given.get(&anna, "/whitelist-account/list").await.data();
        let renewed = given.service.renew_app_key(&operator(), anna.id).await.unwrap();
        assert_eq!(given.get(&anna, "/whitelist-account/list").await.code(), 3);
        anna.key = renewed;
        given.get(&anna, "/whitelist-account/list").await.data();
    }
}

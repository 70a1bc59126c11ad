//! Paths, methods, headers and languages.

use axum::body::Body;
use http::{Request, StatusCode};
use turnpike_api::{ApiSettings, Prefix};
use turnpike_testkit::each_store;

use crate::given::{Given, PREFIX};

each_store! {
    async fn the_prefixes_are_configuration(store: &TestStore) {
        let prefixes = vec![Prefix::try_from("/mine".to_owned()).unwrap(), Prefix::try_from("/mine".to_owned()).unwrap()];
        let given = Given::with(store, ApiSettings { prefixes, ..ApiSettings::default() });
        assert_eq!(given.request("GET", "/mine/whitelist-account/list").await.code(), 3);
        assert_eq!(given.request("GET", "/api-gate-way/whitelist-account/list").await.status, StatusCode::NOT_FOUND);
        assert!(given.request("GET", "/openapi.json").await.body.contains("/mine/whitelist-account/list"));
    }

    async fn unknown_paths_are_404_in_the_envelope_and_never_a_redirect(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let paths = [
            "/", "/api-gate-way", "/api-gate-way/", "//api-gate-way/whitelist-account/list", "/api-gate-way//whitelist-account/list",
            "/api-gate-way/whitelist-account/list//", "/api-gate-way/./whitelist-account/list", "/api-gate-way/whitelist-account/../user-product/list",
            "/api-gate-way/whitelist-account%2Flist", "/api-gate-way/%2e%2e/openapi.json", "/api-gate-way/whitelist-account/list;x",
            "/api-gate-way/Whitelist-Account/list", "/api-gate-way/whitelist-account/list.json", "/API-GATE-WAY/whitelist-account/list",
        ];
        for path in paths {
            let answer = given.request("GET", &format!("{path}?language=en&app_key={}", anna.key)).await;
            answer.must_be(r#"404 {"code":404,"msg":"There is no such interface","message":"There is no such interface","data":null,"errors":{}}"#);
        }
    }

    async fn a_head_is_answered_and_nothing_turns_a_post_into_another_method(store: &TestStore) {
        let given = Given::over(store);
        let head = given.request("HEAD", &format!("{PREFIX}/whitelist-account/list")).await;
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
        let request = Request::post(format!("{PREFIX}/whitelist-account/list")).header("x-http-method-override", "GET");
        assert_eq!(given.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }

    async fn every_answer_has_safe_headers_and_a_number(store: &TestStore) {
        let given = Given::over(store);
        let mut numbers = std::collections::BTreeSet::new();
        for (method, path) in [("GET", "/whitelist-account/list"), ("PUT", "/whitelist-account/list"), ("GET", "/nowhere")] {
            let headers = given.request(method, &format!("{PREFIX}{path}")).await.headers;
            assert_eq!(headers["cache-control"], "no-store");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert!(headers.get("access-control-allow-origin").is_none());
            numbers.insert(headers["x-request-id"].to_str().unwrap().to_owned());
        }
        assert_eq!(numbers.len(), 3);
    }

    async fn messages_come_in_the_language_asked_for(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let message = async |query: &str, headers: &[(&str, &str)]| {
            let mut request = Request::get(format!("{PREFIX}/whitelist-account/list?app_key={}{query}", anna.key));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            given.send(request.body(Body::empty()).unwrap()).await.json()["message"].as_str().unwrap().to_owned()
        };
        assert_eq!(message("", &[]).await, "操作成功");
        assert_eq!(message("&language=en", &[("language", "zh")]).await, "Success");
        assert_eq!(message("", &[("language", "en-US"), ("accept-language", "zh")]).await, "Success");
        assert_eq!(message("", &[("accept-language", "fr-FR, en;q=0.5, zh;q=0.4")]).await, "Success");
        assert_eq!(message("&language=xx", &[("accept-language", "xx")]).await, "操作成功");
        let body = format!(r#"{{"app_key":"{}","language":"en"}}"#, anna.key);
        given.post_body("/whitelist-account/add", None, body).await.must_be(r#"200 {"code":400,"msg":"Some parameters are not valid","message":"Some parameters are not valid","data":null,"errors":{"accounts":["is required"]}}"#);
        given.request("GET", PREFIX).await.must_be(r#"404 {"code":404,"msg":"接口不存在","message":"接口不存在","data":null,"errors":{}}"#);
        given.post_body("/whitelist-account/add", None, format!(r#"{{"app_key":"{}"}}"#, anna.key)).await.must_be(r#"200 {"code":400,"msg":"参数错误","message":"参数错误","data":null,"errors":{"accounts":["不能为空"]}}"#);
    }
}

//! Bodies: their size, kind, depth and time.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use http::{Request, StatusCode};
use turnpike_api::ApiSettings;
use turnpike_testkit::each_store;

use crate::given::{Given, PREFIX};

const MEBIBYTE: usize = 1024 * 1024;
const ADD: &str = "/whitelist-account/add";

/// A body that adds an account and is padded to a size.
fn padded(length: usize) -> String {
    let (head, tail) = (r#"{"accounts":"a:p","padding":""#, r#""}"#);
    format!("{head}{}{tail}", "x".repeat(length - head.len() - tail.len()))
}

each_store! {
    async fn a_mebibyte_is_read_and_one_byte_more_is_413(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let answer = given.post(&anna, ADD, padded(MEBIBYTE + 1)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::PAYLOAD_TOO_LARGE, 413));
        // The same without an announced length.
        let pieces = padded(MEBIBYTE + 1).into_bytes().chunks(1000).map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece))).collect::<Vec<_>>();
        let answer = given.post(&anna, ADD, Body::from_stream(futures_util::stream::iter(pieces))).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::PAYLOAD_TOO_LARGE, 413));
        assert_eq!(given.usernames(&anna).await, Vec::<String>::new());
        given.post(&anna, ADD, padded(MEBIBYTE)).await.data();
    }

    async fn a_body_without_end_is_given_up(store: &TestStore) {
        let given = Given::with(store, ApiSettings { body_deadline_ms: 50, ..ApiSettings::default() });
        let anna = given.customer("anna@example.com").await;
        let answer = given.post(&anna, ADD, Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>())).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::REQUEST_TIMEOUT, 408));
        // One that is fast but endless is too large.
        let endless = futures_util::stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 16_384])));
        let answer = given.post(&anna, ADD, Body::from_stream(endless)).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::PAYLOAD_TOO_LARGE, 413));
    }

    async fn a_call_that_takes_too_long_is_503(store: &TestStore) {
        let given = Given::with(store, ApiSettings { request_deadline_ms: 50, ..ApiSettings::default() });
        let anna = given.customer("anna@example.com").await;
        let answer = given.post(&anna, ADD, Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>())).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::SERVICE_UNAVAILABLE, 503));
        assert_eq!(answer.headers["retry-after"], "1");
    }

    async fn malformed_json_is_code_400_and_quick(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let deep = format!(r#"{{"accounts":"a:p","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let open = format!(r#"{{"accounts":"a:p","x":{}"#, "{\"x\":".repeat(100_000));
        let many = format!(r#"{{"accounts":"a:p",{}}}"#, (0..1500).map(|n| format!(r#""p{n}":0"#)).collect::<Vec<_>>().join(","));
        let broken = [
            "{", "}", "x", "1", "[1,2]", r#""a""#, "{\"accounts\":\"a:p\"", "{\"accounts\":\"a:p\"}}", "{'accounts':'a:p'}",
            "accounts=a:p", "{\"accounts\":\"a:p\",}", "{\"accounts\":NaN}", "{\"accounts\":01}", deep.as_str(), open.as_str(), many.as_str(),
        ];
        for body in broken {
            let began = Instant::now();
            let answer = given.post(&anna, ADD, body.to_owned()).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::OK, 400), "{}", &body[..body.len().min(60)]);
            assert!(began.elapsed() < Duration::from_secs(1));
        }
        assert_eq!(given.post(&anna, ADD, &b"{\"accounts\":\"a:p\",\"x\":\"\xff\"}"[..]).await.code(), 400);
        given.post(&anna, ADD, deep).await.must_be(r#"200 {"code":400,"msg":"The JSON of the request body is nested too deeply","message":"The JSON of the request body is nested too deeply","data":null,"errors":{}}"#);
        assert_eq!(given.usernames(&anna).await, Vec::<String>::new());
        // A long list that nobody asked for is stepped over.
        let long = format!(r#"{{"accounts":"a:p","x":[{}0]}}"#, "0,".repeat(500_000));
        given.post(&anna, ADD, long).await.data();
    }

    async fn bodies_of_other_kinds_are_415(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let path = format!("{ADD}?app_key={}", anna.key);
        let body = r#"{"accounts":"a:p"}"#;
        for content_type in ["text/plain", "text/xml", "application/json; charset=utf-16", "multipart/form-data", "x", ""] {
            let answer = given.post_body(&path, Some(content_type), body).await;
            assert_eq!((answer.status, answer.code()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, 415), "{content_type}");
        }
        let zipped = Request::post(format!("{PREFIX}{path}")).header("content-encoding", "gzip").body(Body::from("\x1f"));
        assert_eq!(given.send(zipped.unwrap()).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(given.usernames(&anna).await, Vec::<String>::new());
        // No body, no kind: what it is called does not matter.
        given.post_body(&format!("{path}&accounts=a:p"), Some("text/plain"), "").await.data();
    }

    async fn a_large_multipart_form_is_bounded(store: &TestStore) {
        let given = Given::over(store);
        let anna = given.customer("anna@example.com").await;
        let path = format!("{ADD}?app_key={}", anna.key);
        let part = |n: usize| format!("--b\r\nContent-Disposition: form-data; name=\"p{n}\"\r\n\r\nx\r\n");
        let many = (0..2000).map(part).collect::<String>() + "--b--\r\n";
        let answer = given.post_body(&path, Some("multipart/form-data; boundary=b"), many).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::OK, 400));
        let broken = given.post_body(&path, Some("multipart/form-data; boundary=b"), part(1)).await;
        assert_eq!((broken.status, broken.code()), (StatusCode::OK, 400));
    }
}

//! The log: one line a request, and no secret in it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use tracing_subscriber::fmt::MakeWriter;
use turnpike_testkit::stores::TestStore;

use crate::alone;
use crate::given::{Given, PREFIX};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every log line of what a future does, at the finest level.
fn logged<T>(doing: impl Future<Output = T>) -> (T, String) {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(log.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let done = tracing::subscriber::with_default(subscriber.finish(), || runtime.block_on(doing));
    let lines = log.0.lock().unwrap().clone();
    (done, String::from_utf8(lines).unwrap())
}

#[test]
fn a_request_is_one_line_without_any_secret() {
    alone::run("true", "log::story");
}

#[test]
#[ignore = "the test above runs it: what other tests log would be in between"]
fn story() {
    let (key, log) = logged(async {
        let store = TestStore::sqlite().await.unwrap();
        let given = Given::over(&store);
        let anna = given.customer("anna@example.com").await;
        let key = &anna.key;
        let add = r#"{"accounts":"canaryuser:canarypass"}"#;
        given.post(&anna, "/whitelist-account/add", add).await.data();
        given.post(&anna, "/whitelist-account/add", r#"{"accounts":"x:canary-pass"}"#).await;
        given.get(&anna, "/whitelist-account/list").await.data();
        given.request("GET", &format!("{PREFIX}/{key}?app_key={key}")).await;
        given.request("PUT", &format!("{PREFIX}/whitelist-account/list/?app_key={key}")).await;
        let body = format!("{{\"app_key\":\"{key}\",\"password\":\"canarypass\"");
        given.post_body("/whitelist-account/change-password", None, body).await;
        let request =
            Request::get(format!("{PREFIX}/whitelist-account/list")).header("authorization", format!("Bearer {key}"));
        given.send(request.body(Body::empty()).unwrap()).await;
        store.remove().await.unwrap();
        anna.key
    });
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("turnpike_api")).collect();
    let requests = lines.iter().filter(|line| line.contains("request_id=")).count();
    assert_eq!(requests, 7, "{log}");
    assert!(lines[0].contains("route=\"/api-gate-way/whitelist-account/add\""), "{}", lines[0]);
    assert!(lines[0].contains("status=200 code=200 customer=1"), "{}", lines[0]);
    for secret in [key.as_str(), "canarypass", "canary-pass"] {
        assert!(!log.contains(secret), "{log}");
    }
}

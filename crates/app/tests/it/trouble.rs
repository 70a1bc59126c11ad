//! Why it failed: a customer reads of a refusal within two seconds, and is told beforehand what would become of a connection.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use turnpike_testkit::client::{Login, Protocol, ProxyError};
use turnpike_testkit::product::{Launch, Product};

use crate::until::until;

const SEEN_WITHIN: Duration = Duration::from_secs(2);
/// How often an explanation is asked for, one after the other.
const ASKED: usize = 100;
/// What 95 of 100 explanations stay below, with the gateway in the same process.
const EXPLAINED_WITHIN: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_read_within_two_seconds_and_known_before() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::new(Path::new(env!("CARGO_BIN_EXE_turnpike")), &folder.path().join("data")).unwrap();
    let product = Product::start(launch).unwrap();
    let (api, ready) = (product.api().unwrap(), product.ready());
    let login = format!("{}_area-FR_session-a", ready.username);
    let target: SocketAddr = "192.0.2.1:443".parse().unwrap();
    let body = json!({"login": login, "target": target.to_string(), "protocol": "connect"});
    let explained = api.post("explain", body.clone()).await.unwrap();
    let outcome = explained["summary"]["outcome"].clone();

    let proxy = product.proxy_as(Login::new(&login, &ready.password));
    let Err(ProxyError::Status { status, text }) = proxy.tunnel(Protocol::Connect, target).await else {
        panic!("France is not served")
    };
    assert_eq!(outcome["status"], status);
    assert!(text.contains(outcome["text"].as_str().unwrap()), "{text} {outcome}");
    let refused = Instant::now();
    let seen = until(SEEN_WITHIN, async || {
        let page = api.get("user-activity/list", "reason=place_not_served").await.ok()?;
        page["list"].get(0).cloned()
    });
    let entry = seen.await.expect("the refusal is read");
    assert_eq!((&entry["host"], &entry["port"]), (&json!("192.0.2.1"), &json!(443)), "{:?} later", refused.elapsed());
    assert_eq!(
        (&entry["reason"], &entry["status"], &entry["fault"]),
        (&outcome["reason"], &outcome["status"], &outcome["fault"])
    );

    let mut waits = Vec::new();
    for _ in 0..ASKED {
        let asked = Instant::now();
        api.post("explain", body.clone()).await.unwrap();
        waits.push(asked.elapsed());
    }
    waits.sort_unstable();
    let most = waits[ASKED * 95 / 100 - 1];
    eprintln!("explained in {:?} (median), {most:?} (95 of 100)", waits[ASKED / 2]);
    assert!(most < EXPLAINED_WITHIN, "{most:?}");
}

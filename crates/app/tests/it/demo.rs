//! `turnpike demo`: from an empty folder to metered traffic, and the same again after a restart.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use turnpike_testkit::client::Protocol;
use turnpike_testkit::origin::Origin;
use turnpike_testkit::product::{Launch, Product};

use crate::until::until;

/// The contract's bound from the end of a transfer until its bytes are seen.
const VISIBLE_WITHIN: Duration = Duration::from_secs(2);

fn launch(data: &Path) -> Launch {
    let mut launch = Launch::new(Path::new(env!("CARGO_BIN_EXE_turnpike")), data).unwrap();
    launch.package_gb = 1;
    launch
}

/// On a port that is open by default, at an address that no other test uses.
fn origin() -> Origin {
    Origin::start(&[SocketAddr::from(([127, 0, 3, 1], 8080))], 1).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_over_every_protocol_is_seen_within_two_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let product = Product::start(launch(&folder.path().join("data"))).unwrap();
    let (origin, proxy, api) = (origin(), product.proxy(), product.api().unwrap());
    let mut http = proxy.http().await.unwrap();
    let answer = http.get(&format!("http://{}/bytes/1000000", origin.address())).await.unwrap();
    assert_eq!((answer.status, answer.body), (200, 1_000_000));
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        let mut wire = proxy.tunnel(protocol, origin.address()).await.unwrap();
        wire.send(b"GET /bytes/200000 HTTP/1.0\r\n\r\n").await.unwrap();
        assert!(wire.discard(u64::MAX).await.unwrap() > 200_000, "{protocol:?}");
    }
    let seen = until(VISIBLE_WITHIN, async || {
        let answer = api.get("user-usage-flow/total", "").await.ok()?;
        let days = answer["list"].as_array()?.clone();
        let kilobytes: u64 = days.iter().filter_map(|day| day["flow"].as_u64()).sum();
        // The bodies, and beside them only the heads.
        (kilobytes >= 1_400_000 / 1024).then_some(kilobytes)
    });
    let kilobytes = seen.await.expect("the transfers are seen");
    assert!(kilobytes <= 1_402_000 / 1024, "{kilobytes} KB");
}

#[test]
fn a_master_key_that_does_not_fit_the_store_is_refused_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut product = Product::start(launch(&data)).unwrap();
    product.kill().unwrap();
    let key = data.join("master.key");
    let kept = std::fs::read_to_string(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let error = product.operator(&["customer", "list"]).unwrap_err().to_string();
    assert!(error.contains("does not fit the store"), "{error}");
    assert!(!key.exists());
    let other = kept.chars().rev().collect::<String>();
    std::fs::write(&key, other).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let error = product.operator(&["customer", "list"]).unwrap_err().to_string();
    assert!(error.contains("does not fit the store"), "{error}");
    std::fs::write(&key, kept).unwrap();
    assert!(product.operator(&["customer", "list"]).unwrap().contains("turnpike.example"));
}

#[test]
fn the_next_start_prints_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut product = Product::start(launch(&data)).unwrap();
    let kept = std::fs::read_to_string(data.join("demo.json")).unwrap();
    let (key, username) = (product.ready().app_key.clone(), product.ready().username.clone());
    product.kill().unwrap();
    product.restart().unwrap();
    assert_eq!((&product.ready().app_key, &product.ready().username), (&key, &username));
    assert_eq!(std::fs::read_to_string(data.join("demo.json")).unwrap(), kept);
}

/// The status and the body of a GET from the operator API.
fn ask_operator(product: &Product, path: &str, token: &str) -> (u16, String) {
    let address = product.launch().operator;
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = format!("GET /operator/v1{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n");
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn the_operator_api_answers_the_demos_token_and_those_made_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let product = Product::start(launch(&folder.path().join("data"))).unwrap();
    assert_eq!(product.ready().operator, format!("http://{}/operator/v1", product.launch().operator));
    let (status, customers) = ask_operator(&product, "/customers", &product.ready().operator_token);
    assert!(status == 200 && customers.contains(&product.ready().customer_email), "{status} {customers}");
    let (status, settings) = ask_operator(&product, "/settings", &product.ready().operator_token);
    assert!(status == 200 && settings.contains(&product.launch().gateway.to_string()), "{status} {settings}");
    let made = product.operator(&["token", "add", "reader", "--scope", "read", "--days", "1"]).unwrap();
    assert_eq!(ask_operator(&product, "/gateways", made.trim()).0, 200);
    assert_eq!(ask_operator(&product, "/customers/1/key", made.trim()).0, 403);
    assert!(product.operator(&["token", "list"]).unwrap().contains("reader"));
    product.operator(&["token", "revoke", "reader"]).unwrap();
    assert_eq!(ask_operator(&product, "/gateways", made.trim()).0, 401);
    assert!(product.operator(&["token", "revoke", "reader"]).is_err());
}

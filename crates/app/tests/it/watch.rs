//! The watch listener: health and metrics, as a prober and Prometheus ask for them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use turnpike_testkit::origin::Origin;

use crate::server::{Server, Site};
use crate::until::until;

/// An answer: status, head and body.
pub(crate) struct Answer {
    status: u16,
    head: String,
    pub(crate) body: String,
}

/// Asks the watch listener.
pub(crate) fn get(address: SocketAddr, path: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: watch\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_metrics_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin::start(&[([127, 0, 4, 6], 8080).into()], 1).unwrap();
    let site = Site::embedded(folder.path());
    let mut server = Server::start(&site);
    let api = site.add_customer(10_240).await;
    site.comes_to(200, &origin).await;
    assert!(api.get("no-such-call", "").await.is_err());
    assert_eq!(site.connect("wrong", &origin).await, 407);
    assert_eq!(get(site.watch, "/livez").unwrap().status, 200);
    let ready = get(site.watch, "/readyz").unwrap();
    assert_eq!(ready.status, 200, "{}", ready.body);
    let report: Value = serde_json::from_str(&ready.body).unwrap();
    let names: Vec<_> =
        report["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["serving", "store", "directory", "gateway"]);
    let metrics = get(site.watch, "/metrics").unwrap();
    assert!(metrics.head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let body = &metrics.body;
    for line in [
        "# TYPE turnpike_store_seconds histogram",
        "# UNIT turnpike_store_seconds seconds",
        "turnpike_store_seconds_bucket{le=\"+Inf\",kind=\"write\"}",
        "turnpike_store_failures_total 0",
        "turnpike_api_requests_total{api=\"api\",code=\"200\"} 1",
        "turnpike_build_info{version=",
        "turnpike_tunnels 0",
        "turnpike_relayed_bytes_total{direction=\"to_client\"} 0",
        "turnpike_refusals_total{reason=\"credentials\"} 1",
        "# UNIT turnpike_lease_oldest_seconds seconds",
        "turnpike_feed_contact_age_seconds 0.",
        "turnpike_unsettled_bytes 0",
        "turnpike_exits{state=\"up\"} 1",
        "turnpike_exit_outages_total 0",
        "turnpike_exit_faults_total{fault=\"login\"} 0",
        "turnpike_nodes{state=\"live\"} 1",
        "turnpike_payments_parked 0",
        "process_open_fds ",
    ] {
        assert!(body.contains(line), "{line} is missing in\n{body}");
    }
    assert!(body.ends_with("# EOF\n"));
    assert!(!body.contains("alpha") && !body.contains("anna"), "no customer is named");
    assert_eq!(get(site.watch, "/").unwrap().status, 404);
    // While it drains it is not ready, and says so until the end.
    let tunnel = site.proxy().tunnel(turnpike_testkit::client::Protocol::Connect, origin.address()).await.unwrap();
    server.signal("-TERM");
    let unready =
        until(Duration::from_secs(5), async || get(site.watch, "/readyz").ok().filter(|answer| answer.status == 503));
    assert!(unready.await.unwrap().body.contains("drains"));
    drop(tunnel);
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn it_answers_when_there_is_no_descriptor_left() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let serve = site.command(&["serve"]);
    let mut limited = std::process::Command::new("prlimit");
    limited.arg("--nofile=160").arg(serve.get_program()).args(serve.get_args());
    let mut server = Server::start_as(limited);
    // More clients than there are descriptors; they wait, and hold what they got.
    let clients: Vec<_> = (0..200).map(|_| TcpStream::connect(site.gateway).unwrap()).collect();
    server.until_logged("no descriptor or memory");
    for path in ["/livez", "/readyz", "/metrics", "/livez"] {
        let asked_at = Instant::now();
        assert_eq!(get(site.watch, path).unwrap().status, 200, "{path}");
        assert!(asked_at.elapsed() < Duration::from_secs(1), "{path} took {:?}", asked_at.elapsed());
    }
    drop(clients);
}

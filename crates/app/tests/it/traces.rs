//! Traces reach a collector by OTLP over HTTP: what a request, its act and a client's connection become there.

mod collector;
mod protobuf;

use std::time::Duration;

use turnpike_testkit::client::{Protocol, ProxyError};
use turnpike_testkit::origin::Origin;

use crate::server::{Server, Site};
use crate::until::until;
use crate::watch::get;
use collector::{Collector, Span};

/// How long a span may be on its way.
const ARRIVES_WITHIN: Duration = Duration::from_secs(20);

/// How long a process may take to start.
const START_AT_MOST: Duration = Duration::from_mins(1);
/// What is logged when nobody takes spans.
const NOT_TAKEN: &str = "the collector does not take traces";

/// OTLP's number of the kind of span that answers others.
const SERVER: u64 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_its_act_and_a_connection_become_spans() {
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin::start(&[([127, 0, 4, 61], 8080).into()], 1).unwrap();
    let collector = Collector::start();
    let site = Site::embedded(folder.path());
    site.write(&format!("[traces]\nendpoint = '{}'\nevery_ms = 50\n", collector.url()));
    let mut server = Server::start(&site);
    let api = site.add_customer(10_240).await;
    site.comes_to(200, &origin).await;
    let mut tunnel = site.proxy().tunnel(Protocol::Connect, origin.address()).await.unwrap();
    tunnel.send(b"GET /bytes/300000 HTTP/1.0\r\n\r\n").await.unwrap();
    let carried = tunnel.discard(u64::MAX).await.unwrap();
    drop(tunnel);
    assert_eq!(site.connect("wrong", &origin).await, 407);
    assert!(api.get("no-such-call", "").await.is_err());

    let request = collector.span("the request", |span| span.name.ends_with("/whitelist-account/add"));
    assert_eq!((request.kind, request.text("http.request.method")), (SERVER, Some("POST")));
    assert_eq!(request.number("http.response.status_code"), Some(200));
    assert_eq!(request.number("turnpike.code"), Some(200));
    assert_eq!(request.text("turnpike.customer"), Some("1"));
    assert!(request.text("turnpike.request_id").is_some_and(|id| id.contains('-')));
    assert_eq!(request.parent, None);

    let act = collector.span("its act", |span| span.name == "add_accounts" && span.trace == request.trace);
    assert_eq!(act.parent.as_ref(), Some(&request.id));
    assert!(act.begun >= request.begun && act.ended <= request.ended && act.begun <= act.ended);

    let whole = |span: &Span| span.name == "connection" && span.number("turnpike.to_client") == Some(carried);
    let connection = collector.span("the tunnel", whole);
    assert_eq!(connection.text("turnpike.outcome"), Some("closed"));
    assert_eq!(connection.text("turnpike.protocol"), Some("connect"));
    assert_eq!(connection.text("turnpike.account"), Some("1"));
    assert!(connection.text("turnpike.connection").is_some() && connection.ended > connection.begun);
    let refused = |span: &Span| span.name == "connection" && span.text("turnpike.outcome") == Some("credentials");
    collector.span("the refusal", refused);

    // What is left is sent at the end.
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(0));
    let all = format!("{:?}", collector.all());
    for secret in ["secret1", "wrong", api.key(), "anna@example.com", "127.0.4.61"] {
        assert!(!all.contains(secret), "{secret} is in the traces");
    }
    assert!(all.contains("service.name"), "the collector knows who tells");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_collector_everything_goes_on_and_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin::start(&[([127, 0, 4, 62], 8080).into()], 1).unwrap();
    let nobody = turnpike_testkit::product::free_address(std::net::Ipv4Addr::LOCALHOST).unwrap();
    let site = Site::embedded(folder.path());
    site.write(&format!("[traces]\nendpoint = 'http://{nobody}/v1/traces'\nevery_ms = 50\n"));
    let mut server = Server::spawn(site.command(&["serve"]));
    // Perhaps before it serves: its first acts are traced too.
    server.until_logged(NOT_TAKEN);
    let ready = until(START_AT_MOST, async || get(site.watch, "/readyz").ok());
    assert!(ready.await.is_some(), "it serves without a collector");
    site.add_customer(10_240).await;
    site.comes_to(200, &origin).await;
    let refused = site.proxy().tunnel(Protocol::Connect, ([127, 0, 0, 1], 1).into()).await;
    assert!(matches!(refused, Err(ProxyError::Status { status: 403, .. })));
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(0));
    let again: Vec<_> = server.rest_of_log().into_iter().filter(|line| line.contains(NOT_TAKEN)).collect();
    assert!(again.is_empty(), "told once: {again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_sampled_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let site = Site::embedded(folder.path());
    site.write(&format!("[traces]\nendpoint = '{}'\nevery_ms = 50\nsample_ratio = 0\n", collector.url()));
    let mut server = Server::start(&site);
    site.add_customer(10_240).await;
    // Everything that is sent at all has been sent when the process has ended.
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(0));
    assert!(collector.all().is_empty());
}

//! The counting origin and the clients agree with each other on every byte, without a proxy in between.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use turnpike_testkit::client::{Protocol, Proxy};
use turnpike_testkit::origin::Origin;
use turnpike_testkit::wire::Wire;

const SOON: Duration = Duration::from_secs(10);

fn origin() -> Origin {
    Origin::start(&["127.0.0.1:0".parse().unwrap()], 2).unwrap()
}

async fn raw(origin: &Origin, line: &str) -> Wire {
    let direct = Proxy { address: origin.address(), login: None };
    let mut wire = direct.tunnel(Protocol::Bare, origin.address()).await.unwrap();
    wire.send(line.as_bytes()).await.unwrap();
    wire
}

#[tokio::test]
async fn a_download_is_the_pattern_and_counts_the_same_on_both_ends() {
    let origin = origin();
    let mut wire = raw(&origin, "DOWN 5000000 down\n").await;
    assert_eq!(wire.check(u64::MAX).await.unwrap(), (5_000_000, true));
    let (sent, received) = (wire.sent(), wire.received());
    drop(wire);
    assert!(origin.settled(SOON).await);
    let tally = origin.ledger().tally("down");
    assert_eq!((tally.received, tally.sent, tally.resets), (sent, received, 0));
}

#[tokio::test]
async fn an_upload_with_a_half_close_is_checked_and_answered() {
    let origin = origin();
    let mut wire = raw(&origin, "VERIFY up\n").await;
    wire.send_pattern(0, 3_000_000).await.unwrap();
    wire.finish_sending().unwrap();
    while wire.fill().await.unwrap() > 0 {}
    assert_eq!(wire.pending(), b"3000000 right\n");
    let sent = wire.sent();
    drop(wire);
    assert!(origin.settled(SOON).await);
    assert_eq!(origin.ledger().tally("up").received, sent);
}

#[tokio::test]
async fn bytes_flow_both_ways_at_once() {
    let origin = origin();
    let mut wire = raw(&origin, "BOTH 2000000 both\n").await;
    assert!(wire.exchange(1_000_000, true).await.unwrap());
    assert_eq!(wire.received(), 2_000_000);
    drop(wire);
    assert!(origin.settled(SOON).await);
    assert_eq!(origin.ledger().tally("both").received, 1_000_018);
}

#[tokio::test]
async fn a_reset_is_a_reset_and_counts_as_one() {
    let origin = origin();
    let mut wire = raw(&origin, "RESET 100000 cut\n").await;
    assert!(wire.discard(u64::MAX).await.is_err());
    drop(wire);
    assert!(origin.settled(SOON).await);
    let tally = origin.ledger().tally("cut");
    assert_eq!((tally.exchanges, tally.sent), (1, 100_000));

    let wire = raw(&origin, "HANG 10 gone\n").await;
    wire.stream().readable().await.unwrap();
    wire.reset().unwrap();
    assert!(origin.settled(SOON).await);
    assert_eq!(origin.ledger().tally("gone").resets, 1);
}

#[tokio::test]
async fn http_exchanges_on_one_connection_count_under_their_own_tokens() {
    let origin = origin();
    let direct = Proxy { address: origin.address(), login: None };
    let mut http = direct.http().await.unwrap();
    let url = |path: &str| format!("http://{}{path}", origin.address());
    let mut seen = Vec::new();
    for (path, body) in [("/bytes/70000?t=a", 70_000), ("/chunked/70000?t=b", 70_000), ("/slow/3?t=c", 3)] {
        http.wire().restart_counts();
        let answer = http.get(&url(path).replace(&format!("http://{}", origin.address()), "")).await.unwrap();
        assert_eq!((answer.status, answer.body, answer.right, answer.closes), (200, body, true, false));
        seen.push((http.wire().sent(), http.wire().received()));
    }
    http.wire().restart_counts();
    assert_eq!(http.post_chunked("/sink?t=d", 100_000, 999).await.unwrap().status, 200);
    seen.push((http.wire().sent(), http.wire().received()));
    http.wire().restart_counts();
    let echoed = http.post("/echo?t=e", 50_000).await.unwrap();
    assert_eq!((echoed.body, echoed.right), (50_000, true));
    seen.push((http.wire().sent(), http.wire().received()));
    drop(http);
    assert!(origin.settled(SOON).await);
    assert_eq!(origin.ledger().connections(), 1);
    for (token, (sent, received)) in ["a", "b", "c", "d", "e"].into_iter().zip(seen) {
        let tally = origin.ledger().tally(token);
        assert_eq!((tally.received, tally.sent), (sent, received), "{token}");
    }
}

#[tokio::test]
async fn an_answer_cut_short_by_a_reset_is_an_error() {
    let origin = origin();
    let direct = Proxy { address: origin.address(), login: None };
    let mut http = direct.http().await.unwrap();
    assert!(http.get("/reset/5000?t=r").await.is_err());
    assert!(http.into_wire().received() > 5000);
    assert!(origin.settled(SOON).await);
    assert_eq!(origin.ledger().tally("r").exchanges, 1);
}

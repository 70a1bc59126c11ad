//! Upstreams that fail in every way they can, and whose fault that is.

use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::time::Instant;

use super::*;

const TARGET: &str = "target.example:443";

/// What a client is told when an upstream that speaks HTTP does this.
async fn over_http(steps: Vec<Step>) -> (DialError, Desk) {
    let (desk, at) = (Desk::new(), scripted(steps).await);
    (desk.error(&upstream("http", at, None), TARGET).await, desk)
}

/// As [`over_http`], for one that speaks SOCKS5 without a login.
async fn over_socks(steps: Vec<Step>) -> (DialError, Desk) {
    let (desk, at) = (Desk::new(), scripted(steps).await);
    (desk.error(&upstream("socks5", at, None), TARGET).await, desk)
}

fn greeted(then: Vec<Step>) -> Vec<Step> {
    [hear(&[5, 1, 0]), say(&[5, 0]), Step::Hear([&[5, 1, 0, 3, 14], &b"target.example"[..], &[1, 187]].concat())]
        .into_iter()
        .chain(then)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_an_http_upstream_answers_decides_whose_fault_it_is() {
    let cases: [(&str, DialError); 16] = [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", ExitFault::Login.into()),
        ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", ExitFault::Login.into()),
        ("HTTP/1.1 402 Payment Required\r\n\r\n", ExitFault::Spent.into()),
        ("HTTP/1.1 429 Too Many Requests\r\n\r\n", ExitFault::Spent.into()),
        ("HTTP/1.1 405 Method Not Allowed\r\n\r\n", ExitFault::Protocol.into()),
        ("HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n", ExitFault::Protocol.into()),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", Refusal::ExitDeniesTarget.into()),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", Refusal::ConnectFailed.into()),
        ("HTTP/1.0 503 Service Unavailable\r\n\r\n", Refusal::ConnectFailed.into()),
        ("HTTP/1.1 504 Gateway Timeout\r\n\r\n", Refusal::ConnectTimedOut.into()),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", ExitFault::Protocol.into()),
        ("HTTP/1.1 200 OK\n\n", ExitFault::Protocol.into()),
        ("HTTP/1.1 200 OK\r\nno field\r\n\r\n", ExitFault::Protocol.into()),
        ("HTTP/1.1 200 O", ExitFault::Protocol.into()),
        ("", ExitFault::Closed.into()),
        ("\r\n\r\n", ExitFault::Protocol.into()),
    ];
    for (answer, due) in cases {
        let (error, desk) = over_http(vec![Step::HearHead, say(answer.as_bytes())]).await;
        assert_eq!(error, due, "{answer}");
        assert!(!desk.health.is_out(), "one prompt failure is no outage: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_socks_upstream_answers_decides_whose_fault_it_is() {
    let reply = |field: u8| say(&[5, field, 0, 1, 0, 0, 0, 0, 0, 0]);
    let cases: [(Vec<Step>, DialError); 13] = [
        (vec![], ExitFault::Closed.into()),
        (vec![hear(&[5, 1, 0]), say(&[5])], ExitFault::Protocol.into()),
        (vec![hear(&[5, 1, 0]), say(&[5, 0xff])], ExitFault::Login.into()),
        (vec![hear(&[5, 1, 0]), say(&[5, 2])], ExitFault::Protocol.into()),
        (vec![hear(&[5, 1, 0]), say(b"HT")], ExitFault::Protocol.into()),
        (greeted(vec![]), ExitFault::Closed.into()),
        (greeted(vec![say(&[5, 0, 0])]), ExitFault::Protocol.into()),
        (greeted(vec![say(&[5, 0, 0, 9, 0, 0])]), ExitFault::Protocol.into()),
        (greeted(vec![reply(1)]), Refusal::ConnectFailed.into()),
        (greeted(vec![reply(2)]), Refusal::ExitDeniesTarget.into()),
        (greeted(vec![reply(4)]), Refusal::Unreachable.into()),
        (greeted(vec![reply(5)]), Refusal::ConnectRefused.into()),
        (greeted(vec![reply(6)]), Refusal::ConnectTimedOut.into()),
    ];
    for (steps, due) in cases {
        let text = format!("{steps:?}");
        assert_eq!(over_socks(steps).await.0, due, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_refused_is_the_exits_fault() {
    let steps = vec![hear(&[5, 1, 2]), say(&[5, 2]), hear(b"\x01\x01u\x01p"), say(&[1, 1])];
    let (desk, at) = (Desk::new(), scripted(steps).await);
    assert_eq!(desk.error(&upstream("socks5", at, Some(("u", "p"))), TARGET).await, ExitFault::Login.into());
}

#[tokio::test(start_paused = true)]
async fn three_failures_in_a_row_take_an_exit_out_at_once() {
    let (desk, route) = (Desk::new(), upstream("http", nowhere().await, None));
    for _ in 0..3 {
        assert!(!desk.health.is_out());
        assert_eq!(desk.error(&route, TARGET).await, ExitFault::Unreachable.into());
    }
    assert!(desk.health.is_out(), "whoever looks next must see it");
    assert_eq!(desk.ward.admitted().await.into_iter().collect::<Vec<_>>(), [EXIT]);
    assert_eq!(desk.ward.counts().outs, 1);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_swallows_connections_is_out_after_two_seconds() {
    // The kernel drops what finds the queue full, as a wall would.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = socket.listen(0).unwrap();
    let at = listener.local_addr().unwrap();
    let _queued = TcpStream::connect(at).await.unwrap();
    let (desk, begun) = (Desk::new(), Instant::now());
    let error = desk.error(&upstream("http", at, None), TARGET).await;
    assert_eq!((error.clone(), error.refusal()), (DialError::HUNG, Refusal::ExitTimedOut));
    assert!(begun.elapsed() < Duration::from_millis(2_100), "{:?}", begun.elapsed());
    assert!(desk.health.is_out(), "once is enough");
}

#[tokio::test(start_paused = true)]
async fn a_socks_upstream_that_says_nothing_to_a_greeting_is_out_after_two_seconds() {
    for steps in [vec![Step::Hang], vec![hear(&[5, 1, 0]), say(&[5]), Step::Hang]] {
        let begun = Instant::now();
        let (error, desk) = over_socks(steps).await;
        assert_eq!(error, DialError::HUNG);
        assert!(begun.elapsed() < Duration::from_millis(2_100) && desk.health.is_out());
    }
}

#[tokio::test(start_paused = true)]
async fn silence_once_the_target_is_named_may_be_the_targets_and_is_looked_into() {
    for (error, desk) in
        [over_http(vec![Step::HearHead, Step::Hang]).await, over_socks(greeted(vec![Step::Hang])).await]
    {
        assert_eq!((error.clone(), error.refusal()), (DialError::Silent, Refusal::ConnectTimedOut));
        assert!(!desk.health.is_out());
        assert!(desk.ward.admitted().await.contains(&EXIT), "nobody was told to look");
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_answer_is_the_exits_fault() {
    let (error, _) = over_http(vec![Step::HearHead, say(b"HTTP/1.1 200 OK\r\nVia"), Step::Hang]).await;
    assert_eq!(error, ExitFault::Protocol.into());
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_end_is_cut_off() {
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(20_000));
    let (error, _) = over_http(vec![Step::HearHead, say(endless.as_bytes()), Step::Hang]).await;
    assert_eq!(error, ExitFault::Protocol.into());
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(50);
    let (error, _) = over_http(vec![Step::HearHead, say(interim.as_bytes()), Step::Hang]).await;
    assert_eq!(error, ExitFault::Protocol.into());
}

#[tokio::test(start_paused = true)]
async fn an_upstream_whose_name_does_not_exist_is_the_exits_fault() {
    let route = Route::parse("http://no-such-upstream.invalid:1", None, UpstreamPassword::default()).unwrap();
    let mut settings = Settings::default();
    settings.resolver.servers = vec![nowhere().await];
    settings.resolver.query_ms = 50;
    let (settings, mut desk) = (Arc::new(settings), Desk::new());
    let resolver = Arc::new(Resolver::new(Arc::clone(&settings), Arc::default()));
    desk.dialler = Dialler::new(settings, resolver, Arc::clone(&desk.ward));
    assert_eq!(desk.error(&route, TARGET).await, ExitFault::NoSuchUpstream.into());
}

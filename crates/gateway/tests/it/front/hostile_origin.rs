//! Origins that break the protocol: nothing of theirs is mistaken for a response, and a response that was cut short
//! is seen to be.

use super::client::{header, status};
use super::origin::Origin;
use super::{LOGIN, connect, start, start_with};

/// What the client gets to see for a GET that the origin answers so, and whether its connection was reset.
async fn seen(answer: &[u8], then_close: bool) -> (String, bool) {
    let house = start().await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    let at = origin.address();
    client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n{LOGIN}\r\n")).await;
    let mut far = origin.accept().await;
    far.receive_head().await;
    // The gateway may refuse it before all of it is written.
    far.try_send(answer).await.ok();
    if then_close {
        drop(far);
    }
    let (bytes, reset) = client.receive_until_reset().await;
    (String::from_utf8_lossy(&bytes).into_owned(), reset)
}

#[tokio::test]
async fn responses_that_can_be_read_in_two_ways_are_refused() {
    let broken: &[(&[u8], &str)] = &[
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "http_response_transfer_coding"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", "http_response_transfer_coding"),
        (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "http_response_transfer_coding"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5x\r\nhello\r\n0\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello", "http_protocol_error"),
        (b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 101 Yes\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", "http_upgrade_failed"),
        (b"HTTP/1.1 99 x\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 1000 x\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 +20 x\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 2 0 x\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1200 OK\r\n\r\n", "http_protocol_error"),
        (b"HTTP/2 200 OK\r\n\r\n", "http_protocol_error"),
        (b"http/1.1 200 OK\r\n\r\n", "http_protocol_error"),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", "http_protocol_error"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "http_response_incomplete"),
        (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\n: b\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 200 \x01\r\n\r\n", "http_protocol_error"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "http_response_incomplete"),
        (b"", "connection_terminated"),
    ];
    for (answer, error) in broken {
        let (seen, reset) = seen(answer, true).await;
        assert_eq!((status(&seen), reset), (502, false), "{:?}", String::from_utf8_lossy(answer));
        let expected = format!("turnpike; error={error};");
        assert!(header(&seen, "proxy-status").unwrap().starts_with(&expected), "{answer:?}: {seen}");
    }
}

#[tokio::test]
async fn heads_without_end_are_refused() {
    let long_line = [&b"HTTP/1.1 200 OK\r\nA: "[..], &vec![b'b'; 1 << 20]].concat();
    let many_lines = [&b"HTTP/1.1 200 OK\r\n"[..], "A: b\r\n".repeat(1000).as_bytes(), b"\r\n"].concat();
    for answer in [long_line, many_lines] {
        let (seen, _) = seen(&answer, false).await;
        assert!(seen.contains("error=http_response_header_section_size;"), "{seen}");
    }
}

#[tokio::test]
async fn interim_responses_are_passed_on_and_bounded() {
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (few, _) = seen(format!("{}{last}", early.repeat(10)).as_bytes(), false).await;
    assert_eq!(few, format!("{}{last}", early.repeat(10)));
    // By then the client was sent something, so all that can be told is that it did not end well.
    let (many, reset) = seen(format!("{}{last}", early.repeat(11)).as_bytes(), false).await;
    assert_eq!((many, reset), (early.repeat(11), true));
}

#[tokio::test]
async fn a_body_that_was_cut_short_is_seen_to_be() {
    for answer in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ] {
        let (seen, reset) = seen(answer.as_bytes(), true).await;
        assert!(seen.contains("\r\n\r\n") && !seen.ends_with("0\r\n\r\n"), "{seen}");
        assert!(reset, "{answer}");
    }
}

#[tokio::test]
async fn what_follows_a_response_is_no_response() {
    let house = start().await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    let at = origin.address();
    let request = format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n{LOGIN}\r\n");
    client.send(&request).await;
    let mut far = origin.accept().await;
    far.receive_head().await;
    far.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil").await;
    assert_eq!(client.receive_response().await.1, "hello");
    client.send(&request).await;
    let mut other = origin.accept().await;
    other.receive_head().await;
    other.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood").await;
    assert_eq!(client.receive_response().await.1, "good");
    assert_eq!(far.receive_until_reset().await.0, b"");
}

#[tokio::test]
async fn a_response_before_its_request_is_no_response() {
    let house = start().await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    let at = origin.address();
    let request = format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n{LOGIN}\r\n");
    let good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";
    client.send(&request).await;
    let mut far = origin.accept().await;
    far.receive_head().await;
    far.send(good).await;
    assert_eq!(client.receive_response().await.1, "good");
    far.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil").await;
    // Another answer of the gateway's: by then it has seen what the origin sent.
    client.send("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(status(&client.receive_response().await.0), 407);
    client.send(&request).await;
    let mut other = origin.accept().await;
    other.receive_head().await;
    other.send(good).await;
    assert_eq!(client.receive_response().await.1, "good");
}

#[tokio::test]
async fn an_origin_that_says_nothing_is_given_up() {
    let house = start_with(|settings| settings.deadlines.response_s = 1).await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    let at = origin.address();
    client.send(format!("GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n{LOGIN}\r\n")).await;
    let far = origin.accept().await;
    let (head, _) = client.receive_response().await;
    assert_eq!(status(&head), 504);
    assert!(head.contains("error=http_response_timeout;"), "{head}");
    drop(far);
}

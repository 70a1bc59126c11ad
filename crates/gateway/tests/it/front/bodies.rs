//! Bodies both ways, in every framing; what is billed is what was relayed, to the byte.

use super::client::{Client, status};
use super::origin::Origin;
use super::{LOGIN, billed, connect, start};
use crate::support::House;

/// More than any buffer on the way.
const LONG: usize = 8 * 1024 * 1024;

struct Pair {
    house: House,
    origin: Origin,
    client: Client,
}

impl Pair {
    async fn new() -> Self {
        let house = start().await;
        let client = connect(&house).await;
        Self { house, origin: Origin::start().await, client }
    }

    /// Sends a request with these fields and gives what the origin is sent for them, once it is there.
    async fn request(&mut self, method: &str, fields: &str) -> (Client, String) {
        let at = self.origin.address();
        self.client.send(format!("{method} http://{at}/ HTTP/1.1\r\nHost: {at}\r\n{LOGIN}{fields}\r\n")).await;
        let mut far = self.origin.accept().await;
        let head = far.receive_head().await;
        (far, head)
    }

    /// Ends everything and checks that so many bytes were billed.
    async fn assert_billed(self, bytes: usize) {
        drop(self.client);
        assert_eq!(billed(self.house).await, u64::try_from(bytes).unwrap());
    }
}

#[tokio::test]
async fn a_long_body_with_a_length_goes_up() {
    let mut pair = Pair::new().await;
    let (mut far, head) = pair.request("POST", &format!("Content-Length: {LONG}\r\n")).await;
    let body = pattern(LONG);
    let (received, ()) = tokio::join!(far.receive(LONG), pair.client.send(&body));
    assert!(received == body);
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    far.send(response).await;
    assert_eq!(pair.client.receive(response.len()).await, response.as_bytes());
    pair.assert_billed(head.len() + LONG + response.len()).await;
}

#[tokio::test]
async fn a_long_body_with_a_length_comes_down() {
    let mut pair = Pair::new().await;
    let (mut far, head) = pair.request("GET", "").await;
    let response_head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LONG}\r\n\r\n");
    let response = [response_head.as_bytes(), &pattern(LONG)].concat();
    let (received, ()) = tokio::join!(pair.client.receive(response.len()), far.send(&response));
    assert!(received == response);
    pair.assert_billed(head.len() + response.len()).await;
}

#[tokio::test]
async fn chunks_go_up_and_come_down_written_anew() {
    let mut pair = Pair::new().await;
    let (mut far, head) = pair.request("POST", "Transfer-Encoding: Chunked\r\n").await;
    assert!(head.ends_with("\r\nTransfer-Encoding: chunked\r\n\r\n"), "{head}");
    pair.client.send("005;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n").await;
    let body = "5\r\nhello\r\n0\r\n\r\n";
    assert_eq!(far.receive(body.len()).await, body.as_bytes());
    far.send("HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n00A;x\r\n0123456789\r\n000\r\nA: b\r\n\r\n").await;
    let response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n";
    assert_eq!(pair.client.receive(response.len()).await, response.as_bytes());
    pair.assert_billed(head.len() + body.len() + response.len()).await;
}

#[tokio::test]
async fn long_chunks_come_down_whole() {
    let mut pair = Pair::new().await;
    let (mut far, head) = pair.request("GET", "").await;
    let response_head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{LONG:x}\r\n");
    let response = [response_head.as_bytes(), &pattern(LONG), b"\r\n5\r\nhello\r\n0\r\n\r\n"].concat();
    let (received, ()) = tokio::join!(pair.client.receive(response.len()), far.send(&response));
    assert!(received == response);
    pair.assert_billed(head.len() + response.len()).await;
}

#[tokio::test]
async fn thousands_of_tiny_chunks_pass() {
    let mut pair = Pair::new().await;
    let (mut far, _) = pair.request("GET", "").await;
    let chunks = "1\r\nx\r\n".repeat(20_000);
    let response = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    let (received, ()) = tokio::join!(pair.client.receive(response.len()), far.send(&response));
    assert!(received == response.as_bytes());
}

#[tokio::test]
async fn chunks_behind_a_large_head_are_not_left_behind() {
    let mut pair = Pair::new().await;
    let (mut far, _) = pair.request("GET", "").await;
    let cookie = format!("Set-Cookie: {}\r\n", "c".repeat(40_000));
    let chunks = "1\r\nx\r\n".repeat(9_000);
    let response = format!("HTTP/1.1 200 OK\r\n{cookie}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    let (received, ()) = tokio::join!(pair.client.receive(response.len()), far.send(&response));
    assert!(received == response.as_bytes());
}

#[tokio::test]
async fn a_body_until_close_ends_with_the_connection() {
    let mut pair = Pair::new().await;
    let (mut far, head) = pair.request("GET", "").await;
    far.send("HTTP/1.0 200 OK\r\n\r\n").await;
    let send = async {
        far.send(pattern(LONG)).await;
        drop(far);
    };
    let (received, ()) = tokio::join!(pair.client.receive_to_end(), send);
    let expected = [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &pattern(LONG)].concat();
    assert!(received.unwrap() == expected);
    pair.assert_billed(head.len() + expected.len()).await;
}

#[tokio::test]
async fn a_client_is_told_to_go_on_before_it_sends_its_body() {
    let mut pair = Pair::new().await;
    let (mut far, head) = pair.request("PUT", "Content-Length: 5\r\nExpect: 100-continue\r\n").await;
    assert!(head.contains("\r\nExpect: 100-continue\r\n"), "{head}");
    far.send("HTTP/1.1 100 Continue\r\n\r\n").await;
    assert_eq!(pair.client.receive_head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    pair.client.send("hello").await;
    assert_eq!(far.receive(5).await, b"hello");
    far.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(pair.client.receive_head().await, "HTTP/1.1 204 No Content\r\n\r\n");
}

#[tokio::test]
async fn an_origin_may_refuse_a_body_it_has_not_read() {
    let mut pair = Pair::new().await;
    let (mut far, _) = pair.request("POST", "Content-Length: 1000000000000\r\n").await;
    far.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno").await;
    let (head, body) = pair.client.receive_response().await;
    assert_eq!((status(&head), body.as_str()), (413, "no"));
    // The rest of the body cannot be told from a request, so the connection ends.
    assert!(head.contains("\r\nConnection: close\r\n"), "{head}");
    assert_eq!(pair.client.receive_to_end().await.unwrap(), b"");
}

#[tokio::test]
async fn an_old_client_gets_chunks_as_plain_data() {
    let house = start().await;
    let mut origin = Origin::start().await;
    let mut client = connect(&house).await;
    let at = origin.address();
    client.send(format!("GET http://{at}/ HTTP/1.0\r\n{LOGIN}\r\n")).await;
    let mut far = origin.accept().await;
    assert_eq!(far.receive_head().await, format!("GET / HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n"));
    far.send("HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        .await;
    assert_eq!(client.receive_to_end().await.unwrap(), b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
}

#[tokio::test]
async fn responses_without_a_body_leave_the_connection_usable() {
    let mut pair = Pair::new().await;
    let (mut far, _) = pair.request("HEAD", "").await;
    let answers = [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ];
    let at = pair.origin.address();
    for (index, (method, response)) in answers.iter().enumerate() {
        if index > 0 {
            pair.client.send(format!("{method} http://{at}/ HTTP/1.1\r\nHost: {at}\r\n{LOGIN}\r\n")).await;
            assert!(far.receive_head().await.starts_with(method));
        }
        far.send(response).await;
        assert_eq!(pair.client.receive_head().await, *response);
    }
    assert_eq!(pair.origin.connections(), 1);
}

#[tokio::test]
async fn hop_by_hop_fields_end_here_and_end_to_end_fields_do_not() {
    let mut pair = Pair::new().await;
    let fields = "Connection: X-Mine, Authorization, Cookie, Host\r\nX-Mine: 1\r\nAuthorization: Basic eA==\r\nCookie: a=b\r\n\
                  Proxy-Connection: keep-alive\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: websocket\r\nX-Kept: 2\r\n";
    let (mut far, head) = pair.request("GET", fields).await;
    let at = pair.origin.address();
    assert_eq!(
        head,
        format!("GET / HTTP/1.1\r\nHost: {at}\r\nAuthorization: Basic eA==\r\nCookie: a=b\r\nX-Kept: 2\r\n\r\n")
    );
    far.send(
        "HTTP/1.1 200 OK\r\nConnection: X-Hop, Set-Cookie\r\nX-Hop: 1\r\nSet-Cookie: c=d\r\nProxy-Status: forged\r\n\
         Proxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(pair.client.receive_head().await, "HTTP/1.1 200 OK\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n");
}

/// Bytes that differ from their neighbours.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251).to_le_bytes()[0]).collect()
}

//! Every malformed message of the table, sent whole, split at every byte, and byte by byte: always the same, exact
//! answer, nothing forwarded, nothing left open.
//!
//! The gateway has one thread here. A split is real because another connection gets an answer between the two parts:
//! by then that thread has read the first.

use std::time::{Duration, Instant};

use turnpike_gateway::http::fault::MessageFault;
use turnpike_gateway::refusal::Refusal;

use super::bad_input_cases as cases;
use super::client::{Client, status};
use super::origin::Origin;
use super::{LOGIN, connect, start};
use crate::support::House;

/// Longer messages are split at so many places only.
const MOST_SPLITS: usize = 400;

struct Bench {
    house: House,
    origin: Origin,
    /// The connection that parts two writes.
    between: Client,
}

impl Bench {
    async fn new() -> Self {
        let house = start().await;
        let between = connect(&house).await;
        Self { house, origin: Origin::start().await, between }
    }

    /// A table's text with this test's origin and login.
    fn fill_in(&self, template: &[u8]) -> Vec<u8> {
        let at = self.origin.address().to_string();
        replace(&replace(template, b"{at}", at.as_bytes()), b"{login}", LOGIN.as_bytes())
    }

    /// Resolves when the gateway has read what was sent to it before.
    async fn let_it_read(&mut self) {
        self.between.send("GET http://a.example/ HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (head, _) = self.between.receive_response().await;
        assert_eq!(status(&head), 407);
    }

    /// What the gateway answers to `parts`, each read by itself, until it closes.
    async fn answer(&mut self, parts: &[&[u8]], then_end: bool) -> Vec<u8> {
        let mut client = connect(&self.house).await;
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.let_it_read().await;
            }
            // A connection that was refused for an earlier part may be gone already.
            if client.try_send(part).await.is_err() {
                break;
            }
        }
        if then_end {
            client.end_sending();
        }
        client.receive_until_reset().await.0
    }

    /// Sends a message whole, split at every byte, and byte by byte.
    async fn check(&mut self, message: &[u8], expected: &[u8], then_end: bool) {
        let name = String::from_utf8_lossy(&message[..message.len().min(200)]).into_owned();
        let show = |answer: &[u8]| String::from_utf8_lossy(answer).into_owned();
        assert_eq!(show(&self.answer(&[message], then_end).await), show(expected), "{name:?} whole");
        let step = message.len().div_ceil(MOST_SPLITS).max(1);
        for split in (1..message.len()).step_by(step) {
            let (first, second) = message.split_at(split);
            let answer = self.answer(&[first, second], then_end).await;
            assert_eq!(show(&answer), show(expected), "{name:?} split at {split}");
        }
        if message.len() <= MOST_SPLITS {
            let bytes: Vec<&[u8]> = message.chunks(1).collect();
            let answer = self.answer(&bytes, then_end).await;
            assert_eq!(show(&answer), show(expected), "{name:?} byte by byte");
        }
    }

    /// Nothing has reached the origin, and every connection has ended: draining has nothing to wait for.
    async fn finish(self) {
        assert_eq!(self.origin.connections(), 0, "something was forwarded");
        drop(self.between);
        let begun = Instant::now();
        self.house.gateway.drain(Duration::from_mins(1)).await;
        assert!(begun.elapsed() < Duration::from_secs(30), "a connection was left open");
    }
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// The whole answer to a malformed message.
fn answer_to(fault: MessageFault) -> Vec<u8> {
    let answer = Refusal::BadRequest(fault).http();
    let text = format!("turnpike: {fault}.\n");
    format!(
        "HTTP/1.1 {} {}\r\nProxy-Status: turnpike; error=http_request_error; details=\"{fault}\"\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Connection: close\r\n\r\n{text}",
        answer.status,
        answer.reason,
        text.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn malformed_heads() {
    let mut bench = Bench::new().await;
    for (template, fault) in cases::HEADS {
        let message = bench.fill_in(template);
        bench.check(&message, &answer_to(*fault), false).await;
    }
    bench.finish().await;
}

#[tokio::test]
async fn oversized_heads() {
    let mut bench = Bench::new().await;
    let head = |fields: &str| format!("GET http://{{at}}/ HTTP/1.1\r\nHost: {{at}}\r\n{{login}}{fields}\r\n");
    let oversized = [
        head(&"A: b\r\n".repeat(99)),
        head(&"A: b\r\n".repeat(1000)),
        head(&format!("A: {}\r\n", "b".repeat(65_536))),
        format!("GET http://{{at}}/{} HTTP/1.1\r\n", "a".repeat(65_536)),
        "A".repeat(65_537),
        head(&format!("Connection: {}\r\n", "a,".repeat(64))),
    ];
    for template in oversized {
        let message = bench.fill_in(template.as_bytes());
        bench.check(&message, &answer_to(MessageFault::TooLarge), false).await;
    }
    bench.finish().await;
}

#[tokio::test]
async fn malformed_authorities() {
    let mut bench = Bench::new().await;
    let long_name = format!("{}.example:443", "a.".repeat(125));
    let long_label = format!("{}.example:443", "a".repeat(64));
    let too_long = turnpike_domain::destination::TargetError::Name(turnpike_domain::destination::NameFault::TooLong);
    let long = [(long_name.as_str(), too_long), (long_label.as_str(), too_long)];
    for (authority, error) in cases::AUTHORITIES.iter().copied().chain(long) {
        let message = format!("CONNECT {authority} HTTP/1.1\r\n{LOGIN}\r\n");
        bench.check(message.as_bytes(), &answer_to(MessageFault::Authority(error)), false).await;
    }
    bench.finish().await;
}

#[tokio::test]
async fn malformed_socks_handshakes() {
    let mut bench = Bench::new().await;
    for (message, answer) in cases::SOCKS_HANDSHAKES {
        bench.check(message, answer, false).await;
    }
    for (request, reply) in cases::SOCKS_REQUESTS {
        let answer = [&[5, 2, 1, 0, 5, *reply][..], &[0, 1, 0, 0, 0, 0, 0, 0]].concat();
        bench.check(&cases::behind_right_login(request), &answer, false).await;
    }
    bench.finish().await;
}

#[tokio::test]
async fn other_protocols_and_cut_off_messages() {
    let mut bench = Bench::new().await;
    for message in cases::OTHER_PROTOCOLS {
        bench.check(message, b"", false).await;
    }
    for template in cases::CUT_OFF {
        let message = bench.fill_in(template);
        bench.check(&message, b"", true).await;
    }
    bench.finish().await;
}

#[tokio::test]
async fn malformed_chunked_bodies_never_look_complete_to_the_origin() {
    let mut bench = Bench::new().await;
    let head = bench.fill_in(b"POST http://{at}/ HTTP/1.1\r\nHost: {at}\r\n{login}Transfer-Encoding: chunked\r\n\r\n");
    let long_extension = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(1024));
    let bodies = cases::CHUNKED_BODIES.iter().copied().chain([long_extension.as_bytes()]);
    let expected = answer_to(MessageFault::Chunk);
    for body in bodies {
        let message = [&head, body].concat();
        assert_eq!(bench.answer(&[&message], false).await, expected, "{:?} whole", String::from_utf8_lossy(body));
        assert_eq!(bench.origin.connections(), 0, "{:?}", String::from_utf8_lossy(body));
    }
    for body in cases::CHUNKED_BODIES {
        let message = [&head, *body].concat();
        for split in (1..message.len()).filter(|split| *split < 3 || *split >= head.len()) {
            let (first, second) = message.split_at(split);
            let answer = bench.answer(&[first, second], false).await;
            assert_eq!(answer, expected, "{:?} split at {split}", String::from_utf8_lossy(body));
        }
    }
    let sent = bench.origin.connections();
    for _ in 0..sent {
        let (bytes, _) = bench.origin.accept().await.receive_until_reset().await;
        assert!(!bytes.ends_with(b"0\r\n\r\n"), "{:?}", String::from_utf8_lossy(&bytes));
    }
    assert!(sent > 0, "some bodies are malformed only behind what was sent on");
}

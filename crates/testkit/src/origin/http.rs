//! The HTTP/1.1 side of the origin: keep-alive, length-framed and chunked bodies both ways. Every exchange is counted
//! under the token in its query (`?t=TOKEN`): the request as it arrived, the answer as it was sent.

mod body;

use std::io;
use std::time::Duration;

use self::body::Framing;
use super::{Ledger, Tally};
use crate::wire::Wire;

/// The longest request head.
const LONGEST_HEAD: usize = 64 * 1024;
/// The most header fields.
const MOST_FIELDS: usize = 128;
/// The largest piece of a chunked answer.
const CHUNK_BYTES: u64 = 32 * 1024;
/// What an answer that will be cut short promises beyond what it sends.
const NEVER_SENT: u64 = 1000;
/// The pause between two bytes of a slow answer.
const SLOW_PAUSE: Duration = Duration::from_millis(10);

const HELP: &str = "the counting origin of Turnpike's testkit\n\
    GET /bytes/N    N bytes, with a length\n\
    GET /chunked/N  N bytes, chunked\n\
    GET /slow/N     N bytes, one every 10 ms\n\
    GET /reset/N    N bytes of a longer answer, then a reset\n\
    POST /sink      counts the body and answers the count\n\
    POST /echo      answers the body\n\
    GET /ip         the address that the request came from\n\
    GET /count      what was counted so far, as JSON\n\
    Add ?t=TOKEN to count under a name of your own.\n";

/// One request head.
struct Request {
    method: String,
    path: String,
    token: String,
    framing: Framing,
    expects_continue: bool,
    closes: bool,
}

/// Serves requests until either side ends the connection.
pub(super) async fn serve(mut wire: Wire, ledger: &Ledger) {
    loop {
        let (received, sent) = (wire.consumed(), wire.sent());
        let Ok(Some(request)) = read_head(&mut wire).await else {
            let rest = wire.received().saturating_sub(received);
            if rest > 0 {
                ledger.record("(unread)", Tally { exchanges: 1, received: rest, ..Tally::default() });
            }
            return;
        };
        let outcome = answer(&mut wire, &request, ledger).await;
        let over = outcome.is_err() || request.closes;
        if over {
            // What the kernel received beside the request counts too, and unread bytes would turn a FIN into a reset.
            drop(wire.finish_sending());
            drop(wire.discard(u64::MAX).await);
        }
        let tally = Tally {
            exchanges: 1,
            resets: u64::from(outcome.is_err()),
            received: wire.consumed().saturating_sub(received),
            sent: wire.sent().saturating_sub(sent),
        };
        ledger.record(&request.token, tally);
        match outcome {
            Ok(Next::KeepAlive) if !over => {}
            Ok(Next::Reset) => return drop(wire.reset()),
            Ok(Next::KeepAlive) | Err(_) => return,
        }
    }
}

/// What happens to the connection after an answer.
enum Next {
    KeepAlive,
    Reset,
}

/// Reads and consumes a head; `None` at the end of the stream or when it is no HTTP.
async fn read_head(wire: &mut Wire) -> io::Result<Option<Request>> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Request::new(&mut fields);
        match head.parse(wire.pending()) {
            Ok(httparse::Status::Complete(length)) => {
                let request = understand(&head);
                wire.consume(length);
                return Ok(request);
            }
            Ok(httparse::Status::Partial) if wire.pending().len() < LONGEST_HEAD => {}
            Ok(httparse::Status::Partial) | Err(_) => return Ok(None),
        }
        if wire.fill().await? == 0 {
            return Ok(None);
        }
    }
}

fn understand(head: &httparse::Request<'_, '_>) -> Option<Request> {
    let field = |name: &str| {
        let field = head.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| String::from_utf8_lossy(field.value).to_ascii_lowercase())
    };
    let target = without_authority(head.path?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let token = query.split('&').find_map(|pair| pair.strip_prefix("t=")).unwrap_or("-");
    let framing = if field("transfer-encoding").is_some_and(|value| value == "chunked") {
        Framing::Chunked
    } else {
        Framing::Length(field("content-length").map_or(Some(0), |value| value.parse().ok())?)
    };
    Some(Request {
        method: head.method?.to_owned(),
        path: path.to_owned(),
        token: token.to_owned(),
        framing,
        expects_continue: field("expect").is_some(),
        closes: head.version == Some(0) || field("connection").is_some_and(|value| value == "close"),
    })
}

/// A server takes the absolute form as well (RFC 9112 section 3.2.2).
fn without_authority(target: &str) -> &str {
    let Some(rest) = target.strip_prefix("http://") else { return target };
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

async fn answer(wire: &mut Wire, request: &Request, ledger: &Ledger) -> io::Result<Next> {
    if request.expects_continue {
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let (place, count) = match request.path.rsplit_once('/') {
        Some((place, count)) if !place.is_empty() => (place, count.parse::<u64>().ok()),
        _ => (request.path.as_str(), None),
    };
    if (request.method.as_str(), place) == ("POST", "/echo") {
        let body = body::keep(wire, &request.framing).await?;
        return respond(wire, request, "application/octet-stream", &body).await;
    }
    let taken = body::discard(wire, &request.framing).await?;
    match (request.method.as_str(), place, count) {
        ("GET", "/bytes", Some(count)) => {
            head(wire, request, &format!("content-length: {count}")).await?;
            wire.send_pattern(0, count).await?;
        }
        ("GET", "/chunked", Some(count)) => {
            head(wire, request, "transfer-encoding: chunked").await?;
            chunks(wire, count).await?;
        }
        ("GET", "/slow", Some(count)) => {
            head(wire, request, &format!("content-length: {count}")).await?;
            for offset in 0..count {
                tokio::time::sleep(SLOW_PAUSE).await;
                wire.send_pattern(offset, 1).await?;
            }
        }
        ("GET", "/reset", Some(count)) => {
            head(wire, request, &format!("content-length: {}", count.saturating_add(NEVER_SENT))).await?;
            wire.send_pattern(0, count).await?;
            return Ok(Next::Reset);
        }
        ("POST" | "PUT", "/sink", _) => {
            respond(wire, request, "text/plain", format!("{taken}\n").as_bytes()).await?;
        }
        ("GET", "/ip", _) => {
            let source = wire.stream().peer_addr()?.ip().to_canonical();
            respond(wire, request, "text/plain", format!("{source}\n").as_bytes()).await?;
        }
        ("GET", "/count", _) => {
            respond(wire, request, "application/json", format!("{:#}\n", ledger.to_json()).as_bytes()).await?;
        }
        _ => {
            respond(wire, request, "text/plain", HELP.as_bytes()).await?;
        }
    }
    Ok(Next::KeepAlive)
}

async fn head(wire: &mut Wire, request: &Request, framing: &str) -> io::Result<()> {
    let connection = if request.closes { "connection: close\r\n" } else { "" };
    wire.send(format!("HTTP/1.1 200 OK\r\n{framing}\r\n{connection}\r\n").as_bytes()).await
}

async fn respond(wire: &mut Wire, request: &Request, kind: &str, body: &[u8]) -> io::Result<Next> {
    head(wire, request, &format!("content-type: {kind}\r\ncontent-length: {}", body.len())).await?;
    wire.send(body).await?;
    Ok(Next::KeepAlive)
}

async fn chunks(wire: &mut Wire, count: u64) -> io::Result<()> {
    let mut done = 0;
    while done < count {
        let size = CHUNK_BYTES.min(count.saturating_sub(done));
        wire.send(format!("{size:x}\r\n").as_bytes()).await?;
        wire.send_pattern(done, size).await?;
        wire.send(b"\r\n").await?;
        done = done.saturating_add(size);
    }
    wire.send(b"0\r\n\r\n").await
}

//! A request's head: the same answer however it is split, and what is sent on is one unmistakable request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnpike_gateway::http::framing::Framing;
use turnpike_gateway::http::head::{HeadEnd, HeadLimits};
use turnpike_gateway::http::request;

const LIMITS: HeadLimits = HeadLimits { bytes: 4096, fields: 32 };

fuzz_target!(|input: &[u8]| {
    let whole = HeadEnd::of_request().find(input, LIMITS.bytes);
    let mut by_byte = HeadEnd::of_request();
    let arrived = (0..=input.len()).map(|length| by_byte.find(&input[..length], LIMITS.bytes));
    let split = arrived.into_iter().find(|found| !matches!(found, Ok(None))).unwrap_or(Ok(None));
    assert_eq!(whole, split);

    let Ok(Some(head)) = whole else { return };
    let mut out = Vec::new();
    let Ok(request) = request::read(&input[head], LIMITS, &mut out) else { return };
    assert_ne!(request.body, Framing::UntilClose);
    if out.is_empty() {
        assert_eq!(request.line.method, "CONNECT");
        return;
    }
    let mut room = [httparse::EMPTY_HEADER; 64];
    let mut again = httparse::Request::new(&mut room);
    assert_eq!(again.parse(&out), Ok(httparse::Status::Complete(out.len())));
    assert!(again.path.is_some_and(|path| path.starts_with('/') || path == "*"));
    let count = |name: &str| again.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).count();
    assert_eq!(count("host"), 1);
    assert!(count("content-length") + count("transfer-encoding") <= 1);
    assert_eq!(count("proxy-authorization") + count("proxy-connection") + count("te") + count("upgrade"), 0);
});

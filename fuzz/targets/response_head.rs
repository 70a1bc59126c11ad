//! A response's head: the same answer however it is split, and what the client gets is one unmistakable response.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnpike_gateway::http::framing::Version;
use turnpike_gateway::http::head::{HeadEnd, HeadLimits};
use turnpike_gateway::http::response::{self, Asked};

const LIMITS: HeadLimits = HeadLimits { bytes: 4096, fields: 32 };

fuzz_target!(|input: (u8, &[u8])| {
    let (flags, input) = input;
    let whole = HeadEnd::of_response().find(input, LIMITS.bytes);
    let mut by_byte = HeadEnd::of_response();
    let arrived = (0..=input.len()).map(|length| by_byte.find(&input[..length], LIMITS.bytes));
    let split = arrived.into_iter().find(|found| !matches!(found, Ok(None))).unwrap_or(Ok(None));
    assert_eq!(whole, split);

    let Ok(Some(head)) = whole else { return };
    let asked = Asked {
        head_only: flags & 1 != 0,
        client_version: if flags & 2 != 0 { Version::Http10 } else { Version::Http11 },
        client_persists: flags & 4 != 0,
    };
    let mut out = Vec::new();
    let Ok(response) = response::read(&input[head], asked, LIMITS, &mut out) else { return };
    assert!((100..=999).contains(&response.status));
    if out.is_empty() {
        return;
    }
    let mut room = [httparse::EMPTY_HEADER; 64];
    let mut again = httparse::Response::new(&mut room);
    assert_eq!(again.parse(&out), Ok(httparse::Status::Complete(out.len())));
    assert_eq!(again.code, Some(response.status));
    let count = |name: &str| again.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).count();
    assert!(count("content-length") + count("transfer-encoding") <= 1);
    assert_eq!(count("proxy-authenticate") + count("proxy-connection") + count("upgrade"), 0);
});

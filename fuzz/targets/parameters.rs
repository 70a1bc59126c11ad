//! The API's parameters, from query and body, in all three kinds of body: no bytes break them, and the body overrides.
#![no_main]
#![allow(dead_code, reason = "only the readers are used here")]

#[path = "../../crates/api/src"]
mod api {
    pub mod parameters;
}

use api::parameters::{BodyKind, MOST_PARAMETERS, Parameters};
use bytes::Bytes;
use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str, &[u8])| {
    let (kind, query, body) = input;
    let kind = match kind % 3 {
        0 => BodyKind::Json,
        1 => BodyKind::Form,
        _ => BodyKind::Multipart("X".to_owned()),
    };
    let Ok(from_query) = Parameters::of_query(query) else { return };
    // The whole body is at hand, so there is nothing to wait for.
    let read = Parameters::of_body(&kind, Bytes::copy_from_slice(body)).now_or_never().expect("an answer at once");
    let Ok(from_body) = read else { return };
    let merged = from_query.clone().overridden_by(from_body.clone());
    for name in ["app_key", "accounts", "a", ""] {
        assert_eq!(merged.get(name), from_body.get(name).or(from_query.get(name)));
    }
    assert!(query.split('&').count() > MOST_PARAMETERS || from_query.overridden_by(from_body) == merged);
});

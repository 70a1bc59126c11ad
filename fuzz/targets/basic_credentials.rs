//! `Proxy-Authorization: Basic`: no value breaks it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnpike_gateway::http::basic::Credentials;

fuzz_target!(|value: &[u8]| {
    if let Some(credentials) = Credentials::parse(value) {
        assert!(value.len() > credentials.password().len());
        assert!(value[..6].eq_ignore_ascii_case(b"basic "));
    }
});

//! CONNECT's authority, a URL's authority and SOCKS5's name: what is read is written and read again the same, and no
//! name that is accepted looks like an address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnpike_domain::destination::{DestinationPolicy, Target};

fuzz_target!(|input: &[u8]| {
    let policy = DestinationPolicy::default();
    let named = Target::from_socks_name(input, 443);
    let text = std::str::from_utf8(input).unwrap_or_default();
    for target in [Target::parse_authority(text), Target::parse_url_authority(text, 80), named].into_iter().flatten() {
        assert_ne!(target.port(), 0);
        assert_eq!(Target::parse_authority(&target.to_string()).as_ref(), Ok(&target));
        match target {
            Target::Address(address) => {
                let _verdict = policy.classify(address);
            }
            Target::Name(name, _) => {
                assert!(name.as_str().len() <= 253);
                assert!(name.as_str().parse::<std::net::IpAddr>().is_err());
                assert!(!name.as_str().bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
            }
        }
    }
});

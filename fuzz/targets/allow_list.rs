//! Allow lists: what is accepted is canonical, sorted, without an address twice, and reads back as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnpike_domain::allow_list::{Admitted, LARGEST_BATCH, parse};

fuzz_target!(|text: &str| {
    let public = parse(text, Admitted::Public);
    let Ok(special) = parse(text, Admitted::Special) else {
        assert!(public.is_err(), "what a private network refuses is refused everywhere");
        return;
    };
    assert!((1..=LARGEST_BATCH).contains(&special.len()));
    assert!(special.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(special.iter().all(|ip| *ip == ip.to_canonical() && !ip.is_unspecified() && !ip.is_multicast()));
    let written: Vec<String> = special.iter().map(ToString::to_string).collect();
    assert_eq!(parse(&written.join("\n"), Admitted::Special), Ok(special.clone()));
    if let Ok(public) = public {
        assert_eq!(public, special);
        assert!(!public.iter().any(|ip| ip.is_loopback()));
    }
});

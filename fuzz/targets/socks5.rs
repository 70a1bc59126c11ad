//! SOCKS5's three messages: once a prefix has an answer, more bytes do not change it.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use turnpike_gateway::socks5::message::{self, Read};

fn is_steady<'a, T: Debug + PartialEq>(input: &'a [u8], read: impl Fn(&'a [u8]) -> Read<T>) {
    let whole = read(input);
    let decided = (0..=input.len()).map(|length| (length, read(&input[..length])));
    for (length, early) in decided.filter(|(_, early)| !matches!(early, Ok(None))) {
        assert_eq!(early, whole, "after {length} bytes");
        assert!(early.is_err() || early.is_ok_and(|read| read.is_some_and(|(_, taken)| taken <= length)));
    }
}

/// A little more than the longest message.
const LONGEST: usize = 520;

fuzz_target!(|input: &[u8]| {
    let input = &input[..input.len().min(LONGEST)];
    is_steady(input, message::greeting);
    is_steady(input, message::login);
    is_steady(input, message::request);
});

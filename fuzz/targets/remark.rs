//! Remarks and names of places: no text breaks them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnpike_domain::place::PlaceName;
use turnpike_domain::remark::Remark;

fuzz_target!(|text: &str| {
    if let Ok(remark) = Remark::parse(text) {
        assert_eq!(remark.as_str(), text);
        assert!(text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum::<usize>() <= 64);
    }
    if let Ok(name) = PlaceName::parse(text) {
        assert_eq!(PlaceName::parse(name.as_str()).as_ref(), Ok(&name));
    }
});

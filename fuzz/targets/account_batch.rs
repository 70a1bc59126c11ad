//! Batches of accounts: what is accepted is complete, in order, and without a name twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;
use turnpike_domain::accounts::{LARGEST_BATCH, parse_names, parse_pairs};

fuzz_target!(|text: &str| {
    let items = text.split(',').filter(|item| !item.trim().is_empty()).count();
    let names = match (parse_names(text), parse_pairs(text)) {
        (Ok(names), Err(_)) => names,
        (Err(_), Ok(pairs)) => pairs.into_iter().map(|(name, _)| name).collect(),
        (Err(_), Err(_)) => return,
        (Ok(_), Ok(_)) => unreachable!("one text is both names and pairs"),
    };
    assert_eq!(names.len(), items);
    assert!(names.len() <= LARGEST_BATCH);
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
});

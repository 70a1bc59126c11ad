//! The simulator holds the rules, notices when one is broken, and replays.

use std::collections::BTreeMap;

use super::*;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=50;
const STEPS: u64 = 5000;

#[test]
fn the_rules_hold_over_fifty_seeds_in_which_everything_happens() {
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in SEEDS {
        match World::new(seed, None).run(STEPS) {
            Ok(summary) => {
                for (what, count) in summary.counts {
                    *happened.entry(what).or_default() += count;
                }
            }
            Err(violation) => panic!("{violation}"),
        }
    }
    let must_happen = [
        "grants",
        "limits reached",
        "daily limits reached",
        "packages empty",
        "contended",
        "refused",
        "crashes",
        "writes cut off",
        "files lost",
        "given up",
        "lapses",
        "resets",
        "clock jumps",
        "limits moved",
        "late bookings",
        "answers lost",
        "overtaken",
        "settled again",
        "fenced",
    ];
    for what in must_happen {
        assert!(happened.get(what).is_some_and(|count| *count >= 10), "{what} hardly ever happened: {happened:?}");
    }
}

#[test]
fn every_broken_rule_is_noticed() {
    for breach in Breach::all() {
        let noticed = SEEDS.into_iter().any(|seed| World::new(seed, Some(*breach)).run(STEPS).is_err());
        assert!(noticed, "{breach:?} went unnoticed");
    }
}

#[test]
fn a_seed_replays_exactly() {
    let digest = |seed| World::new(seed, None).run(STEPS).map(|summary| summary.digest).unwrap();
    assert_eq!(digest(7), digest(7));
    assert_ne!(digest(7), digest(8));
}

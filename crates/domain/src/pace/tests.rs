//! That a pace is kept, whoever asks, and that it can be had.

use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_ms(1_700_000_000_000);
const ALL: Bytes = Bytes::MAX;

fn at(ms: i64) -> Timestamp {
    START.plus(Span::from_ms(ms))
}

fn pace(kbps: u64) -> Pace {
    Pace::new(kbps, 0).unwrap()
}

/// How much flows at that pace in so many milliseconds.
fn flow(kbps: u64, ms: i64) -> u64 {
    kbps * ms.unsigned_abs() / 8
}

#[test]
fn a_plan_without_bandwidth_has_no_pace() {
    assert_eq!(Pace::new(0, 0), None);
}

#[test]
fn a_rested_plan_gives_a_fifth_of_a_second_and_the_next_stretch_at_once() {
    let first = pace(8000).next(ALL, START).unwrap();
    assert_eq!((first.bytes.get(), first.wait), (325_000, Span::from_ms(0)));
    let second = first.pace.next(ALL, START).unwrap();
    assert_eq!((second.bytes.get(), second.wait), (93_750, Span::from_ms(125)));
}

#[test]
fn who_asks_for_too_much_ahead_is_told_when_to_come_again_and_is_then_served() {
    let mut pace = pace(10_000);
    let refused = loop {
        match pace.next(ALL, START) {
            Ok(stretch) => pace = stretch.pace,
            Err(refused) => break refused,
        }
    };
    assert!(refused.after >= Span::from_ms(50) && refused.after <= Span::from_ms(59), "{refused:?}");
    let stretch = pace.next(ALL, START.plus(refused.after)).unwrap();
    assert!(stretch.wait < Span::from_ms(500), "{stretch:?}");
}

#[test]
fn what_was_not_used_flows_again() {
    let first = pace(8000).next(ALL, START).unwrap();
    let mut after = first.pace;
    after.hand_back(first.bytes);
    assert_eq!(after.next(ALL, START).unwrap(), first);
    // But not more than a burst, however late it comes back.
    after = first.pace;
    after.hand_back(first.bytes);
    assert_eq!(after.next(ALL, at(60_000)).unwrap().bytes, first.bytes);
}

#[test]
fn a_clock_that_was_turned_back_stops_nobody() {
    let ahead = pace(8000).next(ALL, at(3_600_000)).unwrap().pace;
    assert_eq!(ahead.next(ALL, START).unwrap().wait, Span::from_ms(0));
}

#[test]
fn the_slowest_and_the_fastest_plan_still_give() {
    let slow = pace(1).next(ALL, START).unwrap();
    assert_eq!(slow.bytes.get(), LEAST_BYTES);
    assert!(slow.pace.next(ALL, at(1000)).is_err() || slow.pace.paid_until_us() > 0);
    let fast = pace(u64::MAX).next(Bytes::new(1 << 24), START).unwrap();
    assert_eq!(fast.bytes.get(), 1 << 24);
}

proptest! {
    #[test]
    fn no_more_flows_than_the_pace_and_a_burst(
        kbps in 500_u64..2_000_000, steps in prop::collection::vec((0_i64..80, 1_u64..4_000_000, 0_u8..4), 1..400),
    ) {
        let (mut pace, mut now, mut begun) = (pace(kbps), 0, None);
        let mut given: Vec<(i64, u64)> = Vec::new();
        for (step, most, keeps) in steps {
            now += step;
            let Ok(stretch) = pace.next(Bytes::new(most), at(now)) else { continue };
            pace = stretch.pace;
            begun.get_or_insert(now);
            let unused = if keeps == 0 { stretch.bytes.get() / 2 } else { 0 };
            pace.hand_back(Bytes::new(unused));
            given.push((now + stretch.wait.ms(), stretch.bytes.get() - unused));
        }
        let begun = begun.unwrap_or(0);
        for &(until, _) in &given {
            let flowed: u64 = given.iter().filter(|(when, _)| *when <= until).map(|(_, bytes)| bytes).sum();
            // A stretch may be used whole as soon as it begins, and none has less than a few KiB.
            let most = flow(kbps, until - begun + 200 + 125 + 2) + 2 * LEAST_BYTES;
            prop_assert!(flowed <= most, "{flowed} > {most} after {} ms", until - begun);
        }
    }

    #[test]
    fn all_of_it_can_be_had_by_one_who_asks_again_in_time(kbps in 100_u64..2_000_000, late in 0_i64..150) {
        let (mut pace, mut now, mut got) = (pace(kbps), 0, 0);
        while now < 10_000 {
            match pace.next(ALL, at(now)) {
                Ok(stretch) => {
                    pace = stretch.pace;
                    got += stretch.bytes.get();
                    now += stretch.wait.ms() + late;
                }
                Err(again) => now += again.after.ms() + late,
            }
        }
        prop_assert!(got >= flow(kbps, 10_000), "{got} of {}", flow(kbps, 10_000));
        prop_assert!(got <= flow(kbps, 10_700) + 2 * LEAST_BYTES, "{got} of {}", flow(kbps, 10_000));
    }

    #[test]
    fn many_share_evenly(kbps in 2000_u64..1_000_000, askers in 2_usize..40, lag in 0_i64..40) {
        let (mut pace, mut due, mut got) = (pace(kbps), vec![0_i64; askers], vec![0_u64; askers]);
        for now in 0..20_000 {
            let first = usize::try_from(now * 7).unwrap() % askers;
            for turn in 0..askers {
                let one = (first + turn) % askers;
                if due[one] > now {
                    continue;
                }
                match pace.next(ALL, at(now)) {
                    Ok(stretch) => {
                        pace = stretch.pace;
                        got[one] += stretch.bytes.get();
                        due[one] = now + stretch.wait.ms() + lag + 1;
                    }
                    Err(again) => due[one] = now + again.after.ms(),
                }
            }
        }
        let (all, least) = (got.iter().sum::<u64>(), *got.iter().min().unwrap());
        prop_assert!(least * u64::try_from(askers).unwrap() * 3 >= all, "{got:?}");
    }
}

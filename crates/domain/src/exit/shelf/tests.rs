//! Who is chosen, how often, and who else moves when one goes.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn wish(text: &str) -> PlaceWish {
    let mut parts = text.split('/').map(|part| PlaceName::parse(part).ok());
    PlaceWish { country: parts.next().flatten(), state: parts.next().flatten(), city: parts.next().flatten() }
}

fn shelf(places: &[(&str, u16)]) -> Shelf {
    let stands = places.iter().zip(0..).map(|((place, weight), exit)| Stand {
        exit,
        place: Arc::new(ExitPlace::parse(place).unwrap()),
        weight: *weight,
    });
    Shelf::of(stands.collect())
}

fn exit(pick: Pick) -> Option<u32> {
    match pick {
        Pick::Exit(exit, place) => Some(exit).filter(|_| !place.country.as_str().is_empty()),
        _ => None,
    }
}

const PLACES: [&str; 7] =
    ["US/Texas/Austin", "US/Texas/Dallas", "US/Oregon/Dallas", "US", "DE/Berlin/Berlin", "SG//Singapore", "US/Texas"];

#[test]
fn a_wish_is_served_by_exits_of_that_place_and_no_other() {
    let shelf = shelf(&PLACES.map(|place| (place, 1)));
    for text in
        ["", "US", "US/Texas", "US/Texas/Austin", "US//Dallas", "//Dallas", "/Berlin", "DE//Berlin", "SG//Singapore"]
    {
        let wish = wish(text);
        let found: Vec<_> = shelf.exits(&wish).map(|(exit, _)| exit).collect();
        let mut due: Vec<_> = PLACES.iter().zip(0..).collect();
        due.retain(|(place, _)| ExitPlace::parse(place).unwrap().serves(&wish));
        let mut sorted = found.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, due.into_iter().map(|(_, exit)| exit).collect::<Vec<_>>(), "{text}");
        for number in [0, 1 << 40, u64::MAX / 2, u64::MAX] {
            assert!(found.contains(&exit(shelf.pick(&wish, number, |_| true)).unwrap()), "{text}");
        }
    }
    assert_eq!(shelf.pick(&wish("US/Texas/Houston"), 0, |_| true), Pick::NotServed);
    assert_eq!(shelf.pick(&wish("SG"), 0, |_| false), Pick::NoneUsable);
}

#[test]
fn weights_decide_how_many_an_exit_gets() {
    let shelf = shelf(&[("US", 1), ("US", 3), ("DE", 6)]);
    let mut counts = HashMap::new();
    let mut number = 7;
    for _ in 0..10_000 {
        number = stirred(number);
        *counts.entry(exit(shelf.pick(&wish(""), number, |_| true)).unwrap()).or_insert(0_u32) += 1;
    }
    assert!((900..1100).contains(&counts[&0]), "{counts:?}");
    assert!((2850..3150).contains(&counts[&1]), "{counts:?}");
    assert!((5850..6150).contains(&counts[&2]), "{counts:?}");
}

proptest! {
    #[test]
    fn one_that_cannot_be_used_moves_nobody_else(numbers in prop::collection::vec(any::<u64>(), 1..50), gone in 0_u32..7) {
        let shelf = shelf(&PLACES.map(|place| (place, 2)));
        for number in numbers {
            let before = exit(shelf.pick(&wish(""), number, |_| true)).unwrap();
            let after = exit(shelf.pick(&wish(""), number, |exit| exit != gone)).unwrap();
            prop_assert!(after == before || before == gone);
            prop_assert_ne!(after, gone);
        }
    }

    #[test]
    fn the_last_that_can_be_used_is_found(number: u64, left in 0_u32..7) {
        let shelf = shelf(&PLACES.map(|place| (place, 1)));
        prop_assert_eq!(exit(shelf.pick(&wish(""), number, |exit| exit == left)), Some(left));
    }

    #[test]
    fn the_order_they_come_in_makes_no_difference(number: u64, turn in 0_usize..7) {
        let mut stands: Vec<_> = PLACES.iter().zip(0..)
            .map(|(place, exit)| Stand { exit, place: Arc::new(ExitPlace::parse(place).unwrap()), weight: 5 }).collect();
        let straight = Shelf::of(stands.clone());
        stands.rotate_left(turn);
        let turned = Shelf::of(stands);
        prop_assert_eq!(straight.pick(&wish("US"), number, |_| true), turned.pick(&wish("US"), number, |_| true));
    }
}

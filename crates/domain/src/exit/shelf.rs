//! Choosing an exit: the exits of one product type by place, and one of them by a number that a session's key or chance gives.
//!
//! Exits stand in the order of their places, so that a country, a state and a city are each a stretch of them. Their weights are
//! summed up along the way: a number is found by halving. What cannot be used is probed past, by numbers that follow from the
//! first, so that every gateway with the same exits comes to the same one.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::{ExitPlace, LARGEST_WEIGHT};
use crate::place::{PlaceName, PlaceWish};

/// How often a new number is tried before the stretch is searched from end to end.
const PROBES: u32 = 24;

/// An exit in one of its places. Exits are known here by their number in the caller's own list.
#[derive(Clone, Debug)]
pub struct Stand {
    /// Which exit.
    pub exit: u32,
    /// Where.
    pub place: Arc<ExitPlace>,
    /// Its share, from 1.
    pub weight: u16,
}

/// The exits of one product type.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// The exits, and which of `places` each stands in, by place.
    stands: Vec<(u32, u32)>,
    /// The weight of each and of all before it.
    sums: Vec<u64>,
    places: Vec<Arc<ExitPlace>>,
    /// The stretches of `stands` that serve a wish, in every spelling.
    served: HashMap<PlaceWish, Vec<Range<u32>>>,
}

/// What came of choosing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// This exit, in this place.
    Exit(u32, Arc<ExitPlace>),
    /// Exits serve that place, but none of them can be used.
    NoneUsable,
    /// No exit serves that place.
    NotServed,
}

impl Shelf {
    /// Puts exits on a shelf. The same ones make the same shelf, in whatever order they come.
    pub fn of(mut stands: Vec<Stand>) -> Self {
        stands.sort_unstable_by(|one, other| (&one.place, one.exit).cmp(&(&other.place, other.exit)));
        let mut shelf = Self::default();
        let (mut sum, mut begin) = (0_u64, 0_u32);
        for stand in stands {
            let here = length(&shelf.stands);
            if shelf.places.last().is_none_or(|last| *last != stand.place) {
                shelf.end_place(begin..here);
                shelf.places.push(stand.place);
                begin = here;
            }
            sum = sum.saturating_add(u64::from(stand.weight.clamp(1, LARGEST_WEIGHT)));
            shelf.sums.push(sum);
            shelf.stands.push((stand.exit, length(&shelf.places).saturating_sub(1)));
        }
        shelf.end_place(begin..length(&shelf.stands));
        shelf.served.values_mut().for_each(Vec::shrink_to_fit);
        shelf
    }

    /// The last place ends: that stretch serves whoever wishes it.
    fn end_place(&mut self, stretch: Range<u32>) {
        let Some(place) = self.places.last() else { return };
        for wish in wishes(place) {
            let stretches = self.served.entry(wish).or_default();
            match stretches.last_mut() {
                Some(last) if last.end == stretch.start => last.end = stretch.end,
                _ => stretches.push(stretch.clone()),
            }
        }
    }

    /// Whether there are exits that serve a place, usable or not.
    pub fn serves(&self, wish: &PlaceWish) -> bool {
        self.served.contains_key(wish)
    }

    /// Every place that exits stand in, in order.
    pub fn places(&self) -> &[Arc<ExitPlace>] {
        &self.places
    }

    /// The exits that serve a place, in order; nothing when there are none.
    pub fn exits(&self, wish: &PlaceWish) -> impl Iterator<Item = (u32, &Arc<ExitPlace>)> {
        self.served.get(wish).into_iter().flatten().flat_map(Range::clone).filter_map(|at| self.stand(at))
    }

    /// Chooses by a number that is as likely as any other. `usable` is asked of exits until one is.
    pub fn pick(&self, wish: &PlaceWish, number: u64, usable: impl Fn(u32) -> bool) -> Pick {
        let Some(stretches) = self.served.get(wish) else { return Pick::NotServed };
        let total = stretches.iter().map(|stretch| self.weight(stretch)).fold(0, u64::saturating_add);
        let mut number = number;
        for _ in 0..PROBES {
            let found = self.at(stretches, scaled(number, total)).and_then(|at| self.stand(at));
            if let Some((exit, place)) = found.filter(|(exit, _)| usable(*exit)) {
                return Pick::Exit(exit, Arc::clone(place));
            }
            number = stirred(number);
        }
        self.search(stretches, number, usable)
    }

    /// The first that can be used, from a number on and around.
    fn search(&self, stretches: &[Range<u32>], number: u64, usable: impl Fn(u32) -> bool) -> Pick {
        let count = stretches.iter().map(|stretch| u64::from(stretch.end.saturating_sub(stretch.start))).sum();
        let skip = usize::try_from(scaled(number, count)).unwrap_or(0);
        let all = || stretches.iter().flat_map(Range::clone);
        let found =
            all().skip(skip).chain(all().take(skip)).filter_map(|at| self.stand(at)).find(|(exit, _)| usable(*exit));
        found.map_or(Pick::NoneUsable, |(exit, place)| Pick::Exit(exit, Arc::clone(place)))
    }

    fn stand(&self, at: u32) -> Option<(u32, &Arc<ExitPlace>)> {
        let (exit, place) = self.stands.get(index(at))?;
        Some((*exit, self.places.get(index(*place))?))
    }

    /// Where the weights of these stretches, one behind the other, come to a number.
    fn at(&self, stretches: &[Range<u32>], mut number: u64) -> Option<u32> {
        for stretch in stretches {
            let weight = self.weight(stretch);
            if number < weight {
                let sums = self.sums.get(index(stretch.start)..index(stretch.end))?;
                let wanted = self.before(stretch.start).saturating_add(number);
                let offset = sums.partition_point(|sum| *sum <= wanted);
                return stretch.start.checked_add(u32::try_from(offset).ok()?);
            }
            number = number.saturating_sub(weight);
        }
        None
    }

    fn weight(&self, stretch: &Range<u32>) -> u64 {
        self.before(stretch.end).saturating_sub(self.before(stretch.start))
    }

    /// The weight of all before that one.
    fn before(&self, at: u32) -> u64 {
        at.checked_sub(1).and_then(|last| self.sums.get(index(last))).copied().unwrap_or(0)
    }
}

fn length<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

fn index(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// A number below `most`, in the proportion of the given one to all there are.
fn scaled(number: u64, most: u64) -> u64 {
    let product = u128::from(number).saturating_mul(u128::from(most));
    u64::try_from(product >> 64_u32).unwrap_or(0)
}

/// Another number, which follows from the first (splitmix64).
pub const fn stirred(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30_u32)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27_u32)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31_u32)
}

/// Every wish that a place serves: with and without its parts, in every spelling.
fn wishes(place: &ExitPlace) -> Vec<PlaceWish> {
    let country = PlaceName::parse(place.country.as_str()).ok();
    let city = PlaceName::parse(place.city()).ok();
    let states: Vec<_> = std::iter::once(None).chain(place.state_spellings().into_iter().map(Some)).collect();
    let cities: Vec<_> = std::iter::once(None).chain(city.map(Some)).collect();
    let mut wishes = Vec::with_capacity(16);
    for country in [None, country] {
        for state in &states {
            for city in &cities {
                wishes.push(PlaceWish { country: country.clone(), state: state.clone(), city: city.clone() });
            }
        }
    }
    wishes
}

#[cfg(test)]
mod tests;

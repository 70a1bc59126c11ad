//! All exits as of one moment, found by number and by place.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use turnpike_domain::exit::{ExitEntry, ExitPlace, Route, Shelf, Stand};
use turnpike_domain::ids::ExitId;
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;

use super::live::{Facts, LiveExit};
use super::offers::Offers;

/// All exits.
#[derive(Debug, Default)]
pub struct Pool {
    /// By id, ascending: a shelf knows them by their place here.
    exits: Vec<Arc<LiveExit>>,
    /// Types that the same exits serve share a shelf.
    shelves: BTreeMap<ProductType, Arc<Shelf>>,
    /// Whether there are exits that dial addresses themselves.
    needs_addresses: bool,
    pub(super) offers: Offers,
}

impl Pool {
    /// With what changed, in which each exit comes once: and itself when nobody stands elsewhere for it.
    pub(super) fn with(self: &Arc<Self>, entries: Vec<ExitEntry>, gone: &HashSet<ExitId>) -> Arc<Self> {
        let mut moved = false;
        for exit in self.exits.iter().filter(|exit| gone.contains(&exit.id())) {
            exit.end();
            moved = true;
        }
        let mut places = None;
        let mut fresh = Vec::new();
        for entry in entries {
            let (id, exit) = (entry.id, self.exit(entry.id));
            let standing = exit.map(|exit| Arc::clone(&exit.facts())).filter(|facts| stand_alike(facts, &entry.places));
            let facts = match standing {
                Some(before) => Facts::of(entry, before.places.clone()),
                None => places.get_or_insert_with(|| Places::of(self.shelves.values())).facts(entry),
            };
            match exit {
                Some(exit) => moved |= exit.update(facts),
                None => fresh.push(Arc::new(LiveExit::new(id, facts))),
            }
        }
        if !moved && fresh.is_empty() {
            return Arc::clone(self);
        }
        drop(places);
        let kept = self.exits.iter().filter(|exit| !gone.contains(&exit.id())).cloned();
        Arc::new(Self::of(kept.chain(fresh).collect()))
    }

    fn of(mut exits: Vec<Arc<LiveExit>>) -> Self {
        exits.sort_unstable_by_key(|exit| exit.id());
        exits.shrink_to_fit();
        let mut sets: Vec<(Vec<Stand>, Vec<ProductType>)> = Vec::new();
        for product_type in ProductType::ALL {
            let stands = stands(&exits, *product_type);
            match sets.iter_mut().find(|(others, _)| same(others, &stands)) {
                _ if stands.is_empty() => {}
                Some((_, product_types)) => product_types.push(*product_type),
                None => sets.push((stands, vec![*product_type])),
            }
        }
        let mut shelves = BTreeMap::new();
        for (stands, product_types) in sets {
            let shelf = Arc::new(Shelf::of(stands));
            shelves.extend(product_types.into_iter().map(|product_type| (product_type, Arc::clone(&shelf))));
        }
        let needs_addresses = exits.iter().any(|exit| !matches!(exit.facts().route, Route::Upstream(_)));
        Self { exits, shelves, needs_addresses, offers: Offers::default() }
    }

    /// Whether the operator has made no exit: then everything leaves by the host's own.
    pub(crate) const fn is_empty(&self) -> bool {
        self.exits.is_empty()
    }

    /// Whether some exits dial addresses themselves; an upstream takes names.
    pub(crate) const fn needs_addresses(&self) -> bool {
        self.needs_addresses
    }

    /// All of them, by id.
    pub fn exits(&self) -> &[Arc<LiveExit>] {
        &self.exits
    }

    /// The exits that take traffic of that type; `None` when there are none.
    pub(crate) fn shelf(&self, product_type: ProductType) -> Option<&Shelf> {
        self.shelves.get(&product_type).map(Arc::as_ref)
    }

    /// The exit that a shelf knows by that number.
    pub(crate) fn at(&self, number: u32) -> Option<&Arc<LiveExit>> {
        self.exits.get(usize::try_from(number).ok()?)
    }

    /// The exit of that id.
    pub(crate) fn exit(&self, id: ExitId) -> Option<&Arc<LiveExit>> {
        let at = self.exits.binary_search_by_key(&id, |exit| exit.id()).ok()?;
        self.exits.get(at)
    }

    /// Whether exits serve that place, usable or not.
    pub(crate) fn serves(&self, product_type: ProductType, wish: &PlaceWish) -> bool {
        self.shelf(product_type).is_some_and(|shelf| shelf.serves(wish))
    }
}

fn stands(exits: &[Arc<LiveExit>], product_type: ProductType) -> Vec<Stand> {
    let mut stands = Vec::new();
    for (number, exit) in (0..).zip(exits) {
        let facts = exit.facts();
        if facts.product_types.contains(product_type) {
            let weight = facts.weight;
            stands.extend(facts.places.iter().map(|place| Stand { exit: number, place: Arc::clone(place), weight }));
        }
    }
    stands
}

/// Whether the same exits stand in the same places.
fn same(one: &[Stand], other: &[Stand]) -> bool {
    let equal = |(one, other): (&Stand, &Stand)| one.exit == other.exit && Arc::ptr_eq(&one.place, &other.place);
    one.len() == other.len() && one.iter().zip(other).all(equal)
}

/// Whether an exit stands where it is said to stand.
fn stand_alike(facts: &Facts, places: &[ExitPlace]) -> bool {
    facts.places.iter().map(Arc::as_ref).eq(places)
}

/// The places that exits stand in, each kept once.
struct Places(HashSet<Arc<ExitPlace>>);

impl Places {
    fn of<'s>(shelves: impl Iterator<Item = &'s Arc<Shelf>>) -> Self {
        Self(shelves.flat_map(|shelf| shelf.places()).cloned().collect())
    }

    fn facts(&mut self, entry: ExitEntry) -> Facts {
        let places = entry.places.iter().map(|place| self.kept(place)).collect();
        Facts::of(entry, places)
    }

    fn kept(&mut self, place: &ExitPlace) -> Arc<ExitPlace> {
        if let Some(kept) = self.0.get(place) {
            return Arc::clone(kept);
        }
        let fresh = Arc::new(place.clone());
        self.0.insert(Arc::clone(&fresh));
        fresh
    }
}

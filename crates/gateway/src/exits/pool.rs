//! All exits as of one moment, found by number and by place.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use turnpike_domain::exit::{ExitPlace, Route, Shelf, Stand};
use turnpike_domain::ids::ExitId;
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;

use super::live::LiveExit;

/// All exits.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    /// By number, ascending: a shelf knows them by their place here.
    exits: Vec<Arc<LiveExit>>,
    shelves: BTreeMap<ProductType, Shelf>,
    /// Whether there are exits that dial addresses themselves.
    needs_addresses: bool,
}

impl Pool {
    pub(crate) fn of(mut exits: Vec<Arc<LiveExit>>) -> Self {
        exits.sort_unstable_by_key(|exit| exit.id());
        let mut stands: BTreeMap<ProductType, Vec<Stand>> = BTreeMap::new();
        // A place is kept once, however many exits stand there.
        let mut places: HashSet<Arc<ExitPlace>> = HashSet::new();
        for (number, exit) in (0..).zip(&exits) {
            let entry = exit.entry();
            for place in &entry.places {
                let place = places.get(place).cloned().unwrap_or_else(|| {
                    let fresh = Arc::new(place.clone());
                    places.insert(Arc::clone(&fresh));
                    fresh
                });
                for product_type in &entry.product_types {
                    let stand = Stand { exit: number, place: Arc::clone(&place), weight: entry.weight };
                    stands.entry(*product_type).or_default().push(stand);
                }
            }
        }
        let shelves = stands.into_iter().map(|(product_type, stands)| (product_type, Shelf::of(stands))).collect();
        let needs_addresses = exits.iter().any(|exit| !matches!(exit.entry().route, Route::Upstream(_)));
        Self { exits, shelves, needs_addresses }
    }

    /// Whether the operator has made no exit: then everything leaves by the host's own.
    pub(crate) const fn is_empty(&self) -> bool {
        self.exits.is_empty()
    }

    /// Whether some exits dial addresses themselves; an upstream takes names.
    pub(crate) const fn needs_addresses(&self) -> bool {
        self.needs_addresses
    }

    /// All of them, by number.
    pub(crate) fn exits(&self) -> &[Arc<LiveExit>] {
        &self.exits
    }

    /// The exits that take traffic of that type; `None` when there are none.
    pub(crate) fn shelf(&self, product_type: ProductType) -> Option<&Shelf> {
        self.shelves.get(&product_type)
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

    /// Where an exit of that type stands, of the places that were wished for; `None` when it does not.
    pub(crate) fn place_of(
        &self,
        exit: &LiveExit,
        product_type: ProductType,
        wish: &PlaceWish,
    ) -> Option<Arc<ExitPlace>> {
        let entry = exit.entry();
        let takes = entry.product_types.contains(&product_type);
        let place = entry.places.iter().filter(|_| takes).find(|place| place.serves(wish))?;
        Some(Arc::new(place.clone()))
    }
}

//! An exit while it serves: what the operator wants of it, how many connections leave by it, and how it is. There may be a million,
//! so that each is small: places are shared, product types are bits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use arc_swap::{ArcSwap, Guard};
use turnpike_domain::exit::{ExitEntry, ExitPlace, ExitState, Route};
use turnpike_domain::ids::ExitId;
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;

use crate::exit::health::Health;

/// An exit.
#[derive(Debug)]
pub struct LiveExit {
    id: ExitId,
    facts: ArcSwap<Facts>,
    open: AtomicU32,
    gone: AtomicBool,
    pub(crate) health: Health,
}

/// What the operator wants of an exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) route: Route,
    pub(crate) places: Box<[Arc<ExitPlace>]>,
    pub(crate) product_types: TypeSet,
    pub(crate) capacity: Option<u32>,
    pub(crate) weight: u16,
    pub(crate) state: ExitState,
}

/// Product types as bits, in the order of [`ProductType::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypeSet(u32);

impl TypeSet {
    pub(crate) fn of(product_types: &[ProductType]) -> Self {
        let bits = ProductType::ALL.iter().zip(0_u32..);
        Self(bits.filter(|(one, _)| product_types.contains(one)).fold(0, |set, (_, bit)| set | (1 << bit)))
    }

    pub(crate) fn contains(self, product_type: ProductType) -> bool {
        self.iter().any(|one| one == product_type)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = ProductType> {
        ProductType::ALL.iter().zip(0_u32..).filter(move |(_, bit)| self.0 & (1 << bit) != 0).map(|(one, _)| *one)
    }
}

impl Facts {
    /// Those of an exit that stands there.
    pub(super) fn of(entry: ExitEntry, places: Box<[Arc<ExitPlace>]>) -> Self {
        let ExitEntry { route, product_types, capacity, weight, state, .. } = entry;
        Self { route, places, product_types: TypeSet::of(&product_types), capacity, weight, state }
    }

    /// Whether it stands where the other does, with the same share: the pool need not change.
    fn stands_as(&self, other: &Self) -> bool {
        (&self.places, self.product_types, self.weight) == (&other.places, other.product_types, other.weight)
            && matches!(self.route, Route::Upstream(_)) == matches!(other.route, Route::Upstream(_))
    }
}

impl LiveExit {
    pub(crate) fn new(id: ExitId, facts: Facts) -> Self {
        Self {
            id,
            facts: ArcSwap::from_pointee(facts),
            open: AtomicU32::new(0),
            gone: AtomicBool::new(false),
            health: Health::default(),
        }
    }

    /// Takes over what the operator wants now: whether it stands elsewhere. One with another route has no past.
    pub(crate) fn update(&self, facts: Facts) -> bool {
        let before = self.facts.load_full();
        let moves = !before.stands_as(&facts);
        if before.route != facts.route {
            self.health.forget();
        }
        self.facts.store(Arc::new(facts));
        moves
    }

    /// It is no more.
    pub(crate) fn end(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// Which exit.
    pub const fn id(&self) -> ExitId {
        self.id
    }

    /// What the operator wants of it.
    pub(crate) fn facts(&self) -> Guard<Arc<Facts>> {
        self.facts.load()
    }

    /// How traffic leaves by it.
    pub(crate) fn route(&self) -> Route {
        self.facts.load().route.clone()
    }

    /// Where it stands, of the places that were wished for; `None` when it does not, or takes no traffic of that type.
    pub(crate) fn place_for(&self, product_type: ProductType, wish: &PlaceWish) -> Option<Arc<ExitPlace>> {
        let facts = self.facts();
        let takes = facts.product_types.contains(product_type);
        facts.places.iter().filter(|_| takes).find(|place| place.serves(wish)).cloned()
    }

    /// How many connections leave by it.
    pub(crate) fn open(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether a connection may leave by it that would be bound to it from here on.
    pub(crate) fn takes_new(&self) -> bool {
        self.state().is_some_and(ExitState::takes_new) && !self.health.is_out() && self.has_room()
    }

    /// Whether a session that has it keeps it. A full one is kept: somebody will make room.
    pub(crate) fn keeps_sessions(&self) -> bool {
        self.keeps_open() && !self.health.is_out()
    }

    /// Whether open connections may go on.
    pub(crate) fn keeps_open(&self) -> bool {
        self.state().is_some_and(ExitState::keeps_open)
    }

    /// `None` once it is gone.
    fn state(&self) -> Option<ExitState> {
        (!self.gone.load(Ordering::Relaxed)).then(|| self.facts.load().state)
    }

    /// Whether it is not full.
    pub(crate) fn has_room(&self) -> bool {
        self.facts.load().capacity.is_none_or(|capacity| self.open() < capacity)
    }

    /// Counts a connection in; `None` when it is full.
    pub(crate) fn seat(self: &Arc<Self>) -> Option<Outing> {
        let capacity = self.facts.load().capacity.unwrap_or(u32::MAX);
        let more = |open: u32| (open < capacity).then(|| open.saturating_add(1));
        self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Outing(Arc::clone(self)))
    }
}

/// One connection's place at its exit. Dropping it makes room.
#[derive(Debug)]
pub struct Outing(Arc<LiveExit>);

impl Outing {
    /// The exit.
    pub const fn exit(&self) -> &Arc<LiveExit> {
        &self.0
    }
}

impl Drop for Outing {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_type_has_a_bit_of_its_own() {
        let all = TypeSet::of(ProductType::ALL);
        assert!(all.iter().eq(ProductType::ALL.iter().copied()));
        for one in ProductType::ALL {
            let set = TypeSet::of(&[*one]);
            assert!(set.iter().eq([*one]) && set.contains(*one));
        }
    }
}

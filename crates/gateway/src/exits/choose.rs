//! Which exit a connection leaves by: its session's, or one of its place by the number that its session's key or chance gives.

use std::sync::Arc;

use turnpike_domain::exit::{ExitPlace, Pick, Route};
use turnpike_domain::ids::ExitId;
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;
use turnpike_domain::session::{Pin, SessionKey};
use turnpike_domain::time::{Span, Timestamp};

use super::live::LiveExit;
use super::pool::Pool;
use super::{Exits, Outing};
use crate::refusal::Refusal;

/// A session: what tells it apart, and how long it keeps its exit.
#[derive(Clone, Copy, Debug)]
pub struct Sticky {
    /// What tells it apart.
    pub key: SessionKey,
    /// How long it keeps its exit.
    pub life: Span,
}

/// What is looked for.
pub struct Search<'a> {
    /// For accounts of this type.
    pub product_type: ProductType,
    /// Where it shall be.
    pub place: &'a PlaceWish,
    /// The session it is for.
    pub sticky: Option<Sticky>,
    /// A number as likely as any other, for whoever has no session.
    pub chance: u64,
}

/// An exit with a place taken at it.
#[derive(Debug)]
pub struct Chosen {
    /// The exit, and the place at it.
    pub outing: Outing,
    /// Where it is.
    pub place: Arc<ExitPlace>,
    /// What is derived for the connection follows from it: its session's number, the same for a life, or chance.
    pub number: u64,
}

/// The exit that somebody would get who came now.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) exit: Arc<LiveExit>,
    pub(crate) place: Arc<ExitPlace>,
    /// What a session has, or would be given.
    pub(crate) pin: Option<Pin>,
    /// Whether the session has it already.
    pub(crate) kept: bool,
}

impl Exits {
    /// Finds an exit that is not among `tried` and whose route `suits`, and takes a place at it. A session keeps the one it has, as
    /// long as that is neither out nor gone.
    ///
    /// # Errors
    /// [`Refusal::PlaceNotServed`] and [`Refusal::NoExit`]; [`Refusal::Unreachable`] when a session's exit does not suit.
    pub fn choose(
        &self,
        search: &Search<'_>,
        tried: &[ExitId],
        suits: impl Fn(&Route) -> bool,
    ) -> Result<Chosen, Refusal> {
        let pool = self.pool.load();
        let choice = self.decide(&pool, search, tried, suits)?;
        let (exit, place, number) = match choice.pin {
            Some(pin) if choice.kept => (choice.exit, choice.place, pin.key.number(pin.after)),
            Some(fresh) => {
                // Another gateway may have been first.
                let pin = self.pins.give(fresh, (self.clock)());
                let number = pin.key.number(pin.after);
                if pin == fresh {
                    (choice.exit, choice.place, number)
                } else {
                    let (exit, place) = kept(&pool, search, pin).ok_or(Refusal::NoExit)?;
                    (Arc::clone(exit), place, number)
                }
            }
            None => (choice.exit, choice.place, search.chance),
        };
        let outing = exit.seat().ok_or(Refusal::NoExit)?;
        Ok(Chosen { outing, place, number })
    }

    /// What [`Exits::choose`] would find, without taking or keeping anything.
    ///
    /// # Errors
    /// As [`Exits::choose`], but that the exit a session keeps may be full.
    pub(crate) fn decide(
        &self,
        pool: &Pool,
        search: &Search<'_>,
        tried: &[ExitId],
        suits: impl Fn(&Route) -> bool,
    ) -> Result<Choice, Refusal> {
        let usable =
            |exit: &Arc<LiveExit>| exit.takes_new() && !tried.contains(&exit.id()) && suits(&exit.facts().route);
        let Some(sticky) = search.sticky else {
            let (exit, place) = pick(pool, search, search.chance, usable)?;
            return Ok(Choice { exit: Arc::clone(exit), place, pin: None, kept: false });
        };
        let now = (self.clock)();
        let before = self.pins.of(sticky.key);
        let held = before.filter(|pin| pin.holds(now));
        if let Some((pin, (exit, place))) = held.and_then(|pin| Some((pin, kept(pool, search, pin)?))) {
            if !suits(&exit.facts().route) {
                return Err(Refusal::Unreachable);
            }
            return Ok(Choice { exit: Arc::clone(exit), place, pin: Some(pin), kept: true });
        }
        let fresh = match held {
            // Its exit has died: it goes on with the next number.
            Some(pin) => pin.moved_to(pin.exit),
            None => Pin {
                key: sticky.key,
                exit: ExitId::new(0),
                after: before.map_or(Timestamp::from_ms(0), |pin| pin.until),
                until: now.plus(sticky.life),
                moves: 0,
            },
        };
        let (exit, place) = pick(pool, search, Pin::number(sticky.key, fresh.after, fresh.moves), usable)?;
        Ok(Choice { exit: Arc::clone(exit), place, pin: Some(Pin { exit: exit.id(), ..fresh }), kept: false })
    }
}

/// A session's exit, if it can keep it.
fn kept<'p>(pool: &'p Pool, search: &Search<'_>, pin: Pin) -> Option<(&'p Arc<LiveExit>, Arc<ExitPlace>)> {
    let exit = pool.exit(pin.exit).filter(|exit| exit.keeps_sessions())?;
    let place = exit.place_for(search.product_type, search.place)?;
    Some((exit, place))
}

fn pick<'p>(
    pool: &'p Pool,
    search: &Search<'_>,
    number: u64,
    usable: impl Fn(&Arc<LiveExit>) -> bool,
) -> Result<(&'p Arc<LiveExit>, Arc<ExitPlace>), Refusal> {
    let not_served = || pool.not_served(search.product_type, search.place);
    let shelf = pool.shelf(search.product_type).ok_or_else(not_served)?;
    match shelf.pick(search.place, number, |exit| pool.at(exit).is_some_and(&usable)) {
        Pick::Exit(exit, place) => Ok((pool.at(exit).ok_or(Refusal::NoExit)?, place)),
        Pick::NoneUsable => Err(Refusal::NoExit),
        Pick::NotServed => Err(not_served()),
    }
}

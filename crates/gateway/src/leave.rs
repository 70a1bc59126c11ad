//! The way out of one connection: by an exit of the place that was wished for, by one of the customer's static IPs, or, as long as
//! the operator has made no exit, by the host's own address. What cannot leave the way it should does not leave.

pub(crate) mod decide;

use std::sync::Arc;

use tokio::net::TcpStream;
use turnpike_domain::destination::Target;
use turnpike_domain::directory::HeldIp;
use turnpike_domain::exit::Route;
use turnpike_domain::ids::ExitId;

use self::decide::{Goal, Traveller, Way, check_target, exit_behind};
use crate::directory::Directory;
use crate::exit::{self, DialError, Dialled, Errand, Guise};
use crate::exits::{Chosen, Outing, Pool};
use crate::line::{Kick, WayOut};
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::session::Front;
use crate::wishes::Wishes;

/// How many exits are tried for one connection.
const MOST_TRIES: usize = 4;

/// A connection to a target.
pub(crate) struct Reached {
    pub(crate) stream: TcpStream,
    /// What an upstream sent right behind its answer.
    pub(crate) early: Vec<u8>,
    /// Its place at the exit.
    pub(crate) outing: Option<Outing>,
}

fn traveller<'a>(permit: &'a Permit, wishes: &'a Wishes) -> Traveller<'a> {
    Traveller { customer: permit.customer(), product_type: permit.product_type(), wishes, chance: permit.chance() }
}

/// Whether what is wished for can be met at all.
///
/// # Errors
/// [`Refusal::PlaceNotServed`], [`Refusal::StaticIpNotHeld`].
pub(crate) fn check(directory: &Directory, permit: &Permit, wishes: Option<&Wishes>) -> Result<(), Refusal> {
    let none = Wishes::default();
    Way::of(directory, &traveller(permit, wishes.unwrap_or(&none))).map(drop)
}

/// Checks the target and the traffic left, and connects.
///
/// # Errors
/// The first check that fails, or why there is no connection.
pub(crate) async fn reach(front: &Front, permit: &Permit, target: &Target) -> Result<Reached, Refusal> {
    permit.line().head_for(target);
    let literal = check_target(&front.policy, target)?;
    permit.ensure_seat().await?;
    permit.ensure_traffic().await?;
    let none = Wishes::default();
    let wishes = permit.wishes().unwrap_or(&none);
    let way = Way::of(&front.directory, &traveller(permit, wishes))?;
    let goal = Goal::new(target, literal, (&front.resolver, &front.settings));
    let mut journey = Journey { front, permit, wishes, goal };
    match way {
        Way::Host => journey.by_host().await,
        Way::StaticIp(held) => journey.by_static_ip(&held).await,
        Way::Pool(pool) => journey.by_pool(&pool).await,
    }
}

/// One connection on its way out.
struct Journey<'a> {
    front: &'a Front,
    permit: &'a Permit,
    wishes: &'a Wishes,
    goal: Goal<'a>,
}

impl Journey<'_> {
    async fn by_host(&mut self) -> Result<Reached, Refusal> {
        self.goal.resolve().await?;
        self.permit.line().leave_by(WayOut::Host, None);
        let stream = self.front.dialler.dial_from_host(self.goal.addresses()).await?;
        Ok(Reached { stream, early: Vec::new(), outing: None })
    }

    async fn by_static_ip(&mut self, held: &HeldIp) -> Result<Reached, Refusal> {
        let exit = held.exit.map(|id| exit_behind(&self.front.directory, id)).transpose()?;
        let outing = exit.as_ref().map(|exit| exit.seat().ok_or(Refusal::NoExit)).transpose()?;
        let route = exit.as_ref().map_or(Route::Address(held.ip), |exit| exit.route());
        self.permit.line().leave_by(WayOut::StaticIp(held.ip, held.exit), None);
        self.goal.resolve_for(&route).await?;
        let number = traveller(self.permit, self.wishes).number();
        let guise = Guise { place: &held.place, number, life: self.wishes.sticky.map(|sticky| sticky.life) };
        let way = exit::Way { route: &route, health: exit.as_ref().map(|exit| (exit.id(), &exit.health)) };
        let Dialled { stream, early } = self.dial(way, &guise).await.map_err(DialError::refusal)?;
        Ok(Reached { stream, early, outing })
    }

    /// Tries exits of the place until one connects. A session tries its own until that is out.
    async fn by_pool(&mut self, pool: &Pool) -> Result<Reached, Refusal> {
        self.goal.look_up(pool).await?;
        let (mut tried, mut refusal) = (Vec::new(), Refusal::NoExit);
        for _ in 0..MOST_TRIES {
            let chosen = match self.choose(&tried) {
                Ok(chosen) => chosen,
                // What is behind a failure is told, not that nothing else is left.
                Err(Refusal::NoExit) if !tried.is_empty() => return Err(refusal),
                Err(error) => return Err(error),
            };
            let exit = Arc::clone(chosen.outing.exit());
            match self.go(chosen).await {
                Ok(reached) => return Ok(reached),
                Err(DialError::Target(refusal)) => return Err(refusal),
                // All the time there was is gone, and for all that is known it was the target.
                Err(error @ DialError::Silent) if !exit.health.is_out() => return Err(error.refusal()),
                Err(error) => refusal = error.refusal(),
            }
            if self.wishes.sticky.is_none() || exit.health.is_out() {
                tried.push(exit.id());
            }
        }
        Err(refusal)
    }

    fn choose(&self, tried: &[ExitId]) -> Result<Chosen, Refusal> {
        let search = traveller(self.permit, self.wishes).search();
        let exits = self.front.directory.exits();
        self.goal.told(exits.choose(&search, tried, |route| self.goal.suits(route)))
    }

    async fn go(&mut self, chosen: Chosen) -> Result<Reached, DialError> {
        let Chosen { outing, place, number } = chosen;
        let exit = Arc::clone(outing.exit());
        let guise = Guise { place: &place, number, life: self.wishes.sticky.map(|sticky| sticky.life) };
        self.permit.line().leave_by(WayOut::Exit(exit.id()), Some(Arc::clone(&place)));
        let way = exit::Way { route: &exit.route(), health: Some((exit.id(), &exit.health)) };
        let Dialled { stream, early } = self.dial(way, &guise).await?;
        // The exit may have been taken away before the connection was down for it.
        if !exit.keeps_open() {
            self.permit.line().kick(Kick::Exit);
        }
        Ok(Reached { stream, early, outing: Some(outing) })
    }

    async fn dial(&self, way: exit::Way<'_>, guise: &Guise<'_>) -> Result<Dialled, DialError> {
        let errand = Errand { target: self.goal.target(), destinations: self.goal.addresses() };
        self.front.dialler.dial(way, errand, guise).await
    }
}

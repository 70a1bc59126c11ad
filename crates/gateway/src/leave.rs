//! The way out of one connection: by an exit of the place that was wished for, by one of the customer's static IPs, or, as long as
//! the operator has made no exit, by the host's own address. What cannot leave the way it should does not leave.

use std::sync::Arc;

use tokio::net::TcpStream;
use turnpike_domain::destination::{Destination, Target};
use turnpike_domain::directory::HeldIp;
use turnpike_domain::exit::{Route, stirred};
use turnpike_domain::ids::ExitId;
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use crate::directory::Directory;
use crate::exit::{self, DialError, Dialled, Errand, Guise};
use crate::exits::{Chosen, LiveExit, Outing, Pool, Search, Sticky};
use crate::line::WayOut;
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::session::Front;
use crate::wishes::Wishes;

/// What the first life of a session follows.
const BEGINNING: Timestamp = Timestamp::from_ms(0);
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

/// Whether what is wished for can be met at all.
///
/// # Errors
/// [`Refusal::PlaceNotServed`], [`Refusal::StaticIpNotHeld`].
pub(crate) fn check(directory: &Directory, permit: &Permit, wishes: Option<&Wishes>) -> Result<(), Refusal> {
    let none = Wishes::default();
    let wishes = wishes.unwrap_or(&none);
    Way::of(directory, permit, wishes).map(drop)
}

/// Checks the target and the traffic left, and connects.
///
/// # Errors
/// The first check that fails, or why there is no connection.
pub(crate) async fn reach(front: &Front, permit: &Permit, target: &Target) -> Result<Reached, Refusal> {
    permit.line().head_for(target);
    front.policy.check_port(target.port())?;
    let literal = match target {
        Target::Address(address) => Some(front.policy.classify(*address)?),
        Target::Name(..) => None,
    };
    permit.ensure_traffic().await?;
    let none = Wishes::default();
    let wishes = permit.wishes().unwrap_or(&none);
    let way = Way::of(&front.directory, permit, wishes)?;
    let mut journey = Journey { front, permit, target, destinations: literal.map(|one| Ok(vec![one])) };
    match way {
        Way::Host => journey.by_host().await,
        Way::StaticIp(held) => journey.by_static_ip(&held, wishes.sticky).await,
        Way::Pool(pool) => journey.by_pool(&pool, wishes).await,
    }
}

/// Which kind of way out.
enum Way {
    Host,
    StaticIp(HeldIp),
    Pool(Arc<Pool>),
}

impl Way {
    fn of(directory: &Directory, permit: &Permit, wishes: &Wishes) -> Result<Self, Refusal> {
        let product_type = permit.product_type();
        if wishes.ip.is_some() || product_type.is_static_ip() {
            return static_ip(directory, permit, wishes).map(Self::StaticIp);
        }
        let pool = directory.exits().pool();
        match pool.is_empty() {
            true if wishes.place.is_anywhere() => Ok(Self::Host),
            false if pool.serves(product_type, &wishes.place) => Ok(Self::Pool(pool)),
            _ => Err(pool.not_served(product_type, &wishes.place)),
        }
    }
}

/// The static IP that was named, or one of those of the account's type.
fn static_ip(directory: &Directory, permit: &Permit, wishes: &Wishes) -> Result<HeldIp, Refusal> {
    let now = directory.exits().now();
    let mut held = permit.customer().static_ips();
    held.retain(|held| now < held.expires_at && held.place.serves(&wishes.place));
    if let Some(ip) = wishes.ip {
        return held.into_iter().find(|held| held.ip == ip).ok_or(Refusal::StaticIpNotHeld);
    }
    held.retain(|held| held.product_type == permit.product_type());
    // The highest of what the session and each address come to together: an address that is lost moves nobody else.
    let number = wishes.sticky.map_or_else(|| permit.chance(), |sticky| sticky.key.number(BEGINNING));
    let rank = |held: &HeldIp| stirred(number ^ stirred(address_number(held)));
    held.into_iter().max_by_key(rank).ok_or(Refusal::StaticIpNotHeld)
}

fn address_number(held: &HeldIp) -> u64 {
    let wide = match held.ip {
        std::net::IpAddr::V4(ip) => u128::from(ip.to_bits()),
        std::net::IpAddr::V6(ip) => ip.to_bits(),
    };
    u64::try_from((wide >> 64_u32) ^ (wide & u128::from(u64::MAX))).unwrap_or(0)
}

/// One connection on its way out.
struct Journey<'a> {
    front: &'a Front,
    permit: &'a Permit,
    target: &'a Target,
    /// What the target's name comes to, once it was asked for here.
    destinations: Option<Result<Vec<Destination>, Refusal>>,
}

impl Journey<'_> {
    async fn by_host(&mut self) -> Result<Reached, Refusal> {
        self.resolve().await?;
        self.permit.line().leave_by(WayOut::Host);
        let stream = self.front.dialler.dial_from_host(self.addresses()).await?;
        Ok(Reached { stream, early: Vec::new(), outing: None })
    }

    async fn by_static_ip(&mut self, held: &HeldIp, sticky: Option<Sticky>) -> Result<Reached, Refusal> {
        let exit = match held.exit {
            None => None,
            Some(id) => Some(self.exit_behind(id)?),
        };
        let outing = exit.as_ref().map(|exit| exit.seat().ok_or(Refusal::NoExit)).transpose()?;
        let route = exit.as_ref().map_or(Route::Address(held.ip), |exit| exit.route());
        if self.needs_addresses(&route) {
            self.resolve().await?;
        }
        self.permit.line().leave_by(WayOut::StaticIp(held.ip, held.exit));
        let number = sticky.map_or_else(|| self.permit.chance(), |sticky| sticky.key.number(BEGINNING));
        let guise = Guise { place: &held.place, number, life: sticky.map(|sticky| sticky.life) };
        let way = exit::Way { route: &route, health: exit.as_ref().map(|exit| (exit.id(), &exit.health)) };
        let Dialled { stream, early } = self.dial(way, &guise).await.map_err(|error| error.refusal())?;
        Ok(Reached { stream, early, outing })
    }

    /// The exit that a static IP is behind. It was not chosen, so it is used as long as it keeps what it has.
    fn exit_behind(&self, id: ExitId) -> Result<Arc<LiveExit>, Refusal> {
        let pool = self.front.directory.exits().pool();
        pool.exit(id).filter(|exit| exit.keeps_sessions()).cloned().ok_or(Refusal::NoExit)
    }

    /// Tries exits of the place until one connects. A session tries its own until that is out.
    async fn by_pool(&mut self, pool: &Pool, wishes: &Wishes) -> Result<Reached, Refusal> {
        let product_type = self.permit.product_type();
        if pool.needs_addresses() || self.front.settings.destinations.classify_names {
            self.look_up().await?;
        }
        let (mut tried, mut refusal) = (Vec::new(), Refusal::NoExit);
        for _ in 0..MOST_TRIES {
            let search = self.search(product_type, &wishes.place, wishes.sticky);
            let chosen = match self.choose(&search, &tried) {
                Ok(chosen) => chosen,
                // What is behind a failure is told, not that nothing else is left.
                Err(Refusal::NoExit) if !tried.is_empty() => return Err(refusal),
                Err(error) => return Err(error),
            };
            let exit = Arc::clone(chosen.outing.exit());
            match self.go(chosen, wishes.sticky).await {
                Ok(reached) => return Ok(reached),
                Err(DialError::Target(refusal)) => return Err(refusal),
                Err(error) => refusal = error.refusal(),
            }
            if wishes.sticky.is_none() || exit.health.is_out() {
                tried.push(exit.id());
            }
        }
        Err(refusal)
    }

    fn search<'s>(&self, product_type: ProductType, place: &'s PlaceWish, sticky: Option<Sticky>) -> Search<'s> {
        Search { product_type, place, sticky, chance: self.permit.chance() }
    }

    fn choose(&self, search: &Search<'_>, tried: &[ExitId]) -> Result<Chosen, Refusal> {
        let found = self.destinations.as_ref();
        let suits = |route: &Route| match (route, found) {
            (Route::Upstream(_), _) | (_, None) => true,
            (route, Some(Ok(destinations))) => destinations.iter().any(|one| route.reaches(one.get().ip())),
            (_, Some(Err(_))) => false,
        };
        let chosen = self.front.directory.exits().choose(search, tried, suits);
        match (chosen, found) {
            // Only those were left that cannot do without the addresses.
            (Err(Refusal::NoExit | Refusal::Unreachable), Some(Err(refusal))) => Err(refusal.clone()),
            (chosen, _) => chosen,
        }
    }

    async fn go(&mut self, chosen: Chosen, sticky: Option<Sticky>) -> Result<Reached, DialError> {
        let Chosen { outing, place, number } = chosen;
        let exit = Arc::clone(outing.exit());
        let guise = Guise { place: &place, number, life: sticky.map(|sticky| sticky.life) };
        self.permit.line().leave_by(WayOut::Exit(exit.id()));
        let way = exit::Way { route: &exit.route(), health: Some((exit.id(), &exit.health)) };
        let Dialled { stream, early } = self.dial(way, &guise).await?;
        // The exit may have been taken away before the connection was down for it.
        if !exit.keeps_open() {
            self.permit.line().kick();
        }
        Ok(Reached { stream, early, outing: Some(outing) })
    }

    async fn dial(&self, way: exit::Way<'_>, guise: &Guise<'_>) -> Result<Dialled, DialError> {
        let errand = Errand { target: self.target, destinations: self.addresses() };
        self.front.dialler.dial(way, errand, guise).await
    }

    fn addresses(&self) -> &[Destination] {
        match &self.destinations {
            Some(Ok(destinations)) => destinations,
            _ => &[],
        }
    }

    fn needs_addresses(&self, route: &Route) -> bool {
        self.front.settings.destinations.classify_names || !matches!(route, Route::Upstream(_))
    }

    /// Finds out the addresses; that there are none matters only to exits that need them. What is denied is denied for all.
    async fn look_up(&mut self) -> Result<(), Refusal> {
        match self.resolve().await {
            Err(denied @ Refusal::TargetDenied(_)) => Err(denied),
            Err(failed) if self.front.settings.destinations.classify_names => Err(failed),
            _ => Ok(()),
        }
    }

    async fn resolve(&mut self) -> Result<(), Refusal> {
        if self.destinations.is_none() {
            self.destinations = Some(self.front.resolver.destinations(self.target).await);
        }
        match &self.destinations {
            Some(Err(refusal)) => Err(refusal.clone()),
            _ => Ok(()),
        }
    }
}

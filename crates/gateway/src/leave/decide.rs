//! What a connection leaves by, decided here for those who go and for those who only ask. Nothing is counted, kept or dialled.

use std::net::IpAddr;
use std::sync::Arc;

use turnpike_domain::destination::{Destination, DestinationPolicy, Target};
use turnpike_domain::directory::HeldIp;
use turnpike_domain::exit::{Route, stirred};
use turnpike_domain::ids::ExitId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use crate::customer::Customer;
use crate::directory::Directory;
use crate::exits::{LiveExit, Pool, Search};
use crate::refusal::Refusal;
use crate::resolver::Resolver;
use crate::settings::Settings;
use crate::wishes::Wishes;

/// What the first life of a session follows.
const BEGINNING: Timestamp = Timestamp::from_ms(0);

/// Whose connection it is, as far as the way out depends on it.
pub(crate) struct Traveller<'a> {
    pub(crate) customer: &'a Customer,
    pub(crate) product_type: ProductType,
    pub(crate) wishes: &'a Wishes,
    /// A number as likely as any other.
    pub(crate) chance: u64,
}

impl<'a> Traveller<'a> {
    /// What follows from its session, or from chance.
    pub(super) fn number(&self) -> u64 {
        self.wishes.sticky.map_or(self.chance, |sticky| sticky.key.number(BEGINNING))
    }

    /// The exit it looks for.
    pub(crate) const fn search(&self) -> Search<'a> {
        let Self { product_type, wishes, chance, .. } = *self;
        Search { product_type, place: &wishes.place, sticky: wishes.sticky, chance }
    }
}

/// Which kind of way out.
pub(crate) enum Way {
    Host,
    StaticIp(HeldIp),
    Pool(Arc<Pool>),
}

impl Way {
    /// The one that a traveller's wishes lead to.
    ///
    /// # Errors
    /// [`Refusal::PlaceNotServed`], [`Refusal::StaticIpNotHeld`].
    pub(crate) fn of(directory: &Directory, traveller: &Traveller<'_>) -> Result<Self, Refusal> {
        let Traveller { product_type, wishes, .. } = traveller;
        if wishes.ip.is_some() || product_type.is_static_ip() {
            return static_ip(directory, traveller).map(Self::StaticIp);
        }
        let pool = directory.exits().look();
        match pool.is_empty() {
            true if wishes.place.is_anywhere() => Ok(Self::Host),
            false if pool.serves(*product_type, &wishes.place) => Ok(Self::Pool(Arc::clone(&pool))),
            _ => Err(pool.not_served(*product_type, &wishes.place)),
        }
    }
}

/// The static IP that was named, or one of those of the account's type.
fn static_ip(directory: &Directory, traveller: &Traveller<'_>) -> Result<HeldIp, Refusal> {
    let now = directory.exits().now();
    let mut held = traveller.customer.static_ips();
    held.retain(|held| now < held.expires_at && held.place.serves(&traveller.wishes.place));
    if let Some(ip) = traveller.wishes.ip {
        return held.into_iter().find(|held| held.ip == ip).ok_or(Refusal::StaticIpNotHeld);
    }
    held.retain(|held| held.product_type == traveller.product_type);
    // The highest of what the session and each address come to together: an address that is lost moves nobody else.
    let number = traveller.number();
    let rank = |held: &HeldIp| stirred(number ^ stirred(address_number(held)));
    held.into_iter().max_by_key(rank).ok_or(Refusal::StaticIpNotHeld)
}

fn address_number(held: &HeldIp) -> u64 {
    let wide = match held.ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    u64::try_from((wide >> 64_u32) ^ (wide & u128::from(u64::MAX))).unwrap_or(0)
}

/// The exit that a static IP is behind. It was not chosen, so it is used as long as it keeps what it has.
///
/// # Errors
/// [`Refusal::NoExit`] when it does not.
pub(crate) fn exit_behind(directory: &Directory, id: ExitId) -> Result<Arc<LiveExit>, Refusal> {
    let pool = directory.exits().pool();
    pool.exit(id).filter(|exit| exit.keeps_sessions()).cloned().ok_or(Refusal::NoExit)
}

/// Checks a target's port, and its address when that is what was named.
///
/// # Errors
/// [`Refusal::TargetDenied`].
pub(crate) fn check_target(policy: &DestinationPolicy, target: &Target) -> Result<Option<Destination>, Refusal> {
    policy.check_port(target.port())?;
    match target {
        Target::Address(address) => Ok(Some(policy.classify(*address)?)),
        Target::Name(..) => Ok(None),
    }
}

/// A target, and what its name comes to once it was asked for here.
pub(crate) struct Goal<'a> {
    target: &'a Target,
    destinations: Option<Result<Vec<Destination>, Refusal>>,
    resolver: &'a Resolver,
    settings: &'a Settings,
}

impl<'a> Goal<'a> {
    /// A target that was checked; `literal` is what [`check_target`] came to.
    pub(crate) fn new(
        target: &'a Target,
        literal: Option<Destination>,
        (resolver, settings): (&'a Resolver, &'a Settings),
    ) -> Self {
        Self { target, destinations: literal.map(|one| Ok(vec![one])), resolver, settings }
    }

    pub(crate) const fn target(&self) -> &'a Target {
        self.target
    }

    /// The addresses that may be dialled, as far as they were asked for.
    pub(crate) fn addresses(&self) -> &[Destination] {
        match &self.destinations {
            Some(Ok(destinations)) => destinations,
            _ => &[],
        }
    }

    /// Finds out the addresses.
    ///
    /// # Errors
    /// That there are none.
    pub(crate) async fn resolve(&mut self) -> Result<(), Refusal> {
        if self.destinations.is_none() {
            self.destinations = Some(self.resolver.destinations(self.target).await);
        }
        match &self.destinations {
            Some(Err(refusal)) => Err(refusal.clone()),
            _ => Ok(()),
        }
    }

    /// Finds out the addresses if a route needs them.
    ///
    /// # Errors
    /// As [`Goal::resolve`].
    pub(crate) async fn resolve_for(&mut self, route: &Route) -> Result<(), Refusal> {
        let needed = self.settings.destinations.classify_names || !matches!(route, Route::Upstream(_));
        if needed { self.resolve().await } else { Ok(()) }
    }

    /// Finds out the addresses if exits of the pool need them; that there are none matters only to those. What is denied is
    /// denied for all.
    ///
    /// # Errors
    /// As [`Goal::resolve`].
    pub(crate) async fn look_up(&mut self, pool: &Pool) -> Result<(), Refusal> {
        let names_are_classified = self.settings.destinations.classify_names;
        if !pool.needs_addresses() && !names_are_classified {
            return Ok(());
        }
        match self.resolve().await {
            Err(denied @ Refusal::TargetDenied(_)) => Err(denied),
            Err(failed) if names_are_classified => Err(failed),
            _ => Ok(()),
        }
    }

    /// Whether a route leads there.
    pub(crate) fn suits(&self, route: &Route) -> bool {
        match (route, &self.destinations) {
            (Route::Upstream(_), _) | (_, None) => true,
            (route, Some(Ok(destinations))) => destinations.iter().any(|one| route.reaches(one.get().ip())),
            (_, Some(Err(_))) => false,
        }
    }

    /// What is told of a choice: when only those were left that cannot do without addresses, why there are none.
    pub(crate) fn told<T>(&self, chosen: Result<T, Refusal>) -> Result<T, Refusal> {
        match (chosen, &self.destinations) {
            (Err(Refusal::NoExit | Refusal::Unreachable), Some(Err(refusal))) => Err(refusal.clone()),
            (chosen, _) => chosen,
        }
    }
}

//! Proving an exit: leaves by it to a page that says by which address it was seen, and tells what is missing on the way. What this
//! carries is booked to nobody, and counts for nobody's health.

mod answer;
mod host;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::timeout;
use turnpike_domain::destination::Target;
use turnpike_domain::exit::{EchoPage, ExitLack, ExitReport, ExitWish, Route, address_in, stirred};

use super::connect::{self, Source};
use super::prober::dialler;
use super::{DialError, Dialled, Dialler, ExitFault, Guise, Ward};
use crate::directory::Directory;
use crate::listener::Rules;
use crate::refusal::Refusal;

/// How long the way there and the page may take together.
const LIMIT: Duration = Duration::from_secs(12);

/// Proves exits, by the rules in force.
pub(crate) struct Checker {
    directory: Arc<Directory>,
    ward: Arc<Ward>,
    rules: Arc<ArcSwap<Rules>>,
}

impl Checker {
    pub(crate) const fn new(directory: Arc<Directory>, ward: Arc<Ward>, rules: Arc<ArcSwap<Rules>>) -> Self {
        Self { directory, ward, rules }
    }

    /// Leaves by an exit, whatever the operator wants of it now.
    pub(crate) async fn check(&self, wish: &ExitWish) -> ExitReport {
        let Some(exit) = self.directory.exits().pool().exit(wish.exit).cloned() else {
            return lacking(ExitLack::NotKnown);
        };
        let (route, place) = {
            let facts = exit.facts();
            let Some(place) = facts.places.first().cloned() else { return lacking(ExitLack::NotKnown) };
            (facts.route.clone(), place)
        };
        let dialler = dialler(&self.rules.load_full(), &self.ward);
        let guise = Guise { place: &place, number: stirred(self.ward.now_ms()), life: None };
        dialler.prove(&route, wish.echo.as_ref(), &guise).await
    }
}

const fn found(seen: IpAddr) -> ExitReport {
    ExitReport { seen: Some(seen), missing: Vec::new() }
}

fn lacking(lack: ExitLack) -> ExitReport {
    ExitReport { seen: None, missing: vec![lack] }
}

impl Dialler {
    async fn prove(&self, route: &Route, echo: Option<&EchoPage>, guise: &Guise<'_>) -> ExitReport {
        let missing = host::lacks(route, guise);
        if !missing.is_empty() {
            return ExitReport { seen: None, missing };
        }
        let Some(echo) = echo else {
            let looked = self.look(route, guise).await;
            let unproven = looked.map_or_else(|error| lack(&error, route, &Errand::NoWhere), |()| ExitLack::NoEcho);
            return lacking(unproven);
        };
        let late = || Err(ExitLack::EchoUnreachable(echo.to_string(), "it takes too long".to_owned()));
        match timeout(LIMIT, self.seen(route, echo, guise)).await.unwrap_or_else(|_| late()) {
            Err(lack) => lacking(lack),
            Ok(seen) => match chosen(route, guise) {
                Some(chosen) if chosen != seen => {
                    ExitReport { seen: Some(seen), missing: vec![ExitLack::SeenOther { seen, chosen }] }
                }
                _ => found(seen),
            },
        }
    }

    /// The address that the page says it was asked from.
    async fn seen(&self, route: &Route, echo: &EchoPage, guise: &Guise<'_>) -> Result<IpAddr, ExitLack> {
        let dialled = match route {
            Route::Upstream(upstream) => Box::pin(self.through((upstream, None), &echo.at, guise)).await,
            _ => self.dial_page(route, &echo.at, guise).await?.map(Dialled::from),
        };
        let dialled = dialled.map_err(|error| lack(&error, route, &Errand::Page(echo)))?;
        let answer = answer::read(dialled, echo).await;
        let answer = answer.map_err(|error| ExitLack::EchoUnreachable(echo.to_string(), error.to_string()))?;
        answer::address(&answer).ok_or_else(|| ExitLack::EchoUnreadable(echo.to_string()))
    }

    /// The operator named the page, so it is not classified as a customer's target is.
    async fn dial_page(
        &self,
        route: &Route,
        at: &Target,
        guise: &Guise<'_>,
    ) -> Result<Result<tokio::net::TcpStream, DialError>, ExitLack> {
        let nowhere = |refusal: Refusal| ExitLack::EchoUnreachable(at.to_string(), refusal.word().to_owned());
        let mut addresses = self.resolver.unclassified(at).await.map_err(nowhere)?;
        addresses.retain(|address| route.reaches(address.ip()));
        if addresses.is_empty() {
            return Err(ExitLack::OtherFamily(at.to_string()));
        }
        let source = match route {
            Route::Direct | Route::Upstream(_) => Source::Host,
            Route::Address(own) => Source::Own(*own),
            Route::Prefix(prefix) => Source::Routed(address_in(*prefix, guise.number)),
        };
        let deadlines = &self.settings.deadlines;
        let racing = connect::race(source, addresses.into_iter(), deadlines.stagger());
        Ok(connect::within(deadlines.connect(), racing).await)
    }
}

/// The address that is to be seen; `None` where others choose it.
fn chosen(route: &Route, guise: &Guise<'_>) -> Option<IpAddr> {
    match route {
        Route::Direct | Route::Upstream(_) => None,
        Route::Address(own) => Some(*own),
        Route::Prefix(prefix) => Some(address_in(*prefix, guise.number).into()),
    }
}

/// What was to be reached by an exit.
enum Errand<'a> {
    NoWhere,
    Page(&'a EchoPage),
}

/// What a failure says of the exit.
fn lack(error: &DialError, route: &Route, errand: &Errand<'_>) -> ExitLack {
    let page = match errand {
        Errand::NoWhere => route.to_string(),
        Errand::Page(page) => page.to_string(),
    };
    match error {
        DialError::Exit { fault, .. } => match fault {
            ExitFault::NotHere => match route {
                Route::Address(own) => ExitLack::AddressNotHere(*own),
                _ => ExitLack::UpstreamUnreachable,
            },
            ExitFault::NoSuchUpstream => ExitLack::NoSuchUpstream,
            ExitFault::Unreachable | ExitFault::Closed => ExitLack::UpstreamUnreachable,
            ExitFault::Login => ExitLack::CredentialRefused,
            ExitFault::Spent => ExitLack::UpstreamSpent,
            ExitFault::Protocol => ExitLack::OtherProtocol,
        },
        DialError::Silent => ExitLack::EchoUnreachable(page, "the upstream says nothing".to_owned()),
        DialError::Target(Refusal::Unreachable) if !matches!(route, Route::Upstream(_)) => ExitLack::NoRoute(page),
        DialError::Target(refusal) => ExitLack::EchoUnreachable(page, refusal.word().to_owned()),
    }
}

#[cfg(test)]
mod tests;

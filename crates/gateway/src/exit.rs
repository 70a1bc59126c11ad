//! Leaving: connects by an exit's route to where a connection shall go. In no case is another way taken silently.
//!
//! Direct, bound and prefix exits dial classified addresses; an upstream is told the target.

mod agenda;
mod check;
mod connect;
mod fault;
pub(crate) mod health;
mod prober;
mod upstream;
mod ward;

use std::sync::Arc;

use tokio::net::TcpStream;
use turnpike_domain::destination::{Destination, Target};
use turnpike_domain::exit::{ExitPlace, Route, address_in};
use turnpike_domain::ids::ExitId;
use turnpike_domain::time::Span;

use crate::refusal::Refusal;
use crate::resolver::Resolver;
use crate::settings::Settings;
pub(crate) use check::Checker;
use connect::Source;
pub(crate) use fault::{DialError, ExitFault};
use health::Health;
pub(crate) use prober::Prober;
pub use ward::ExitCounts;
pub(crate) use ward::Ward;

/// Everything that dialling needs on one thread.
pub(crate) struct Dialler {
    settings: Arc<Settings>,
    resolver: Arc<Resolver>,
    ward: Arc<Ward>,
}

/// The exit that is used: how it leaves, and who keeps account of how it is.
#[derive(Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) route: &'a Route,
    /// `None` for an address that is no exit of the pool: nobody else would be sent there, so it need not be told out.
    pub(crate) health: Option<HealthOf<'a>>,
}

/// An exit and how it is.
pub(crate) type HealthOf<'a> = (ExitId, &'a Health);

/// Where a connection shall go, as far as it is known.
#[derive(Clone, Copy)]
pub(crate) struct Errand<'a> {
    /// As the client named it.
    pub(crate) target: &'a Target,
    /// The classified addresses; an upstream needs none, for it resolves names itself.
    pub(crate) destinations: &'a [Destination],
}

/// Who the exit is told it is for.
#[derive(Clone, Copy)]
pub(crate) struct Guise<'a> {
    /// Where it shall leave.
    pub(crate) place: &'a ExitPlace,
    /// The session's number, or chance: what the address of a prefix follows from, and the name that an upstream knows a session by,
    /// which tells it nothing.
    pub(crate) number: u64,
    /// For how long the session keeps its exit; `None` without one.
    pub(crate) life: Option<Span>,
}

/// A connection to a target.
#[derive(Debug)]
pub(crate) struct Dialled {
    pub(crate) stream: TcpStream,
    /// What the target sent right behind an upstream's answer.
    pub(crate) early: Vec<u8>,
}

impl From<TcpStream> for Dialled {
    fn from(stream: TcpStream) -> Self {
        Self { stream, early: Vec::new() }
    }
}

impl Dialler {
    pub(crate) const fn new(settings: Arc<Settings>, resolver: Arc<Resolver>, ward: Arc<Ward>) -> Self {
        Self { settings, resolver, ward }
    }

    /// Connects by an exit. How it went is put down in the exit's health, so whoever calls only has to look there when choosing.
    ///
    /// # Errors
    /// [`DialError`] tells the exit's failures from the target's.
    pub(crate) async fn dial(&self, way: Way<'_>, errand: Errand<'_>, guise: &Guise<'_>) -> Result<Dialled, DialError> {
        let to = errand.destinations;
        let dialled = match way.route {
            Route::Direct => self.leave(Source::Host, to).await.map(Dialled::from),
            Route::Address(own) => self.leave(Source::Own(*own), to).await.map(Dialled::from),
            Route::Prefix(prefix) => {
                let own = address_in(*prefix, guise.number);
                self.leave(Source::Routed(own), to).await.map(Dialled::from)
            }
            // In a box, so that other ways out need no room for it.
            Route::Upstream(upstream) => Box::pin(self.through((upstream, way.health), errand.target, guise)).await,
        };
        if let Some(exit) = way.health {
            self.ward.note(exit, dialled.as_ref().err());
        }
        dialled
    }

    /// Connects from the host's own address, or from the one that it was told: the exit of a gateway whose operator has made none.
    ///
    /// # Errors
    /// What went wrong with the last address that was tried.
    pub(crate) async fn dial_from_host(&self, destinations: &[Destination]) -> Result<TcpStream, Refusal> {
        let source = self.settings.exit.bind.map_or(Source::Host, Source::Own);
        self.leave(source, destinations).await.map_err(DialError::refusal)
    }

    async fn leave(&self, source: Source, destinations: &[Destination]) -> Result<TcpStream, DialError> {
        let deadlines = &self.settings.deadlines;
        let to = destinations.iter().map(|destination| destination.get());
        connect::within(deadlines.connect(), connect::race(source, to, deadlines.stagger())).await
    }
}

#[cfg(test)]
mod tests;

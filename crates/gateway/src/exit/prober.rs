//! Looks after exits: brings back those that are out once they work again, ends the connections of those that do not, and finds out
//! about upstreams before a customer does. What probes carry is booked to nobody.

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use turnpike_domain::exit::{HealthState, Route, address_in, stirred};
use turnpike_domain::ids::ExitId;

use super::agenda::Agenda;
use super::connect::{self, Source};
use super::{DialError, Dialler, Guise, Ward};
use crate::directory::Directory;
use crate::exits::Facts;
use crate::listener::Rules;
use crate::resolver::Resolver;

/// Before an exit is looked at again that failed a probe and is not out yet, or that could not be probed, in milliseconds.
const AGAIN_MS: u64 = 1_000;
/// How often it is looked whether regular probes were turned on, in milliseconds.
const IDLE_ROUND_MS: u64 = 10_000;

/// Probes the exits of a gateway.
pub(crate) struct Prober {
    directory: Arc<Directory>,
    ward: Arc<Ward>,
    rules: Arc<ArcSwap<Rules>>,
    /// Made by those rules.
    current: (Arc<Rules>, Arc<Dialler>),
    agenda: Agenda,
    underway: HashSet<ExitId>,
}

impl Prober {
    /// Must be called on the runtime that will run it.
    pub(crate) fn new(directory: Arc<Directory>, ward: Arc<Ward>, rules: Arc<ArcSwap<Rules>>) -> Self {
        let now = rules.load_full();
        let dialler = dialler(&now, &ward);
        let (agenda, underway) = (Agenda::default(), HashSet::new());
        Self { directory, ward, rules, current: (now, dialler), agenda, underway }
    }

    /// Probes until told to stop.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut probes = FuturesUnordered::new();
        let mut round_ms = self.ward.now_ms();
        let ward = Arc::clone(&self.ward);
        loop {
            let next = ward.instant(self.agenda.next_ms().unwrap_or(round_ms));
            let is_room = probes.len() < self.most_at_once();
            tokio::select! {
                () = stop.cancelled() => return,
                admitted = ward.admitted() => admitted.into_iter().for_each(|exit| self.plan(exit)),
                Some(exit) = probes.next(), if !probes.is_empty() => self.after(exit),
                () = sleep_until(next), if is_room => probes.extend(self.begin()),
                () = sleep_until(ward.instant(round_ms)) => round_ms = self.begin_round(),
            }
        }
    }

    fn most_at_once(&self) -> usize {
        self.current.0.settings.exits.probes_at_once.max(1)
    }

    /// An exit went out or is suspected.
    fn plan(&mut self, exit: ExitId) {
        // What is under way is planned anew at its end.
        if !self.underway.contains(&exit) {
            let now_ms = self.ward.now_ms();
            match self.state(exit) {
                Some(HealthState::Out { due_ms, .. }) => self.agenda.put(exit, due_ms),
                Some(HealthState::In { .. }) => self.agenda.put(exit, now_ms),
                None => {}
            }
        }
    }

    fn state(&self, exit: ExitId) -> Option<HealthState> {
        let pool = self.directory.exits().pool();
        pool.exit(exit).map(|exit| exit.health.state())
    }

    /// Begins the next probe that is due.
    fn begin(&mut self) -> Option<impl Future<Output = (ExitId, Learnt)> + use<>> {
        let exit = self.agenda.take(self.ward.now_ms())?;
        self.underway.insert(exit);
        let (directory, ward, dialler) = (Arc::clone(&self.directory), Arc::clone(&self.ward), self.dialler());
        let probe = Probe { exit, directory, ward, dialler };
        Some(async move { (exit, probe.run().await) })
    }

    /// A probe ended: whether there is to be another one.
    fn after(&mut self, (exit, learnt): (ExitId, Learnt)) {
        self.underway.remove(&exit);
        let soon_ms = self.ward.now_ms().saturating_add(AGAIN_MS);
        match (self.state(exit), learnt) {
            (Some(HealthState::Out { due_ms, .. }), Learnt::Fine | Learnt::Failed) => self.agenda.put(exit, due_ms),
            (Some(HealthState::Out { .. }), Learnt::Nothing) | (Some(HealthState::In { .. }), Learnt::Failed) => {
                self.agenda.put(exit, soon_ms);
            }
            _ => {}
        }
    }

    /// Puts everything down that is to be probed regularly, spread over the time until the next round, and says when that is.
    fn begin_round(&mut self) -> u64 {
        let now_ms = self.ward.now_ms();
        let Some(every) = self.dialler().settings.exits.probe_every() else {
            return now_ms.saturating_add(IDLE_ROUND_MS);
        };
        let every_ms = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
        let pool = self.directory.exits().pool();
        for exit in pool.exits().iter().filter(|exit| may_fail(&exit.facts())) {
            let into_ms = stirred(exit.id().get().cast_unsigned()).checked_rem(every_ms).unwrap_or(0);
            if !exit.health.is_out() && !self.underway.contains(&exit.id()) {
                self.agenda.put(exit.id(), now_ms.saturating_add(into_ms));
            }
        }
        now_ms.saturating_add(every_ms)
    }

    /// By the settings as they are now.
    fn dialler(&mut self) -> Arc<Dialler> {
        let rules = self.rules.load_full();
        if !Arc::ptr_eq(&self.current.0, &rules) {
            self.current = (Arc::clone(&rules), dialler(&rules, &self.ward));
        }
        Arc::clone(&self.current.1)
    }
}

/// What a probe came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Learnt {
    Fine,
    Failed,
    /// The operator does not want the exit used now, or the host had no room.
    Nothing,
}

/// One look at one exit.
struct Probe {
    exit: ExitId,
    directory: Arc<Directory>,
    ward: Arc<Ward>,
    dialler: Arc<Dialler>,
}

impl Probe {
    async fn run(self) -> Learnt {
        let Some(exit) = self.directory.exits().pool().exit(self.exit).cloned() else { return Learnt::Nothing };
        let entry = exit.facts();
        if !entry.state.keeps_open() {
            return Learnt::Nothing;
        }
        let Some(place) = entry.places.first() else { return Learnt::Nothing };
        let guise = Guise { place, number: stirred(self.ward.now_ms()), life: None };
        let outcome = self.dialler.look(&entry.route, &guise).await;
        if matches!(outcome, Err(DialError::Target(_) | DialError::Silent)) {
            return Learnt::Nothing;
        }
        self.ward.note_probe((self.exit, &exit.health), outcome.as_ref().err());
        // What was open when it went out may have gone on so far.
        if matches!(exit.health.state(), HealthState::Out { failed_probes: 1, .. }) {
            self.directory.desk().registry.close_exits(&HashSet::from([self.exit]));
        }
        if outcome.is_ok() { Learnt::Fine } else { Learnt::Failed }
    }
}

impl Dialler {
    /// Looks whether connections can leave that way, without a target.
    pub(super) async fn look(&self, route: &Route, guise: &Guise<'_>) -> Result<(), DialError> {
        match route {
            Route::Direct => Ok(()),
            Route::Address(own) => connect::check(Source::Own(*own)),
            Route::Prefix(prefix) => connect::check(Source::Routed(address_in(*prefix, guise.number))),
            Route::Upstream(upstream) => self.look_at(upstream, guise).await,
        }
    }
}

/// Whether it is looked at regularly: it can fail without the host knowing.
const fn may_fail(entry: &Facts) -> bool {
    matches!(entry.route, Route::Upstream(_) | Route::Address(_)) && entry.state.keeps_open()
}

/// What dials by these rules.
pub(super) fn dialler(rules: &Rules, ward: &Arc<Ward>) -> Arc<Dialler> {
    let (settings, policy) = (Arc::clone(&rules.settings), Arc::clone(&rules.policy));
    let resolver = Arc::new(Resolver::new(Arc::clone(&settings), policy));
    Arc::new(Dialler::new(settings, resolver, Arc::clone(ward)))
}

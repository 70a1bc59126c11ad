//! What would become of a connection that nobody makes. The same checks decide as for one that comes, in the same order; nothing
//! is counted, kept or dialled, and names are resolved as they would be.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use turnpike_domain::destination::Target;
use turnpike_domain::directory::HeldIp;
use turnpike_domain::exit::{ExitState, Route};
use turnpike_domain::explain::{Check, Considered, Explanation, Hypothesis, Keeps, Outcome, Step, WayKind, WayOut};
use turnpike_domain::login::Login;

use crate::account::Account;
use crate::directory::Directory;
use crate::exits::{Choice, Pool};
use crate::leave::decide::{Goal, Traveller, Way, check_target, exit_behind};
use crate::listener::Rules;
use crate::refusal::Refusal;
use crate::resolver::Resolver;
use crate::wishes::Wishes;

/// Explains, by the rules in force.
pub(crate) struct Explainer {
    directory: Arc<Directory>,
    rules: Arc<ArcSwap<Rules>>,
    /// Made by those rules.
    resolver: Mutex<Option<(Arc<Rules>, Arc<Resolver>)>>,
}

impl Explainer {
    pub(crate) const fn new(directory: Arc<Directory>, rules: Arc<ArcSwap<Rules>>) -> Self {
        Self { directory, rules, resolver: Mutex::new(None) }
    }

    /// What would become of it.
    pub(crate) async fn explain(&self, case: &Hypothesis) -> Explanation {
        let (rules, resolver) = self.in_force();
        let mut inquiry = Inquiry { directory: &self.directory, rules: &rules, resolver: &resolver, found: blank() };
        let outcome = inquiry.run(case).await;
        let Inquiry { mut found, .. } = inquiry;
        if let Err(refusal) = outcome {
            found.outcome = told(&refusal);
            if let Some(last) = found.steps.last_mut() {
                last.passed = false;
            }
        }
        found
    }

    fn in_force(&self) -> (Arc<Rules>, Arc<Resolver>) {
        let rules = self.rules.load_full();
        let mut made = self.resolver.lock();
        if let Some((by, resolver)) = made.as_ref().filter(|(by, _)| Arc::ptr_eq(by, &rules)) {
            return (Arc::clone(by), Arc::clone(resolver));
        }
        let resolver = Arc::new(Resolver::new(Arc::clone(&rules.settings), Arc::clone(&rules.policy)));
        *made = Some((Arc::clone(&rules), Arc::clone(&resolver)));
        (rules, resolver)
    }
}

/// What a client would be told that is connected.
fn blank() -> Explanation {
    let outcome = Outcome {
        reason: None,
        status: 200,
        socks_reply: 0,
        error: String::new(),
        text: "it would be connected".to_owned(),
        retry_after_s: None,
    };
    Explanation {
        steps: Vec::new(),
        limits: None,
        leased: None,
        addresses: Vec::new(),
        session: None,
        exits: None,
        way: None,
        outcome,
    }
}

/// What a client is told that is refused.
fn told(refusal: &Refusal) -> Outcome {
    let answer = refusal.http();
    Outcome {
        reason: Some(refusal.reason().map_or_else(|| refusal.word(), |reason| reason.word()).to_owned()),
        status: answer.status,
        socks_reply: refusal.socks_reply(),
        error: answer.error.to_owned(),
        text: refusal.to_string(),
        retry_after_s: answer.retry_after_s,
    }
}

struct Inquiry<'a> {
    directory: &'a Directory,
    rules: &'a Rules,
    resolver: &'a Resolver,
    found: Explanation,
}

impl Inquiry<'_> {
    /// What is looked at from here on.
    fn at(&mut self, check: Check) {
        self.found.steps.push(Step { check, passed: true });
    }

    async fn run(&mut self, case: &Hypothesis) -> Result<(), Refusal> {
        self.at(Check::Account);
        let login = Login::parse(&case.login).map_err(|_| Refusal::Credentials)?;
        let account = self.directory.named(&login.username).ok_or(Refusal::Credentials)?;
        let (customer, product_type) = (account.customer(), account.product_type());
        self.found.limits = Some(customer.limits());
        let directory = self.directory;
        directory.judge((&account, &account.facts()), login.fault, |check| self.at(check))?;
        self.at(Check::Limits);
        directory.check_room(&account)?;
        self.at(Check::Place);
        let wishes = Wishes::of(&login, customer.id(), product_type).unwrap_or_default();
        let traveller = Traveller { customer, product_type, wishes: &wishes, chance: 0 };
        let way = Way::of(directory, &traveller)?;
        self.at(Check::Target);
        let target = Target::parse_authority(&case.target).map_err(|error| Refusal::BadRequest(error.into()))?;
        let literal = check_target(&self.rules.policy, &target)?;
        self.at(Check::Traffic);
        self.check_traffic(&account, case)?;
        let goal = Goal::new(&target, literal, (self.resolver, &self.rules.settings));
        self.leave(&traveller, goal, way).await
    }

    /// What this gateway holds is used first; beyond that the store decides.
    fn check_traffic(&mut self, account: &Account, case: &Hypothesis) -> Result<(), Refusal> {
        let leased = account.if_used().map_or(0, |used| used.allowance.free());
        self.found.leased = Some(turnpike_domain::units::Bytes::new(leased));
        match case.denial {
            Some(denial) if leased == 0 => Err(denial.into()),
            _ => Ok(()),
        }
    }

    async fn leave(&mut self, traveller: &Traveller<'_>, mut goal: Goal<'_>, way: Way) -> Result<(), Refusal> {
        let outcome = match way {
            Way::Host => self.by_host(&mut goal).await,
            Way::StaticIp(held) => self.by_static_ip(traveller, &held, &mut goal).await,
            Way::Pool(pool) => self.by_pool(traveller, &pool, &mut goal).await,
        };
        if matches!(goal.target(), Target::Name(..)) {
            self.found.addresses = goal.addresses().iter().map(|one| one.get().ip()).collect();
        }
        outcome
    }

    async fn by_host(&mut self, goal: &mut Goal<'_>) -> Result<(), Refusal> {
        self.at(Check::Name);
        goal.resolve().await?;
        self.found.way = Some(WayOut { kind: WayKind::Host, exit: None, ip: None, place: None, fixed: true });
        Ok(())
    }

    async fn by_static_ip(
        &mut self,
        traveller: &Traveller<'_>,
        held: &HeldIp,
        goal: &mut Goal<'_>,
    ) -> Result<(), Refusal> {
        self.at(Check::Exit);
        let exit = held.exit.map(|id| exit_behind(self.directory, id)).transpose()?;
        if exit.as_ref().is_some_and(|exit| !exit.has_room()) {
            return Err(Refusal::NoExit);
        }
        let route = exit.as_ref().map_or(Route::Address(held.ip), |exit| exit.route());
        self.at(Check::Name);
        goal.resolve_for(&route).await?;
        if !goal.suits(&route) {
            return Err(Refusal::Unreachable);
        }
        let (ip, place) = (Some(held.ip), Some(held.place.to_string()));
        let fixed = traveller.wishes.ip.is_some() || traveller.wishes.sticky.is_some();
        self.found.way = Some(WayOut { kind: WayKind::StaticIp, exit: held.exit, ip, place, fixed });
        Ok(())
    }

    async fn by_pool(&mut self, traveller: &Traveller<'_>, pool: &Pool, goal: &mut Goal<'_>) -> Result<(), Refusal> {
        self.at(Check::Name);
        goal.look_up(pool).await?;
        self.at(Check::Exit);
        self.found.exits = Some(considered(pool, traveller, goal));
        let exits = self.directory.exits();
        let chosen = exits.decide(pool, &traveller.search(), &[], |route| goal.suits(route));
        let Choice { exit, place, pin, kept } = goal.told(chosen)?;
        self.found.session =
            pin.filter(|_| kept).map(|pin| Keeps { exit: pin.exit, until: pin.until, moves: pin.moves });
        if !exit.has_room() {
            return Err(Refusal::NoExit);
        }
        let only = self.found.exits.is_some_and(|exits| exits.usable == 1);
        self.found.way = Some(WayOut {
            kind: WayKind::Exit,
            exit: Some(exit.id()),
            ip: None,
            place: Some(place.to_string()),
            fixed: pin.is_some() || only,
        });
        Ok(())
    }
}

/// The most exits of a place that are counted for one answer.
const MOST_COUNTED: usize = 10_000;

/// Counts the exits of the place.
fn considered(pool: &Pool, traveller: &Traveller<'_>, goal: &Goal<'_>) -> Considered {
    let mut counts = Considered::default();
    let Some(shelf) = pool.shelf(traveller.product_type) else { return counts };
    let in_place = shelf.exits(&traveller.wishes.place).take(MOST_COUNTED);
    let mut exits: Vec<_> = in_place.map(|(number, _)| number).collect();
    // An upstream may stand in several places.
    exits.sort_unstable();
    exits.dedup();
    for exit in exits.into_iter().filter_map(|number| pool.at(number)) {
        let state = exit.facts().state;
        let count = match state {
            ExitState::Maintenance | ExitState::Down => &mut counts.closed,
            ExitState::Draining => &mut counts.draining,
            ExitState::Active if exit.health.is_out() => &mut counts.out,
            ExitState::Active if !exit.has_room() => &mut counts.full,
            ExitState::Active if !goal.suits(&exit.route()) => &mut counts.unfit,
            ExitState::Active => &mut counts.usable,
        };
        *count = count.saturating_add(1);
        counts.in_place = counts.in_place.saturating_add(1);
    }
    counts
}

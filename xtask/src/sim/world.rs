//! The whole simulated world: one store, some gateways, the network between them, and what really happened.

use std::collections::BTreeMap;

use turnpike_domain::ids::{AccountId, NodeId, PackageId};
use turnpike_domain::time::Timestamp;

use super::breach::Breach;
use super::gateway::{Gateway, Life};
use super::guarantees::{self, Guarantees};
use super::network::Network;
use super::random::Random;
use super::store::{Moment, Store};
use super::trace::Trace;
use super::truth::Truth;

/// How often the store looks for lapsed leases.
const LAPSE_JOB_MS: u64 = 5000;
/// Where the store's clock begins: 2023-11-14 22:13:20 UTC, so that a day soon ends.
const BEGIN_MS: i64 = 1_700_000_000_000;
/// How many rounds of half a second are given to settle everything at the end: more than validity and grace.
const LAST_ROUNDS: u64 = 300;

/// Steps between two sums over all leases there ever were.
const SUMS_EVERY: u64 = 16;

/// The world of one seed.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) breach: Option<Breach>,
    pub(super) random: Random,
    pub(super) now_ms: u64,
    pub(super) wall_offset_ms: i64,
    pub(super) jumped_ms: u64,
    /// Gateways whose spool files were lost.
    pub(super) lost: Vec<NodeId>,
    pub(super) store: Store,
    pub(super) gateways: Vec<Gateway>,
    pub(super) network: Network,
    pub(super) truth: Truth,
    pub(super) trace: Trace,
    pub(super) counts: BTreeMap<&'static str, u64>,
    pub(super) complaint: Option<String>,
    next_lapse_job_ms: u64,
    last_number: u64,
    guarantees: Guarantees,
}

/// What a run came to.
pub(super) struct Summary {
    /// The same for the same run only.
    pub(super) digest: u64,
    /// How often each thing happened.
    pub(super) counts: BTreeMap<&'static str, u64>,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "digest {:016x}", self.digest)?;
        self.counts.iter().try_for_each(|(what, count)| write!(f, ", {what} {count}"))
    }
}

/// A broken guarantee, and how to see it again.
#[derive(Debug)]
pub(super) struct Violation {
    seed: u64,
    step: u64,
    message: String,
    operation: String,
    tail: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, step, message, operation, tail } = self;
        write!(f, "seed {seed}, step {step}: {message}\nafter: {operation}\nthe last steps:{tail}")
    }
}

impl World {
    pub(super) fn new(seed: u64, breach: Option<Breach>) -> Self {
        let mut world = Self {
            seed,
            breach,
            random: Random::new(seed),
            now_ms: 0,
            wall_offset_ms: 0,
            jumped_ms: 0,
            lost: Vec::new(),
            store: Store::new(breach),
            gateways: Vec::new(),
            network: Network::default(),
            truth: Truth::default(),
            trace: Trace::default(),
            counts: BTreeMap::new(),
            complaint: None,
            next_lapse_job_ms: 0,
            last_number: 0,
            guarantees: Guarantees::default(),
        };
        for _ in 0..world.random.between(1, 3) {
            let node = world.next_node();
            // At most one process has the store in it.
            if world.gateways.is_empty() && world.random.one_in_thousand_times(300) {
                world.store.beside.insert(node);
            }
            world.gateways.push(Gateway::new(node));
        }
        for _ in 0..world.random.between(1, 4) {
            world.open_account();
        }
        for _ in 0..world.random.between(1, 3) {
            world.grant_package();
        }
        world
    }

    /// Runs so many steps, then settles everything.
    pub(super) fn run(mut self, steps: u64) -> Result<Summary, Violation> {
        for step in 0..steps {
            self.step();
            self.check(step)?;
        }
        self.network.make_perfect();
        for round in 0..LAST_ROUNDS {
            self.settle_round();
            self.check(steps.saturating_add(round))?;
        }
        self.counts.insert("late bookings", self.store.late_bookings);
        guarantees::check_end(&self.store, &self.truth).map_err(|message| self.violation(steps, message))?;
        Ok(Summary { digest: self.trace.digest(), counts: self.counts })
    }

    fn check(&mut self, step: u64) -> Result<(), Violation> {
        let complaint = self.complaint.take().map_or(Ok(()), Err);
        let sums_are_due = step.is_multiple_of(SUMS_EVERY);
        let now = self.moment();
        complaint
            .and_then(|()| self.guarantees.check(&mut self.store, &mut self.truth, now))
            .and_then(|()| {
                if sums_are_due { guarantees::deliveries_stay_within_limits(&self.store, &self.truth) } else { Ok(()) }
            })
            .map_err(|message| self.violation(step, message))
    }

    fn violation(&self, step: u64, message: String) -> Violation {
        let operation = self.trace.last().to_owned();
        Violation { seed: self.seed, step, message, operation, tail: self.trace.tail() }
    }

    /// Now, by the store's clock and in truth.
    pub(super) fn moment(&self) -> Moment {
        let true_ms = i64::try_from(self.now_ms).unwrap_or(i64::MAX);
        let wall = BEGIN_MS.saturating_add(true_ms).saturating_add(self.wall_offset_ms);
        Moment {
            wall: Timestamp::from_ms(wall),
            offset_ms: self.wall_offset_ms,
            true_ms: self.now_ms,
            jumped_ms: self.jumped_ms,
        }
    }

    /// Writes a line of the trace, under the true time.
    pub(super) fn note(&mut self, line: &str) {
        self.trace.note(format!("{:>10} ms  {line}", self.now_ms));
    }

    /// Counts that something happened.
    pub(super) fn count(&mut self, what: &'static str) {
        let count = self.counts.entry(what).or_default();
        *count = count.saturating_add(1);
    }

    /// A number that was not given before.
    pub(super) const fn next_number(&mut self) -> u64 {
        self.last_number = self.last_number.saturating_add(1);
        self.last_number
    }

    pub(super) fn next_node(&mut self) -> NodeId {
        NodeId::new(i64::try_from(self.next_number()).unwrap_or(i64::MAX))
    }

    pub(super) fn account_ids(&self) -> Vec<AccountId> {
        self.store.accounts.keys().copied().collect()
    }

    pub(super) fn package_ids(&self) -> Vec<PackageId> {
        self.store.packages.keys().copied().collect()
    }

    /// Lets time pass; the store's job runs when it is due.
    pub(super) fn pass(&mut self, ms: u64) {
        let end = self.now_ms.saturating_add(ms);
        while self.next_lapse_job_ms <= end {
            self.now_ms = self.next_lapse_job_ms.max(self.now_ms);
            self.next_lapse_job_ms = self.next_lapse_job_ms.saturating_add(LAPSE_JOB_MS);
            self.lapse_leases();
        }
        self.now_ms = end;
    }

    fn lapse_leases(&mut self) {
        let silence_ms = self.store.policy.silence().ms().unsigned_abs();
        for lapse in self.store.lapse(self.moment()) {
            self.note(&format!("lease {} lapses, {} come back", lapse.lease, lapse.freed));
            self.count("lapses");
            if lapse.silent_ms < silence_ms {
                self.complaint = Some(format!("lease {} lapsed after {} ms of silence", lapse.lease, lapse.silent_ms));
            }
            if lapse.kept {
                self.complaint = Some(format!("lease {} lapsed though it was in escrow", lapse.lease));
            }
        }
    }

    /// One round of settling: every gateway is up, ends what it does, and tells it. What is lost is given up.
    fn settle_round(&mut self) {
        for gateway in 0..self.gateways.len() {
            if self.gateways.get(gateway).is_some_and(|place| matches!(place.life, Life::Down)) {
                self.restart(gateway);
            }
            self.finish(gateway);
            self.tell(gateway);
        }
        while self.deliver() {}
        let now = self.moment();
        self.lost.iter().for_each(|node| self.store.end_escrow(now, *node));
        self.pass(500);
    }
}

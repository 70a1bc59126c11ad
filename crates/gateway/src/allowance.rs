//! What one account may relay just now: its live leases. Reserving takes no lock; only who finds nothing free waits.

pub(crate) mod hunger;
pub(crate) mod lease;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::time::Instant;
use turnpike_domain::quota::Denial;

use crate::account::Account;
use crate::allowance::hunger::Refill;
use crate::allowance::lease::{Lease, Reservation};

/// For how long a refusal of the store is remembered, unless the account or its customer changes before.
const REFUSAL_KEPT: Duration = Duration::from_secs(1);
/// The same for what passes by itself.
const CONTENTION_KEPT: Duration = Duration::from_millis(50);

/// The live leases of one account, oldest first.
#[derive(Debug)]
pub(crate) struct Allowance {
    leases: ArcSwap<Vec<Arc<Lease>>>,
    /// The store's last refusal.
    verdict: ArcSwapOption<Verdict>,
    pub(crate) refill: Arc<Refill>,
    /// The next lease is asked for when less than so many bytes are left.
    low_water: AtomicU64,
    /// Whether a request for a lease is under way, or what came of it may not be used yet.
    wanting: AtomicBool,
    /// Whether the store's last answer was about a plan's bandwidth.
    paced: AtomicBool,
    /// Whether the account lies on the teller's desk.
    pub(crate) queued: AtomicBool,
}

/// Why the store gave nothing.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) denial: Denial,
    /// What is contended is held by this gateway itself: its slow clients have yet to acknowledge it.
    pub(crate) ours: bool,
    /// Asking again shortly may succeed.
    pub(crate) passing: bool,
    at: Instant,
    revision: (u64, i64),
}

impl Verdict {
    /// A verdict on a request that was made when the account stood at `revision`.
    pub(crate) const fn new(denial: Denial, revision: (u64, i64), at: Instant) -> Self {
        Self { denial, ours: false, passing: denial.is_passing(), at, revision }
    }
}

impl Allowance {
    pub(crate) fn new() -> Self {
        Self {
            leases: ArcSwap::from_pointee(Vec::new()),
            verdict: ArcSwapOption::empty(),
            refill: Arc::new(Refill::default()),
            low_water: AtomicU64::new(0),
            wanting: AtomicBool::new(false),
            paced: AtomicBool::new(false),
            queued: AtomicBool::new(false),
        }
    }

    /// Takes up to `want` bytes from the oldest lease that has any, and asks for the next lease in good time.
    pub(crate) fn reserve(&self, account: &Arc<Account>, want: u64, now: Instant) -> Option<Reservation> {
        let leases = self.leases.load();
        let reservation = leases.iter().find_map(|lease| Reservation::take(lease, want, now))?;
        if !self.is_wanting() && self.is_low(&leases) && self.verdict(account, now).is_none() {
            self.ask(account);
        }
        Some(reservation)
    }

    /// The store's last refusal, while it is worth remembering.
    pub(crate) fn verdict(&self, account: &Account, now: Instant) -> Option<Arc<Verdict>> {
        let verdict = self.verdict.load_full()?;
        let kept = if verdict.passing { CONTENTION_KEPT } else { REFUSAL_KEPT };
        let fresh = now.saturating_duration_since(verdict.at) < kept;
        (fresh && verdict.revision == account.revision()).then_some(verdict)
    }

    /// Whether the store's last answer was that leases hold what is left.
    pub(crate) fn is_contended(&self) -> bool {
        self.verdict.load().as_ref().is_some_and(|verdict| verdict.denial == Denial::Contended)
    }

    /// Bytes that can be taken without asking the store.
    pub(crate) fn free(&self) -> u64 {
        let (leases, now) = (self.leases.load(), Instant::now());
        let valid = leases.iter().filter(|lease| lease.is_valid(now));
        valid.fold(0, |free, lease| free.saturating_add(lease.meter().free()))
    }

    /// Asks the teller for a lease, unless that is under way.
    pub(crate) fn ask(&self, account: &Arc<Account>) {
        if !self.wanting.swap(true, Ordering::AcqRel)
            && let Some(used) = account.if_used()
        {
            used.desk.report_soon(account, self);
        }
    }

    /// The store has said whether the account draws on a plan with a bandwidth.
    pub(crate) fn note_paced(&self, paced: bool) {
        self.paced.store(paced, Ordering::Relaxed);
    }

    /// Whether the account draws on a plan with a bandwidth.
    pub(crate) fn is_paced(&self) -> bool {
        self.paced.load(Ordering::Relaxed)
    }

    /// Whether there is traffic and only the plan's bandwidth keeps it waiting.
    pub(crate) fn is_at_its_pace(&self) -> bool {
        self.is_paced() && self.is_wanting()
    }

    /// Whether a request for a lease is under way.
    pub(crate) fn is_wanting(&self) -> bool {
        self.wanting.load(Ordering::Acquire)
    }

    /// The teller's answer: a new set of leases, and when to ask for the next.
    pub(crate) fn install(&self, leases: Vec<Arc<Lease>>, low_water: u64) {
        self.low_water.store(low_water, Ordering::Relaxed);
        self.leases.store(Arc::new(leases));
        self.verdict.store(None);
        if self.is_paced() {
            self.wanting.store(false, Ordering::Release);
            return self.refill.pass_on();
        }
        self.answered();
    }

    /// The teller's answer: nothing, and why. What passes by itself wakes nobody: the teller will ask again.
    pub(crate) fn refuse(&self, verdict: Verdict) {
        let passing = verdict.passing;
        self.note_paced(matches!(verdict.denial, Denial::Paced(_)));
        self.verdict.store(Some(Arc::new(verdict)));
        if !passing {
            self.answered();
        }
    }

    /// The request has come to an end, one way or another.
    pub(crate) fn answered(&self) {
        self.wanting.store(false, Ordering::Release);
        self.refill.wake();
    }

    /// Drops leases that will give nothing any more from the set.
    pub(crate) fn prune(&self) {
        let leases = self.leases.load();
        if leases.iter().any(|lease| lease.is_spent()) {
            self.leases.store(Arc::new(self.giving()));
        }
    }

    /// The leases that give something, or may do so again once somebody hands back what was reserved and not used.
    pub(crate) fn giving(&self) -> Vec<Arc<Lease>> {
        self.leases.load().iter().filter(|lease| !lease.is_spent()).cloned().collect()
    }

    /// Ends reservations from all leases there are.
    pub(crate) fn recall(&self) {
        for lease in self.leases.load().iter() {
            lease.meter().recall();
        }
    }

    fn is_low(&self, leases: &[Arc<Lease>]) -> bool {
        let free = leases.iter().fold(0_u64, |free, lease| free.saturating_add(lease.meter().free()));
        free < self.low_water.load(Ordering::Relaxed)
    }
}

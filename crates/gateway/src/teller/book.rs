//! What the teller knows of one account: the leases it holds and what was reported of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;
use turnpike_domain::ids::LeaseId;
use turnpike_domain::lease::{Counters, LeaseReport};
use turnpike_domain::units::Bytes;

use crate::account::Account;
use crate::allowance::lease::Lease;
use crate::teller::desk::Standing;

/// An account whose pace is not known wants so much, and no account wants less.
const WANT: u64 = 16 * 1024 * 1024;
/// Otherwise it wants what it will use in this time at its present pace.
const WANT_FOR: Duration = Duration::from_millis(500);
/// A lease nobody used for so long is handed back, so that other gateways can have it.
const IDLE: Duration = Duration::from_secs(3);
/// One whose plan has a bandwidth sooner: what is not used here flows elsewhere.
const PACED_IDLE: Duration = Duration::from_secs(1);
/// What is left of such a lease is handed back after so long, used or not.
const PACED_AT_MOST: Duration = Duration::from_secs(3);
/// Handed back is also one that holds more than [`WANT`] and would last more than so many times [`IDLE`] at the pace of the last.
const LASTS: u64 = 10;
/// A lease with bytes on their way is reported so often even without news, so that the store goes on holding it.
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// For how long a new connection, or an open one of a gateway that holds nothing itself, waits for contended traffic.
const PATIENCE: Duration = Duration::from_secs(5);
/// Contended traffic is looked at so often, in case it is this gateway's own clients who hold it: they may have
/// acknowledged enough meanwhile to make asking worth the store's while.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// And asked for so often in any case.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// Contention that nobody asked about for so long is over.
const CONTENTION_FORGOTTEN: Duration = Duration::from_secs(2);
/// The same once it has lasted longer than anybody should wait: what is left may be in escrow, for a day.
const LASTING_CONTENTION_FORGOTTEN: Duration = Duration::from_mins(1);

/// One account with leases, or waiting for one.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) account: Arc<Account>,
    held: Vec<Held>,
    contended: Option<Contended>,
    /// A lease that may not be used yet.
    ripening: Option<Ripening>,
    /// Until when the plan's bandwidth is in use.
    paced_until: Option<Instant>,
    /// The last grant: when it came, and how many bytes.
    granted: Option<(Instant, u64)>,
}

/// The store says that what is left is held by leases.
#[derive(Clone, Copy, Debug)]
struct Contended {
    since: Instant,
    last: Instant,
    /// What this gateway itself held then.
    held: u64,
}

/// A lease whose turn comes.
#[derive(Debug)]
pub(crate) struct Ripening {
    pub(crate) lease: Arc<Lease>,
    /// When it may be used.
    pub(crate) due: Instant,
    pub(crate) low_water: u64,
    /// How the account stood when it was asked for.
    pub(crate) revision: (u64, i64),
}

/// One lease that is not settled yet.
#[derive(Debug)]
struct Held {
    lease: Arc<Lease>,
    /// The last report the store has, and when it was sent.
    reported: Option<LeaseReport>,
    reported_at: Instant,
    /// How much was free when that last changed, and when it did.
    free: u64,
    moved_at: Instant,
    /// When its pace was last looked at, and how much was free then.
    paced: (Instant, u64),
}

impl Book {
    pub(crate) const fn new(account: Arc<Account>) -> Self {
        Self { account, held: Vec::new(), contended: None, ripening: None, paced_until: None, granted: None }
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_empty(&self, now: Instant) -> bool {
        self.held.is_empty()
            && self.contended.is_none_or(|contended| contended.is_over(now))
            && self.paced_until.is_none_or(|until| until < now)
    }

    /// The leases that are not settled.
    pub(crate) fn leases(&self) -> impl Iterator<Item = LeaseId> + '_ {
        self.held.iter().map(|held| held.lease.id())
    }

    /// Whether the store has the final report of every lease.
    pub(crate) fn is_settled(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes in a lease that was granted `round_trip` after it was asked for. Says at how many bytes left to ask for the
    /// next one, so that it comes in time and not much sooner: each exchange costs the store a transaction.
    pub(crate) fn add(&mut self, lease: Arc<Lease>, now: Instant, round_trip: Duration) -> u64 {
        (self.contended, self.paced_until) = (None, None);
        let (free, granted) = (lease.meter().free(), lease.granted());
        let paced = (now, free);
        self.held.push(Held { lease, reported: None, reported_at: now, free, moved_at: now, paced });
        let pace = self.granted.replace((now, granted)).map_or(0, |(before, bytes)| {
            let (micros, passed) = (round_trip.as_micros(), now.saturating_duration_since(before).as_micros().max(1));
            let used = u128::from(bytes).saturating_mul(micros.saturating_mul(2)).checked_div(passed).unwrap_or(0);
            u64::try_from(used).unwrap_or(u64::MAX)
        });
        pace.clamp(granted / 8, granted / 2)
    }

    /// The plan's bandwidth is in use until then.
    pub(crate) const fn pace_until(&mut self, until: Instant) {
        self.paced_until = Some(until);
    }

    /// Keeps a lease until its turn comes.
    pub(crate) fn let_ripen(&mut self, ripening: Ripening) {
        self.ripening = Some(ripening);
    }

    /// Whether a lease waits for its turn.
    pub(crate) const fn is_ripening(&self) -> bool {
        self.ripening.is_some()
    }

    /// The lease whose turn has come.
    pub(crate) fn take_ripe(&mut self, now: Instant) -> Option<Ripening> {
        self.ripening.take_if(|ripening| ripening.due <= now)
    }

    /// How much to ask for now: what a fast account needs, so that it does not ask all the time, and no more than a slow one
    /// does, so that many of them can share a package.
    pub(crate) fn want(&self, now: Instant) -> Bytes {
        let pace = self.granted.map_or(0, |(then, bytes)| {
            let passed_us = now.saturating_duration_since(then).as_micros().max(1);
            u128::from(bytes).saturating_mul(WANT_FOR.as_micros()).checked_div(passed_us).unwrap_or(0)
        });
        Bytes::new(u64::try_from(pace).unwrap_or(u64::MAX).max(WANT))
    }

    /// Takes back leases whose validity has ended, and all that nobody used for a while.
    pub(crate) fn recall_due(&mut self, now: Instant) {
        for held in &mut self.held {
            let meter = held.lease.meter();
            let free = meter.free();
            if free != held.free {
                (held.free, held.moved_at) = (free, now);
            }
            let paced = held.lease.is_paced();
            let idle_for = if paced { PACED_IDLE } else { IDLE };
            let idle = free > 0 && now.saturating_duration_since(held.moved_at) >= idle_for;
            let late = paced && now.saturating_duration_since(held.lease.asked_at()) >= PACED_AT_MOST;
            if idle || late || held.is_oversized(now, free) || !held.lease.is_valid(now) {
                held.lease.meter().recall();
            }
        }
    }

    /// Takes back leases whose validity has ended, and no others: what cannot be handed back is better kept for tunnels
    /// that may need it.
    pub(crate) fn recall_expired(&self, now: Instant) {
        for held in self.held.iter().filter(|held| !held.lease.is_valid(now)) {
            held.lease.meter().recall();
        }
    }

    /// Takes back everything.
    pub(crate) fn recall_all(&self) {
        for held in &self.held {
            held.lease.meter().recall();
        }
    }

    /// What the store does not know yet.
    pub(crate) fn reports(&self, now: Instant) -> impl Iterator<Item = LeaseReport> + '_ {
        self.held.iter().filter_map(move |held| held.report(now))
    }

    /// The store has booked a report that was sent at `sent_at`.
    pub(crate) fn booked(&mut self, report: &LeaseReport, sent_at: Instant) {
        let Some(index) = self.held.iter().position(|held| held.lease.id() == report.lease) else { return };
        if report.last {
            let held = self.held.swap_remove(index);
            held.lease.meter().counters().mark_settled();
        } else if let Some(held) = self.held.get_mut(index) {
            held.lease.renew(sent_at);
            held.reported = Some(report.clone());
            held.reported_at = sent_at;
        }
    }

    /// Since when the oldest lease is held, and how many bytes were written that the store does not know of.
    pub(crate) fn standing(&self) -> Standing {
        let unbooked = |held: &Held| {
            let written = held.lease.meter().counters().used().load(Ordering::Relaxed);
            written.saturating_sub(held.reported.as_ref().map_or(0, |report| report.used.get()))
        };
        Standing {
            oldest: self.held.iter().map(|held| held.lease.asked_at()).min(),
            unsettled: self.held.iter().map(unbooked).fold(0, u64::saturating_add),
        }
    }

    /// What this gateway itself holds: bytes that may still be used, proven or handed back.
    pub(crate) fn holds(&self) -> u64 {
        let standings = self.held.iter().map(|held| held.lease.meter().standing());
        standings.map(|standing| standing.ceiling.minus(standing.proven)).fold(Bytes::ZERO, Bytes::plus).get()
    }

    /// The store found the rest contended. Whether that has lasted longer than anybody should wait.
    pub(crate) fn contended(&mut self, now: Instant) -> bool {
        let before = self.contended.filter(|contended| !contended.is_over(now));
        let since = before.map_or(now, |contended| contended.since);
        self.contended = Some(Contended { since, last: now, held: self.holds() });
        now.saturating_duration_since(since) >= PATIENCE
    }

    /// Whether the store may answer differently by now.
    pub(crate) fn is_worth_asking(&self, now: Instant) -> bool {
        self.contended.is_none_or(|contended| {
            let waited = now.saturating_duration_since(contended.last) >= ASK_AGAIN;
            waited || self.holds() < contended.held.saturating_sub(contended.held / 4)
        })
    }
}

impl Contended {
    fn is_over(&self, now: Instant) -> bool {
        let lasts = self.last.saturating_duration_since(self.since) >= PATIENCE;
        let kept = if lasts { LASTING_CONTENTION_FORGOTTEN } else { CONTENTION_FORGOTTEN };
        now.saturating_duration_since(self.last) >= kept
    }
}

impl Held {
    /// Whether an account that was fast holds much more than it uses by now.
    fn is_oversized(&mut self, now: Instant, free: u64) -> bool {
        let (then, before) = self.paced;
        if now.saturating_duration_since(then) < IDLE {
            return false;
        }
        self.paced = (now, free);
        free > WANT && before.saturating_sub(free).saturating_mul(LASTS) < free
    }

    /// The next report; `None` when the store knows as much.
    fn report(&self, now: Instant) -> Option<LeaseReport> {
        let meter = self.lease.meter();
        if meter.free() == 0 && meter.is_settled() {
            meter.recall();
        }
        // In this order: a settled lease does not change any more.
        let last = meter.is_recalled() && meter.is_settled();
        let known = self.reported.as_ref();
        let standing = meter.standing();
        let used = standing.proven.max(known.map_or(Bytes::ZERO, |report| report.used));
        let ceiling = known.map_or(Bytes::MAX, |report| report.ceiling).min(standing.ceiling).max(used);
        let written = standing.written.clamp(used, ceiling);
        let report = LeaseReport { lease: self.lease.id(), used, written, ceiling, last };
        let news = match known {
            Some(known) => report != *known,
            None => last || written > Bytes::ZERO || meter.is_recalled(),
        };
        let stale = now.saturating_duration_since(self.reported_at) >= RENEW_EVERY;
        (news || stale).then_some(report)
    }
}

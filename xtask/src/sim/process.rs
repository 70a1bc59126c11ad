//! The model of a gateway's process: what is gone when it dies. Bytes go through the real `Meter`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use turnpike_domain::ids::{AccountId, LeaseId};
use turnpike_domain::lease::{Counters, Exchange, LeaseGrant, LeaseReport, LeaseRequest, Meter};
use turnpike_domain::units::Bytes;

use super::breach::Breach;

/// How many threads a gateway has.
pub(super) const THREADS: usize = 3;
/// The most one write carries.
pub(super) const LARGEST_WRITE: u64 = 1 << 20;
/// A lease that lay idle this long is recalled.
const IDLE_MS: u64 = 3000;
/// A lease that did not change is reported again this often, so that it does not lapse.
const REPORT_AGAIN_MS: u64 = 10_000;
/// How long an exchange is waited for.
const EXCHANGE_DEADLINE_MS: u64 = 8000;

/// A slot of the spool: outlives the process.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) lease: LeaseId,
    used: AtomicU64,
    returned: AtomicU64,
}

impl Slot {
    /// What is booked for it after a crash.
    pub(super) fn final_report(&self) -> LeaseReport {
        let returned = self.returned.load(Ordering::Relaxed);
        let used = Bytes::new(self.used.load(Ordering::Relaxed).saturating_sub(returned));
        LeaseReport::last(self.lease, used)
    }
}

/// The counters of a slot, shared by spool and meter.
#[derive(Debug)]
pub(super) struct SlotCounters(Rc<Slot>);

impl Counters for SlotCounters {
    fn used(&self) -> &AtomicU64 {
        &self.0.used
    }
    fn returned(&self) -> &AtomicU64 {
        &self.0.returned
    }
}

/// A lease in use.
pub(super) struct Live {
    pub(super) account: AccountId,
    pub(super) meter: Meter<SlotCounters>,
    ends_ms: u64,
    used_ms: u64,
    told: Option<(LeaseReport, u64)>,
}

/// A thread's write: bytes reserved, then perhaps written, then committed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write {
    pub(super) lease: LeaseId,
    pub(super) account: AccountId,
    pub(super) reserved: u64,
    pub(super) written: Option<Written>,
}

/// What a write came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) bytes: u64,
    pub(super) to_client: bool,
}

/// Bytes in the kernel's send queue towards a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight {
    pub(super) lease: LeaseId,
    pub(super) account: AccountId,
    pub(super) bytes: u64,
    pub(super) acknowledged: u64,
}

/// An exchange that is waited for.
struct Outstanding {
    number: u64,
    sent_ms: u64,
    reports: Vec<LeaseReport>,
    told_all: bool,
}

/// What an answer changes.
#[derive(Default)]
pub(super) struct Taken {
    /// The slots of new leases.
    pub(super) slots: Vec<Rc<Slot>>,
    /// Leases that are done.
    pub(super) done: Vec<LeaseId>,
    /// Whether the store was told all leases there are: it can have no others of this gateway.
    pub(super) told_all: bool,
}

/// A running gateway's memory.
#[derive(Default)]
pub(super) struct Process {
    pub(super) leases: BTreeMap<LeaseId, Live>,
    pub(super) threads: [Option<Write>; THREADS],
    pub(super) in_flight: Vec<InFlight>,
    pub(super) disabled: BTreeSet<AccountId>,
    wants: BTreeSet<AccountId>,
    outstanding: Option<Outstanding>,
    /// Whether the answer to an exchange was lost.
    lost: bool,
    breach: Option<Breach>,
}

impl Process {
    pub(super) fn new(breach: Option<Breach>, disabled: BTreeSet<AccountId>) -> Self {
        Self { disabled, breach, ..Self::default() }
    }

    /// Reserves for an account out of what is valid; notes a wish when nothing is free.
    pub(super) fn reserve(&mut self, now_ms: u64, account: AccountId, want: u64) -> Option<Write> {
        if self.disabled.contains(&account) {
            return None;
        }
        let ignores_validity = self.breach == Some(Breach::IgnoreValidity);
        let usable = self
            .leases
            .iter_mut()
            .filter(|(_, live)| live.account == account && (live.ends_ms > now_ms || ignores_validity));
        for (lease, live) in usable {
            let reserved = live.meter.reserve(want);
            if reserved > 0 {
                live.used_ms = now_ms;
                return Some(Write { lease: *lease, account, reserved, written: None });
            }
        }
        self.wants.insert(account);
        None
    }

    /// Commits a write and hands back what it did not use; `None` when the client's side has to acknowledge nothing.
    pub(super) fn commit(&self, write: Write, written: Written) -> Option<InFlight> {
        let meter = &self.leases.get(&write.lease)?.meter;
        meter.release(write.reserved.saturating_sub(written.bytes));
        if written.to_client {
            meter.commit_unproven(written.bytes);
            let Write { lease, account, .. } = write;
            Some(InFlight { lease, account, bytes: written.bytes, acknowledged: 0 })
        } else {
            meter.commit_sent(written.bytes);
            None
        }
    }

    /// Hands back a reservation of a write that will not be.
    pub(super) fn release(&self, write: Write) {
        if let Some(live) = self.leases.get(&write.lease) {
            live.meter.release(write.reserved);
        }
    }

    /// Recalls an account's leases.
    pub(super) fn recall(&self, account: AccountId) {
        self.leases.values().filter(|live| live.account == account).for_each(|live| live.meter.recall());
    }

    /// Recalls everything.
    pub(super) fn recall_all(&self) {
        self.leases.values().for_each(|live| live.meter.recall());
    }

    /// The next exchange, when there is something to tell or to ask and none is waited for.
    pub(super) fn tell(&mut self, now_ms: u64, number: u64) -> Option<Exchange> {
        if self.outstanding.as_ref().is_some_and(|sent| now_ms < sent.sent_ms.saturating_add(EXCHANGE_DEADLINE_MS)) {
            return None;
        }
        // It may have been carried out.
        self.lost |= self.outstanding.take().is_some();
        let ignores_validity = self.breach == Some(Breach::IgnoreValidity);
        let mut reports = Vec::new();
        for (lease, live) in &self.leases {
            let ended = live.ends_ms <= now_ms && !ignores_validity;
            if ended || now_ms.saturating_sub(live.used_ms) >= IDLE_MS {
                live.meter.recall();
            }
            let report = self.report(*lease, live);
            let old = |told_ms: u64| now_ms.saturating_sub(told_ms) >= REPORT_AGAIN_MS;
            if live.told.as_ref().is_none_or(|(told, told_ms)| *told != report || old(*told_ms)) {
                reports.push(report);
            }
        }
        if reports.is_empty() && self.wants.is_empty() {
            return None;
        }
        let held = self.lost.then(|| self.leases.keys().copied().collect::<Vec<_>>());
        let told_all = held.is_some();
        let request = |account| LeaseRequest { account, want: Bytes::MAX };
        let requests = std::mem::take(&mut self.wants).into_iter().map(request).collect();
        self.outstanding = Some(Outstanding { number, sent_ms: now_ms, reports: reports.clone(), told_all });
        Some(Exchange { number, reports, requests, held })
    }

    fn report(&self, lease: LeaseId, live: &Live) -> LeaseReport {
        let last = live.meter.is_recalled() && live.meter.is_settled();
        let standing = live.meter.standing();
        let reports_written = self.breach == Some(Breach::ReportWritten);
        let used = if reports_written { standing.written } else { standing.proven };
        LeaseReport { lease, used, written: standing.written, ceiling: standing.ceiling, last }
    }

    /// Takes the answer to an exchange, if it is waited for.
    pub(super) fn take(&mut self, now_ms: u64, number: u64, grants: Vec<LeaseGrant>) -> Taken {
        let Some(sent) = self.outstanding.take_if(|sent| sent.number == number) else { return Taken::default() };
        self.lost = false;
        let mut taken = Taken { told_all: sent.told_all, ..Taken::default() };
        for report in sent.reports {
            if report.last {
                self.leases.remove(&report.lease);
                taken.done.push(report.lease);
            } else if let Some(live) = self.leases.get_mut(&report.lease) {
                live.told = Some((report, sent.sent_ms));
            }
        }
        for grant in grants {
            let Ok(lease) = grant.outcome else { continue };
            let (used, returned) = (AtomicU64::new(0), AtomicU64::new(0));
            let slot = Rc::new(Slot { lease: lease.id, used, returned });
            let valid_ms = lease.valid_for.ms().unsigned_abs();
            let live = Live {
                account: grant.account,
                meter: Meter::new(lease.bytes, SlotCounters(Rc::clone(&slot))),
                ends_ms: sent.sent_ms.saturating_add(valid_ms),
                used_ms: now_ms,
                told: None,
            };
            self.leases.insert(lease.id, live);
            taken.slots.push(slot);
        }
        taken
    }
}

//! What must hold after every step.

use std::collections::BTreeMap;

use turnpike_domain::calendar::Day;
use turnpike_domain::ids::{AccountId, LeaseId, NodeId, PackageId};
use turnpike_domain::units::{Bytes, LimitGb};

use super::store::{LeaseRow, Store};
use super::truth::Truth;

/// How long after its time a lapse may come: the watch looks every few seconds.
const LAPSE_SLACK_MS: u64 = 15_000;

/// Checks that remember: a limit may be lowered below what is used and held, but that never grows from there.
#[derive(Default)]
pub(super) struct Guarantees {
    limits: BTreeMap<AccountId, Cap>,
    daily_limits: BTreeMap<AccountId, Cap>,
    days: BTreeMap<AccountId, Option<Day>>,
}

#[derive(Clone, Copy)]
struct Cap {
    limit: LimitGb,
    highest: Bytes,
}

impl Guarantees {
    /// Checks everything that the last step can have touched; says what is broken.
    pub(super) fn check(&mut self, store: &mut Store, truth: &mut Truth, now_ms: u64) -> Result<(), String> {
        self.limits_hold(store)?;
        packages_hold(store)?;
        windows_hold(store)?;
        for (id, account) in &store.accounts {
            let (billed, delivered) = (account.quota.used, truth.of_account(*id));
            if billed.get() > delivered {
                return Err(format!("account {id} is billed {billed}, delivered were {delivered} B"));
            }
        }
        let mut touched = truth.take_touched();
        touched.append(&mut store.touched);
        touched.into_iter().try_for_each(|lease| lease_is_true(store, truth, lease))?;
        leases_come_back(store, now_ms)
    }

    fn limits_hold(&mut self, store: &Store) -> Result<(), String> {
        for (id, account) in &store.accounts {
            let quota = &account.quota;
            hold(&mut self.limits, *id, quota.limit, quota.used.plus(quota.held))
                .map_err(|passed| format!("account {id} passes its limit: {passed}"))?;
            // What was used of another day is another sum.
            if self.days.insert(*id, account.day) != Some(account.day) {
                self.daily_limits.remove(id);
            }
            if account.day.is_some_and(|day| account.used_since(day) != quota.day_used) {
                return Err(format!("account {id} has {} booked today, its usage says otherwise", quota.day_used));
            }
            hold(&mut self.daily_limits, *id, quota.daily_limit, quota.day_used.plus(quota.held))
                .map_err(|passed| format!("account {id} passes its daily limit: {passed}"))?;
            let held = total_held(store, |row| row.account == *id);
            if held != quota.held {
                return Err(format!("account {id} holds {}, its leases hold {held}", quota.held));
            }
        }
        Ok(())
    }
}

fn hold(caps: &mut BTreeMap<AccountId, Cap>, id: AccountId, limit: LimitGb, total: Bytes) -> Result<(), String> {
    let bound = limit.bytes().unwrap_or(Bytes::MAX);
    let fresh = Cap { limit, highest: bound.max(total) };
    let cap = caps.entry(id).or_insert(fresh);
    if cap.limit != limit {
        *cap = fresh;
    }
    if total > cap.highest {
        return Err(format!("used and held are {total}, at most {} are allowed", cap.highest));
    }
    cap.highest = bound.max(total);
    Ok(())
}

fn packages_hold(store: &Store) -> Result<(), String> {
    for (id, package) in &store.packages {
        let total = package.used.plus(package.held);
        if total > package.size {
            return Err(format!("package {id} of {} has {total} used and held", package.size));
        }
        let held = total_held(store, |row| row.package == *id);
        if held != package.held {
            return Err(format!("package {id} holds {}, its leases hold {held}", package.held));
        }
    }
    let by_account = store.accounts.values().map(|account| account.quota.used).fold(Bytes::ZERO, Bytes::plus);
    let by_package = store.packages.values().map(|package| package.used).fold(Bytes::ZERO, Bytes::plus);
    if by_account != by_package {
        return Err(format!("accounts have {by_account} booked, packages {by_package}"));
    }
    Ok(())
}

/// A gateway may write at most one window more for an account than it has told.
fn windows_hold(store: &Store) -> Result<(), String> {
    let mut windows: BTreeMap<(NodeId, AccountId), Bytes> = BTreeMap::new();
    for row in store.leases.values() {
        let window = windows.entry((row.node, row.account)).or_default();
        *window = window.plus(row.book.unwritten());
    }
    match windows.iter().find(|(_, window)| **window > store.policy.largest) {
        Some(((node, account), window)) => Err(format!("node {node} may write {window} for account {account}")),
        None => Ok(()),
    }
}

/// What is lost with a gateway's file: for each account at most one window, what was on its way unacknowledged when that
/// was last told, and what a crash cut off.
pub(super) fn lost_with_file(store: &Store, truth: &Truth, node: NodeId) -> Result<(), String> {
    let mut losses: BTreeMap<AccountId, (u64, u64)> = BTreeMap::new();
    for (id, row) in store.leases.iter().filter(|(_, row)| row.node == node && !row.book.lapsed) {
        let real = truth.of_lease(*id);
        let (lost, on_its_way) = losses.entry(row.account).or_default();
        *lost = lost.saturating_add(real.delivered.saturating_sub(row.book.used.get()));
        *on_its_way =
            on_its_way.saturating_add(row.book.written.minus(row.book.used).get()).saturating_add(real.cut_off);
    }
    let most = |on_its_way: u64| store.policy.largest.get().saturating_add(on_its_way);
    match losses.iter().find(|(_, (lost, on_its_way))| *lost > most(*on_its_way)) {
        Some((account, (lost, _))) => Err(format!("account {account} loses {lost} B with the file of node {node}")),
        None => Ok(()),
    }
}

fn total_held(store: &Store, which: impl Fn(&LeaseRow) -> bool) -> Bytes {
    store.leases.values().filter(|row| which(row)).map(|row| row.book.held()).fold(Bytes::ZERO, Bytes::plus)
}

/// Booked ≤ delivered ≤ granted. What was delivered and can no longer be booked is what a crash cut off, unless the lease
/// lapsed: then it is at most the lease.
fn lease_is_true(store: &Store, truth: &Truth, lease: LeaseId) -> Result<(), String> {
    let (real, history) = (truth.of_lease(lease), store.histories.get(&lease).cloned().unwrap_or_default());
    let wrong = |what: &str| Err(format!("lease {lease}: delivered {} B, {what}; {history:?}", real.delivered));
    if history.granted > store.policy.largest || real.delivered > history.granted.get() {
        return wrong("more than was granted");
    }
    if history.booked.get() > real.delivered {
        return wrong("booked more");
    }
    let bookable = match store.leases.get(&lease) {
        _ if history.lapsed => return Ok(()),
        Some(row) => row.book.ceiling,
        None => history.booked,
    };
    if real.delivered > bookable.get().saturating_add(real.cut_off) {
        return wrong(&format!("only {bookable} can be booked and {} B were cut off by crashes", real.cut_off));
    }
    Ok(())
}

fn leases_come_back(store: &Store, now_ms: u64) -> Result<(), String> {
    let silence_ms = store.policy.silence().ms().unsigned_abs();
    for (id, row) in store.leases.iter().filter(|(_, row)| !row.book.lapsed) {
        let since_ms = row.contact_ms.max(store.watch_since_ms);
        let silent_ms = now_ms.saturating_sub(since_ms);
        if silent_ms > silence_ms.saturating_add(LAPSE_SLACK_MS) {
            return Err(format!("lease {id} has been silent for {silent_ms} ms and has not lapsed"));
        }
    }
    Ok(())
}

/// The books without marks: what a report that comes again must not change.
pub(super) fn books(store: &Store) -> impl PartialEq {
    let accounts: Vec<_> = store.accounts.values().map(|account| account.quota.clone()).collect();
    let packages: Vec<(PackageId, Bytes, Bytes)> =
        store.packages.iter().map(|(id, package)| (*id, package.used, package.held)).collect();
    let leases: Vec<_> = store.leases.iter().map(|(id, row)| (*id, row.book.clone())).collect();
    (accounts, packages, leases)
}

/// After everything has been told: nothing is held, and accounts are billed what their leases were.
pub(super) fn check_end(store: &Store, truth: &Truth) -> Result<(), String> {
    if let Some((id, row)) = store.leases.iter().find(|(_, row)| !row.book.lapsed) {
        return Err(format!("lease {id} of node {} is open though everything was settled", row.node));
    }
    truth.leases.keys().try_for_each(|lease| lease_is_true(store, truth, *lease))?;
    let unbilled_by_lease = truth.leases.iter().map(|(lease, real)| {
        let booked = store.histories.get(lease).map_or(Bytes::ZERO, |history| history.booked);
        real.delivered.saturating_sub(booked.get())
    });
    let unbilled = |(id, account): (&AccountId, &super::store::Account)| {
        truth.of_account(*id).saturating_sub(account.quota.used.get())
    };
    let (by_lease, by_account): (u64, u64) = (unbilled_by_lease.sum(), store.accounts.iter().map(unbilled).sum());
    if by_lease != by_account {
        return Err(format!("leases leave {by_lease} B unbilled, accounts {by_account} B"));
    }
    Ok(())
}

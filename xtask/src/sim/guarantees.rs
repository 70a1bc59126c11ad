//! What must hold after every step.

use std::collections::BTreeMap;

use turnpike_domain::calendar::Day;
use turnpike_domain::ids::{AccountId, LeaseId, NodeId, PackageId};
use turnpike_domain::time::Span;
use turnpike_domain::units::{Bytes, LimitGb};

use super::store::{LeaseRow, Moment, Store};
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
    pub(super) fn check(&mut self, store: &mut Store, truth: &mut Truth, now: Moment) -> Result<(), String> {
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
        leases_come_back(store, now)
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
    let mut windows: BTreeMap<(NodeId, AccountId), (Bytes, Bytes)> = BTreeMap::new();
    for (id, row) in &store.leases {
        let (unwritten, most) = windows.entry((row.node, row.account)).or_default();
        *unwritten = unwritten.plus(row.book.unwritten());
        *most = window_of(store, *id).max(*most);
    }
    match windows.iter().find(|(_, (unwritten, most))| unwritten > most) {
        Some(((node, account), (unwritten, most))) => {
            Err(format!("node {node} may write {unwritten} for account {account}, at most {most} are allowed"))
        }
        None => Ok(()),
    }
}

fn window_of(store: &Store, lease: LeaseId) -> Bytes {
    store.histories.get(&lease).map_or(Bytes::ZERO, |history| history.window)
}

/// What reached clients and origins passes no limit either, whatever is never reported: it is booked or held, but for what a
/// crash cut off of leases that were settled since, and for leases that lapsed.
pub(super) fn deliveries_stay_within_limits(store: &Store, truth: &Truth) -> Result<(), String> {
    let mut doubts: BTreeMap<PackageId, u64> = BTreeMap::new();
    let mut delivered: BTreeMap<PackageId, u64> = BTreeMap::new();
    let mut by_account: BTreeMap<AccountId, u64> = BTreeMap::new();
    for (id, history) in &store.histories {
        let (Some(account), Some(package)) = (history.account, history.package) else { continue };
        let real = truth.of_lease(*id);
        let doubt = match store.leases.get(id) {
            _ if history.lapsed => real.delivered.saturating_sub(history.booked.get()),
            Some(_) => 0,
            None => real.cut_off,
        };
        for (sums, bytes) in [(&mut doubts, doubt), (&mut delivered, real.delivered)] {
            let sum = sums.entry(package).or_default();
            *sum = sum.saturating_add(bytes);
        }
        let sum = by_account.entry(account).or_default();
        *sum = sum.saturating_add(doubt);
    }
    let of = |sums: &BTreeMap<PackageId, u64>, id| sums.get(id).copied().unwrap_or(0);
    for (id, package) in &store.packages {
        let most = package.size.get().saturating_add(of(&doubts, id));
        if of(&delivered, id) > most {
            return Err(format!("package {id}: {} B were delivered, at most {most} B may be", of(&delivered, id)));
        }
    }
    for (id, account) in &store.accounts {
        let covered = account.quota.used.plus(account.quota.held).get();
        let (delivered, doubt) = (truth.of_account(*id), by_account.get(id).copied().unwrap_or(0));
        if delivered > covered.saturating_add(doubt) {
            return Err(format!("account {id}: {delivered} B were delivered, {covered} B are booked or held"));
        }
    }
    Ok(())
}

/// What is lost with a gateway's file: for each account at most one window, what was on its way unacknowledged when that
/// was last told, and what a crash cut off.
pub(super) fn lost_with_file(store: &Store, truth: &Truth, node: NodeId) -> Result<(), String> {
    let mut losses: BTreeMap<AccountId, (u64, u64, Bytes)> = BTreeMap::new();
    for (id, row) in store.leases.iter().filter(|(_, row)| row.node == node && !row.book.lapsed) {
        let real = truth.of_lease(*id);
        let (lost, on_its_way, window) = losses.entry(row.account).or_default();
        *window = window_of(store, *id).max(*window);
        *lost = lost.saturating_add(real.delivered.saturating_sub(row.book.used.get()));
        *on_its_way =
            on_its_way.saturating_add(row.book.written.minus(row.book.used).get()).saturating_add(real.cut_off);
    }
    match losses.iter().find(|(_, (lost, on_its_way, window))| *lost > window.get().saturating_add(*on_its_way)) {
        Some((account, (lost, ..))) => Err(format!("account {account} loses {lost} B with the file of node {node}")),
        None => Ok(()),
    }
}

fn total_held(store: &Store, which: impl Fn(&LeaseRow) -> bool) -> Bytes {
    store.leases.values().filter(|row| which(row)).map(|row| row.book.held()).fold(Bytes::ZERO, Bytes::plus)
}

/// Booked ≤ delivered ≤ granted. What was delivered and can no longer be booked is what a crash cut off, and that only once
/// the lease is settled, unless it lapsed: then it is at most the lease.
fn lease_is_true(store: &Store, truth: &Truth, lease: LeaseId) -> Result<(), String> {
    let (real, history) = (truth.of_lease(lease), store.histories.get(&lease).cloned().unwrap_or_default());
    let wrong = |what: &str| Err(format!("lease {lease}: delivered {} B, {what}; {history:?}", real.delivered));
    if history.granted > history.window || real.delivered > history.granted.get() {
        return wrong("more than was granted");
    }
    if history.booked.get() > real.delivered {
        return wrong("booked more");
    }
    let (bookable, cut_off) = match store.leases.get(&lease) {
        _ if history.lapsed => return Ok(()),
        Some(row) => (row.book.ceiling, 0),
        None => (history.booked, real.cut_off),
    };
    if real.delivered > bookable.get().saturating_add(cut_off) {
        return wrong(&format!("only {bookable} can be booked and {cut_off} B were cut off by crashes"));
    }
    Ok(())
}

fn leases_come_back(store: &Store, now: Moment) -> Result<(), String> {
    let (silence, slack) = (store.policy.silence().ms().unsigned_abs(), LAPSE_SLACK_MS);
    let slack_on_wall = Span::from_ms(i64::try_from(slack).unwrap_or(i64::MAX));
    for (id, row) in store.leases.iter().filter(|(_, row)| !row.book.lapsed) {
        let since_ms = row.contact_ms.max(store.watch_since_ms);
        let silent_ms = now.true_ms.saturating_sub(since_ms);
        let until = row.mark.plus(store.policy.escrow).plus(slack_on_wall);
        // Right after the clock jumped or the operator said so, nobody has looked yet.
        let looked = now.true_ms.saturating_sub(now.jumped_ms.max(row.given_up_ms)) > slack;
        let kept = !looked || row.escrowed && now.wall < until;
        if silent_ms > silence.saturating_add(slack) && !kept {
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
    deliveries_stay_within_limits(store, truth)?;
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

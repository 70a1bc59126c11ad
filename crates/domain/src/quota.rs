//! The store's side of a lease: what may be granted, what a report books, what a lapse frees.
//!
//! Quota is prepaid. An amount is *held* from the moment a lease is granted until it is reported as used or handed
//! back, and for every account and package `used + held` never passes the limit, so nothing that happens at a gateway
//! can overshoot it. Reports carry absolute values: the highest counts, so one that comes twice or late is harmless.

use serde::{Deserialize, Serialize};

use crate::ids::PackageId;
use crate::lease::LeaseReport;
use crate::pace::{AskAgain, Pace, Stretch};
use crate::time::{Span, Timestamp};
use crate::units::{Bytes, LimitGb};

/// How leases are cut. Operators set it; the defaults are what the guarantees are written for.
#[derive(Clone, Debug)]
pub struct LeasePolicy {
    /// The most one gateway may hold for one account and has not written yet. 16 MiB.
    pub largest: Bytes,
    /// The same for a gateway whose spool file lies beside the store, and is lost only with it; `None` when there is none
    /// such.
    pub largest_beside: Option<Bytes>,
    /// No gateway holds more for one account, and has not written it yet, than this fraction of the package and of the
    /// account's limits: as much is in doubt when it dies and stays dead. Never under `smallest`. 1280.
    pub doubt_share: u64,
    /// The least that is granted while more than that is free. 64 KiB.
    pub smallest: Bytes,
    /// A lease is at most this fraction of what is free, so that leases shrink as a limit nears. 4.
    pub share: u64,
    /// How long a gateway may use a lease, on its own monotonic clock. 60 s.
    pub validity: Span,
    /// How long after that the store waits before it takes a gateway that reports nothing to be gone. 30 s.
    pub grace: Span,
    /// How much longer it goes on holding what such a gateway may have delivered, unless its spool file lay beside the
    /// store or the operator says that it is lost. 24 h.
    pub escrow: Span,
}

impl Default for LeasePolicy {
    fn default() -> Self {
        Self {
            largest: Bytes::new(16 * 1024 * 1024),
            largest_beside: None,
            doubt_share: 1280,
            smallest: Bytes::new(64 * 1024),
            share: 4,
            validity: Span::from_secs(60),
            grace: Span::from_secs(30),
            escrow: Span::from_days(1),
        }
    }
}

impl LeasePolicy {
    /// How long a lease must go without a report before it lapses: its gateway has stopped using it after `validity`.
    pub const fn silence(&self) -> Span {
        Span::from_ms(self.validity.ms().saturating_add(self.grace.ms()))
    }

    /// As it is for a gateway in the store's own process: where the spool file lies beside the store it is found again
    /// whenever the store is, so that nothing comes to be in doubt.
    #[must_use]
    pub fn beside(&self) -> Self {
        match self.largest_beside {
            Some(largest) => Self { largest, doubt_share: 1, escrow: Span::from_ms(0), ..self.clone() },
            None => self.clone(),
        }
    }

    /// Whether a lease that is granted now stays in escrow when its gateway falls silent.
    pub const fn escrows(&self) -> bool {
        self.escrow.ms() > 0
    }

    /// The mark of a lease that was granted or reported now. Each report that is not the last renews it, so that a
    /// lease with bytes on their way to a slow client stays held as long as its gateway lives.
    pub const fn lapses_at(&self, now: Timestamp) -> Timestamp {
        now.plus(self.silence())
    }
}

/// What an account may use and has used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountQuota {
    /// For the account's life.
    pub limit: LimitGb,
    /// Booked over the account's life.
    pub used: Bytes,
    /// For one calendar day in the configured zone.
    pub daily_limit: LimitGb,
    /// Booked today.
    pub day_used: Bytes,
    /// In leases, neither used nor handed back.
    pub held: Bytes,
}

/// What a package holds and has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageQuota {
    /// Which package.
    pub id: PackageId,
    /// What was bought.
    pub size: Bytes,
    /// Booked against it.
    pub used: Bytes,
    /// In leases, neither used nor handed back.
    pub held: Bytes,
    /// When what is left is lost.
    pub expires_at: Timestamp,
    /// How fast it gives, where that is limited.
    pub pace: Option<Pace>,
}

impl PackageQuota {
    /// A lease was cut out of it.
    pub fn give(&mut self, terms: &Terms) {
        self.held = self.held.plus(terms.bytes);
        self.pace = terms.stretch.map(|stretch| stretch.pace).or(self.pace);
    }

    /// A report on a lease of it was booked. What the gateway handed back may flow again.
    pub fn take_in(&mut self, booking: &Booking) {
        self.used = self.used.plus(booking.used);
        self.held = self.held.minus(booking.freed);
        if let Some(pace) = &mut self.pace {
            pace.hand_back(booking.freed.minus(booking.used));
        }
    }
}

/// A gateway's wish for an account, as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// More than this it has no use for soon.
    pub want: Bytes,
    /// What this gateway already holds for the account and has not reported as written.
    pub node_holds: Bytes,
    /// The store's clock.
    pub now: Timestamp,
}

/// What a lease is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The package it draws on.
    pub package: PackageId,
    /// How many bytes.
    pub bytes: Bytes,
    /// How long the gateway may use it, counted from when it asked.
    pub valid_for: Span,
    /// The lease's first mark, see [`crate::lapse`].
    pub lapses_at: Timestamp,
    /// When the bytes may flow, where the package has a pace.
    pub stretch: Option<Stretch>,
}

impl Terms {
    /// How long the bytes must not be used yet; `None` where the package has no pace.
    pub fn paced(&self) -> Option<Span> {
        self.stretch.map(|stretch| stretch.wait)
    }
}

/// Why no lease is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Denial {
    /// The account's own limit is used up.
    #[error("the account's traffic limit is used up")]
    LimitReached,
    /// The account's limit for today is used up.
    #[error("the account's traffic limit for today is used up")]
    DailyLimitReached,
    /// No package of this type has traffic left.
    #[error("no package with traffic left")]
    NoTraffic,
    /// Something is left, but other leases hold it just now: ask again shortly.
    #[error("what is left is held by other leases")]
    Contended,
    /// The account or its customer may not use the gateway.
    #[error("the account may not be used")]
    Refused,
    /// The plan's bandwidth is in use for the next moments: ask again when the time has come.
    #[error("the plan's bandwidth is in use")]
    Paced(AskAgain),
}

impl Denial {
    /// Whether asking again can succeed without anybody changing a limit or a package.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Contended | Self::Paced(_))
    }
}

/// Decides one wish. `packages` are the customer's started, unexpired packages of the account's type, earliest expiry
/// first: that is the order in which traffic is taken (contract §3).
///
/// # Errors
/// A [`Denial`] when nothing can be granted now.
pub fn grant(
    policy: &LeasePolicy,
    account: &AccountQuota,
    packages: &[PackageQuota],
    ask: Ask,
) -> Result<Terms, Denial> {
    let own = headroom(account.limit, account.used, account.held, Denial::LimitReached)?;
    let today = headroom(account.daily_limit, account.day_used, account.held, Denial::DailyLimitReached)?;
    let (package, free) = first_free(packages, ask.now)?;
    let free = free.min(own).min(today);
    let room = window(policy, account, package).minus(ask.node_holds);
    let shrunk = Bytes::new(free.get().checked_div(policy.share).unwrap_or(0)).max(policy.smallest);
    let bytes = shrunk.min(free).min(room).min(ask.want.max(policy.smallest));
    if bytes == Bytes::ZERO {
        return Err(Denial::Contended);
    }
    let stretch = package.pace.map(|pace| pace.next(bytes, ask.now)).transpose().map_err(Denial::Paced)?;
    let bytes = stretch.map_or(bytes, |stretch| stretch.bytes);
    let valid_for = policy.validity.min(package.expires_at.since(ask.now));
    Ok(Terms { package: package.id, bytes, valid_for, lapses_at: policy.lapses_at(ask.now), stretch })
}

/// What one gateway may hold for the account and not have written yet, while the package gives.
fn window(policy: &LeasePolicy, account: &AccountQuota, package: &PackageQuota) -> Bytes {
    let limits = [account.limit, account.daily_limit].into_iter().filter_map(LimitGb::bytes);
    let whole = limits.fold(package.size, Bytes::min);
    let part = Bytes::new(whole.get().checked_div(policy.doubt_share).unwrap_or(0));
    part.max(policy.smallest).min(policy.largest)
}

/// What a late report on a lapsed lease may still book: what is neither used nor held.
pub fn room(account: &AccountQuota, package: &PackageQuota) -> Bytes {
    let limits = [(account.limit, account.used), (account.daily_limit, account.day_used)];
    let left = |(limit, used): (LimitGb, Bytes)| limit.bytes().map(|limit| limit.minus(used.plus(account.held)));
    let package = package.size.minus(package.used.plus(package.held));
    limits.into_iter().filter_map(left).fold(package, Bytes::min)
}

/// What a limit leaves; `reached` when it is used up for good, [`Denial::Contended`] when leases hold the rest.
fn headroom(limit: LimitGb, used: Bytes, held: Bytes, reached: Denial) -> Result<Bytes, Denial> {
    let Some(limit) = limit.bytes() else { return Ok(Bytes::MAX) };
    if used >= limit {
        return Err(reached);
    }
    match limit.minus(used.plus(held)) {
        Bytes::ZERO => Err(Denial::Contended),
        free => Ok(free),
    }
}

/// The package that gives next, and what it can give.
fn first_free(packages: &[PackageQuota], now: Timestamp) -> Result<(&PackageQuota, Bytes), Denial> {
    let mut denial = Denial::NoTraffic;
    for package in packages.iter().filter(|package| package.expires_at > now) {
        match package.size.minus(package.used.plus(package.held)) {
            Bytes::ZERO if package.used < package.size => denial = Denial::Contended,
            Bytes::ZERO => {}
            free => return Ok((package, free)),
        }
    }
    Err(denial)
}

/// A lease as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseBook {
    /// The most it can still come to: what was granted, less what was handed back.
    pub ceiling: Bytes,
    /// What was booked.
    pub used: Bytes,
    /// What its gateway has written of it, proven or not. The client's kernel may take its time to acknowledge that, and
    /// meanwhile it narrows nobody's window.
    pub written: Bytes,
    /// Whether its hold was freed because no report came in time.
    pub lapsed: bool,
}

impl LeaseBook {
    /// A lease of which nothing was used.
    pub const fn granted(bytes: Bytes) -> Self {
        Self { ceiling: bytes, used: Bytes::ZERO, written: Bytes::ZERO, lapsed: false }
    }

    /// What this lease still holds of its account's and package's quota.
    pub const fn held(&self) -> Bytes {
        if self.lapsed { Bytes::ZERO } else { self.ceiling.minus(self.used) }
    }

    /// What its gateway may still write: what counts against [`LeasePolicy::largest`].
    pub const fn unwritten(&self) -> Bytes {
        if self.lapsed { Bytes::ZERO } else { self.ceiling.minus(self.written) }
    }
}

/// What a report changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// To add to what account, package and usage have booked.
    pub used: Bytes,
    /// To take from what account and package hold.
    pub freed: Bytes,
    /// The lease afterwards.
    pub lease: LeaseBook,
    /// Whether the gateway is done with it, so that its row can go.
    pub done: bool,
}

/// Books a report. `room` is what the account's limits and the package would still take beside what is held; it
/// matters only for a lease that lapsed, whose hold may have been granted to others since.
pub fn book(lease: &LeaseBook, report: &LeaseReport, room: Bytes) -> Booking {
    let proven = report.used.min(lease.ceiling).max(lease.used);
    let used = if lease.lapsed { proven.minus(lease.used).min(room).plus(lease.used) } else { proven };
    let ceiling = if report.last { used } else { lease.ceiling.min(report.ceiling).max(used) };
    // By what is not written yet, which only falls, also where the ceiling falls with what was handed back.
    let unwritten = lease.ceiling.minus(lease.written).min(report.ceiling.minus(report.written));
    let after = LeaseBook { used, ceiling, written: ceiling.minus(unwritten).max(used), lapsed: lease.lapsed };
    Booking { used: used.minus(lease.used), freed: lease.held().minus(after.held()), done: report.last, lease: after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::LeaseId;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn package(id: i64, size: u64, used: u64, held: u64) -> PackageQuota {
        PackageQuota {
            id: PackageId::new(id),
            size: Bytes::new(size),
            used: Bytes::new(used),
            held: Bytes::new(held),
            expires_at: NOW.plus(Span::from_days(1)),
            pace: None,
        }
    }

    fn ask(node_holds: u64) -> Ask {
        Ask { want: Bytes::MAX, node_holds: Bytes::new(node_holds), now: NOW }
    }

    #[test]
    fn a_fresh_package_gives_the_largest_lease() {
        let terms = grant(&LeasePolicy::default(), &AccountQuota::default(), &[package(1, 1 << 35, 0, 0)], ask(0));
        assert_eq!(terms.unwrap().bytes, Bytes::new(16 << 20));
    }

    #[test]
    fn no_gateway_holds_more_than_a_thousandth_of_what_it_draws_on_unless_that_is_next_to_nothing() {
        let gives = |account: &AccountQuota, size: u64, held: u64| {
            let policy = LeasePolicy { doubt_share: 1024, ..LeasePolicy::default() };
            grant(&policy, account, &[package(1, size, 0, 0)], ask(held)).map(|terms| terms.bytes.get())
        };
        assert_eq!(gives(&unlimited(), 1 << 30, 0), Ok(1 << 20));
        assert_eq!(gives(&unlimited(), 1 << 30, 1000), Ok((1 << 20) - 1000));
        assert_eq!(gives(&unlimited(), 1 << 30, 1 << 20), Err(Denial::Contended));
        assert_eq!(gives(&unlimited(), 1 << 20, 0), Ok(64 << 10));
        let limit = LimitGb::new(2).unwrap();
        assert_eq!(gives(&AccountQuota { limit, ..unlimited() }, 1 << 34, 0), Ok(2 << 20));
        assert_eq!(gives(&AccountQuota { daily_limit: limit, ..unlimited() }, 1 << 34, 0), Ok(2 << 20));
    }

    #[test]
    fn beside_the_store_only_what_is_free_bounds_a_lease() {
        let policy = LeasePolicy { largest_beside: Some(Bytes::new(1 << 28)), ..LeasePolicy::default() };
        let gives = |policy: &LeasePolicy| {
            grant(policy, &unlimited(), &[package(1, 1 << 30, 0, 0)], ask(0)).map(|terms| terms.bytes.get())
        };
        assert_eq!((gives(&policy), gives(&policy.beside())), (Ok((1 << 30) / 1280), Ok(1 << 28)));
        assert_eq!((policy.escrows(), policy.beside().escrows()), (true, false));
    }

    #[test]
    fn nobody_gets_more_than_it_wants_unless_that_is_next_to_nothing() {
        let wants = |want: u64| {
            let ask = Ask { want: Bytes::new(want), ..ask(0) };
            grant(&LeasePolicy::default(), &AccountQuota::default(), &[package(1, 1 << 34, 0, 0)], ask).unwrap().bytes
        };
        assert_eq!((wants(1 << 20).get(), wants(0).get()), (1 << 20, 64 << 10));
    }

    #[test]
    fn leases_shrink_as_the_limit_nears_and_the_last_bytes_are_given() {
        let policy = LeasePolicy { doubt_share: 1, ..LeasePolicy::default() };
        let account = AccountQuota::default();
        let near = grant(&policy, &account, &[package(1, 4 << 20, 0, 0)], ask(0)).unwrap();
        assert_eq!(near.bytes, Bytes::new(1 << 20));
        let last = grant(&policy, &account, &[package(1, 1000, 0, 0)], ask(0)).unwrap();
        assert_eq!(last.bytes, Bytes::new(1000));
    }

    #[test]
    fn held_quota_is_contended_and_used_quota_is_gone() {
        let policy = LeasePolicy::default();
        let account = AccountQuota::default();
        assert_eq!(grant(&policy, &account, &[package(1, 100, 40, 60)], ask(0)), Err(Denial::Contended));
        assert_eq!(grant(&policy, &account, &[package(1, 100, 100, 0)], ask(0)), Err(Denial::NoTraffic));
        assert_eq!(grant(&policy, &account, &[], ask(0)), Err(Denial::NoTraffic));
    }

    #[test]
    fn the_next_package_gives_when_the_first_is_empty() {
        let packages = [package(1, 100, 100, 0), package(2, 100, 0, 0)];
        let terms = grant(&LeasePolicy::default(), &AccountQuota::default(), &packages, ask(0)).unwrap();
        assert_eq!(terms.package, PackageId::new(2));
    }

    #[test]
    fn a_lease_ends_with_its_package() {
        let mut package = package(1, 1 << 30, 0, 0);
        package.expires_at = NOW.plus(Span::from_secs(5));
        let terms = grant(&LeasePolicy::default(), &AccountQuota::default(), &[package], ask(0)).unwrap();
        assert_eq!(terms.valid_for, Span::from_secs(5));
    }

    #[test]
    fn a_plan_is_shared_by_turns_and_what_is_handed_back_flows_again() {
        let mut plan = PackageQuota { pace: Pace::new(8000, 0), ..package(1, 1 << 60, 0, 0) };
        let asks = |plan: &PackageQuota| grant(&LeasePolicy::default(), &unlimited(), &[plan.clone()], ask(0));
        let first = asks(&plan).unwrap();
        assert_eq!((first.bytes.get(), first.paced()), (325_000, Some(Span::from_ms(0))));
        plan.give(&first);
        let second = asks(&plan).unwrap();
        assert_eq!(second.paced(), Some(Span::from_ms(125)));
        plan.give(&second);
        let used = Bytes::new(25_000);
        let booking = book(&LeaseBook::granted(first.bytes), &LeaseReport::last(LeaseId::new(1), used), Bytes::ZERO);
        plan.take_in(&booking);
        assert_eq!((plan.used, plan.held), (used, second.bytes));
        assert!(asks(&plan).unwrap().paced() <= Some(Span::from_ms(0)), "300 ms came back");
    }

    #[test]
    fn a_plan_whose_bandwidth_is_in_use_says_when_to_come_again_and_no_other_package_steps_in() {
        let paid = NOW.ms() * 1000 + 1_000_000;
        let plan = PackageQuota { pace: Pace::new(8000, paid), ..package(1, 1 << 60, 0, 0) };
        let packages = [plan, package(2, 1 << 30, 0, 0)];
        let denied = grant(&LeasePolicy::default(), &unlimited(), &packages, ask(0)).unwrap_err();
        assert!(matches!(denied, Denial::Paced(again) if again.after > Span::from_ms(500)), "{denied:?}");
        assert!(denied.is_passing());
    }

    #[test]
    fn room_is_the_least_that_limits_and_package_leave() {
        let gigabyte = 1 << 30;
        let limit = LimitGb::new(1).unwrap();
        let account = AccountQuota { limit, used: Bytes::new(gigabyte - 100), held: Bytes::new(40), ..unlimited() };
        assert_eq!(room(&account, &package(1, 1000, 0, 0)), Bytes::new(60));
        assert_eq!(room(&account, &package(1, 1000, 950, 10)), Bytes::new(40));
        let today = AccountQuota { daily_limit: limit, day_used: Bytes::new(gigabyte), ..account };
        assert_eq!(room(&today, &package(1, 1000, 0, 0)), Bytes::ZERO);
        assert_eq!(room(&unlimited(), &package(1, 1000, 0, 0)), Bytes::new(1000));
    }

    fn unlimited() -> AccountQuota {
        AccountQuota::default()
    }

    fn report(used: u64, ceiling: u64, last: bool) -> LeaseReport {
        let used = Bytes::new(used);
        LeaseReport { lease: LeaseId::new(1), used, written: used, ceiling: Bytes::new(ceiling), last }
    }

    fn lease(ceiling: u64, used: u64) -> LeaseBook {
        LeaseBook { used: Bytes::new(used), written: Bytes::new(used), ..LeaseBook::granted(Bytes::new(ceiling)) }
    }

    #[test]
    fn a_report_that_comes_twice_or_late_changes_nothing() {
        let first = book(&lease(100, 0), &report(60, 100, false), Bytes::ZERO);
        assert_eq!((first.used, first.freed), (Bytes::new(60), Bytes::new(60)));
        for late in [report(60, 100, false), report(10, 100, false)] {
            let again = book(&first.lease, &late, Bytes::ZERO);
            assert_eq!((again.used, again.freed, &again.lease), (Bytes::ZERO, Bytes::ZERO, &first.lease));
        }
    }

    #[test]
    fn a_recalled_lease_frees_what_it_will_not_use() {
        let booking = book(&lease(100, 10), &report(10, 30, false), Bytes::ZERO);
        assert_eq!((booking.used, booking.freed), (Bytes::ZERO, Bytes::new(70)));
        assert_eq!(booking.lease.held(), Bytes::new(20));
    }

    #[test]
    fn a_lapsed_lease_books_only_what_there_is_room_for() {
        let booking = book(&LeaseBook { lapsed: true, ..lease(100, 10) }, &report(90, 100, true), Bytes::new(25));
        assert_eq!((booking.used, booking.freed, booking.done), (Bytes::new(25), Bytes::ZERO, true));
    }

    #[test]
    fn written_bytes_stay_held_and_open_the_window() {
        let written = |used, written, ceiling| {
            let [used, written, ceiling] = [used, written, ceiling].map(Bytes::new);
            LeaseReport { lease: LeaseId::new(1), used, written, ceiling, last: false }
        };
        let after = book(&lease(100, 0), &written(10, 70, 100), Bytes::ZERO).lease;
        assert_eq!((after.held().get(), after.unwritten().get()), (90, 30));
        // 50 of the 70 were lost with their connection: they are free for all, and no more may be written than before.
        let after = book(&after, &written(20, 20, 50), Bytes::ZERO).lease;
        assert_eq!((after.held().get(), after.unwritten().get()), (30, 30));
        let late = book(&after, &written(10, 10, 100), Bytes::ZERO).lease;
        assert_eq!(late, after);
    }
}

//! The model of the store: rows and acts as the real one has them, every decision taken by `domain`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use turnpike_domain::calendar::{Day, Zone};
use turnpike_domain::ids::{AccountId, Incarnation, LeaseId, NodeId, PackageId};
use turnpike_domain::lapse::{LapseWatch, Marked};
use turnpike_domain::lease::{Exchange, Lease, LeaseGrant, LeaseReport, LeaseRequest};
use turnpike_domain::quota::{self, AccountQuota, Ask, Denial, LeaseBook, LeasePolicy, PackageQuota};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::{Bytes, LimitGb};

use super::breach::Breach;

/// The most that a gateway beside the store may hold for an account and has not written yet.
const LARGEST_BESIDE: Bytes = Bytes::new(64 << 20);
/// The part of package and limits that a gateway elsewhere may hold of them for an account, and has not written yet; and the
/// least that it may.
const DOUBT_SHARE: u64 = 1280;
const LEAST_WINDOW: u64 = 64 << 10;

/// Now, by the store's clock that jumps, and in truth.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) wall: Timestamp,
    pub(super) offset_ms: i64,
    pub(super) true_ms: u64,
    /// When the store's clock last jumped, in truth.
    pub(super) jumped_ms: u64,
}

/// An account's row.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) quota: AccountQuota,
    /// The day that `quota.day_used` is of.
    pub(super) day: Option<Day>,
    /// What was booked on each day.
    pub(super) usage: BTreeMap<Day, Bytes>,
    pub(super) enabled: bool,
}

impl Account {
    /// What was booked since a day began.
    pub(super) fn used_since(&self, day: Day) -> Bytes {
        self.usage.range(day..).map(|(_, bytes)| *bytes).fold(Bytes::ZERO, Bytes::plus)
    }

    /// Makes `day_used` today's: what was used of today is added up, for the clock may have gone back and on again.
    pub(super) fn turn_to_today(&mut self, now: Moment, breach: Option<Breach>) {
        let today = Zone::utc().day_of(now.wall);
        if self.day != Some(today) {
            self.day = Some(today);
            let forgets = breach == Some(Breach::ForgetDay);
            self.quota.day_used = if forgets { Bytes::ZERO } else { self.used_since(today) };
        }
    }

    /// Books bytes, after [`Account::turn_to_today`].
    pub(super) fn use_up(&mut self, bytes: Bytes) {
        self.quota.used = self.quota.used.plus(bytes);
        self.quota.day_used = self.quota.day_used.plus(bytes);
        if let Some(today) = self.day {
            let used = self.usage.entry(today).or_default();
            *used = used.plus(bytes);
        }
    }
}

/// A lease's row. What follows the mark is known to the simulator only.
#[derive(Clone)]
pub(super) struct LeaseRow {
    pub(super) book: LeaseBook,
    pub(super) node: NodeId,
    pub(super) account: AccountId,
    pub(super) package: PackageId,
    pub(super) mark: Timestamp,
    pub(super) escrowed: bool,
    /// When the operator said that its gateway's spool file will not come back.
    pub(super) given_up_ms: u64,
    /// When it was granted or last reported: in truth, and by the store's clock.
    pub(super) contact_ms: u64,
    pub(super) contact_wall: Timestamp,
    /// How far the store's clock was off when it granted.
    pub(super) offset_ms: i64,
}

/// What ever happened to a lease: the simulator remembers when the row is gone.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) account: Option<AccountId>,
    pub(super) package: Option<PackageId>,
    pub(super) granted: Bytes,
    pub(super) booked: Bytes,
    pub(super) lapsed: bool,
    /// What its gateway could hold unwritten for its account when it was granted.
    pub(super) window: Bytes,
}

/// A gateway's row.
#[derive(Clone, Default)]
struct NodeRow {
    boot: u64,
    exchange: u64,
}

/// Why the store does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The gateway's leases are another incarnation's.
    Fenced,
    /// The exchange was carried out already, or a later one.
    Overtaken,
}

/// A lease that lapsed, and what that freed.
pub(super) struct Lapse {
    pub(super) lease: LeaseId,
    pub(super) freed: Bytes,
    pub(super) silent_ms: u64,
    /// Whether it was in escrow, and that had not ended by the store's clock.
    pub(super) kept: bool,
}

/// All rows of one customer.
#[derive(Clone)]
pub(super) struct Store {
    pub(super) policy: LeasePolicy,
    pub(super) accounts: BTreeMap<AccountId, Account>,
    pub(super) packages: BTreeMap<PackageId, PackageQuota>,
    pub(super) leases: BTreeMap<LeaseId, LeaseRow>,
    nodes: BTreeMap<NodeId, NodeRow>,
    /// Gateways whose spool files lie beside the store.
    pub(super) beside: BTreeSet<NodeId>,
    pub(super) watch_since_ms: u64,
    /// How often a report on a lapsed lease was booked.
    pub(super) late_bookings: u64,
    pub(super) histories: BTreeMap<LeaseId, History>,
    /// Leases whose books changed since the last check.
    pub(super) touched: BTreeSet<LeaseId>,
    watch: LapseWatch,
    last_lease: i64,
    breach: Option<Breach>,
}

impl Store {
    pub(super) fn new(breach: Option<Breach>) -> Self {
        let mut policy = LeasePolicy { largest_beside: Some(LARGEST_BESIDE), ..LeasePolicy::default() };
        if breach == Some(Breach::ForgetDoubt) {
            policy.doubt_share = 1;
        }
        let watch = LapseWatch::new(&policy);
        Self {
            policy,
            accounts: BTreeMap::new(),
            packages: BTreeMap::new(),
            leases: BTreeMap::new(),
            nodes: BTreeMap::new(),
            beside: BTreeSet::new(),
            watch_since_ms: 0,
            late_bookings: 0,
            histories: BTreeMap::new(),
            touched: BTreeSet::new(),
            watch,
            last_lease: 0,
            breach,
        }
    }

    /// One exchange, once and in order: reports first, then what the gateway does not have, then requests.
    pub(super) fn exchange(
        &mut self,
        now: Moment,
        node: Incarnation,
        exchange: &Exchange,
    ) -> Result<Vec<LeaseGrant>, Refused> {
        let row = self.nodes.entry(node.node).or_default();
        if row.boot != node.boot && self.breach != Some(Breach::ServeAnyBoot) {
            return Err(Refused::Fenced);
        }
        if row.exchange >= exchange.number && self.breach != Some(Breach::ExchangeAgain) {
            return Err(Refused::Overtaken);
        }
        row.exchange = row.exchange.max(exchange.number);
        let node = node.node;
        for report in &exchange.reports {
            self.book(now, node, report);
        }
        if let Some(held) = &exchange.held
            && self.breach != Some(Breach::KeepUnreceived)
        {
            self.void(now, node, held);
        }
        let grant =
            |request: &LeaseRequest| LeaseGrant { account: request.account, outcome: self.grant(now, node, *request) };
        Ok(exchange.requests.iter().map(grant).collect())
    }

    /// Books what a restarted gateway found, and voids whatever else it held. Whether anything was to be done.
    pub(super) fn settle(&mut self, now: Moment, node: Incarnation, found: &[LeaseReport]) -> Result<bool, Refused> {
        let row = self.nodes.entry(node.node).or_default();
        if node.boot < row.boot && self.breach != Some(Breach::ServeAnyBoot) {
            return Err(Refused::Fenced);
        }
        if node.boot == row.boot && self.breach != Some(Breach::SettleAgain) {
            return Ok(false);
        }
        *row = NodeRow { boot: node.boot, exchange: 0 };
        for report in found {
            self.book(now, node.node, report);
        }
        self.void(now, node.node, &[]);
        Ok(true)
    }

    /// Frees what a gateway has no lease for any more.
    fn void(&mut self, now: Moment, node: NodeId, known: &[LeaseId]) {
        let lost = self.leases.iter().filter(|(id, row)| row.node == node && !known.contains(id));
        let lost: Vec<LeaseId> = lost.map(|(id, _)| *id).collect();
        for lease in lost {
            self.book(now, node, &LeaseReport::void(lease));
        }
    }

    /// Lets leases lapse.
    pub(super) fn lapse(&mut self, now: Moment) -> Vec<Lapse> {
        let forgets = self.breach == Some(Breach::ForgetEscrow);
        let open = self.leases.iter().filter(|(_, row)| !row.book.lapsed);
        let open = open.map(|(id, row)| Marked { lease: *id, mark: row.mark, escrowed: row.escrowed && !forgets });
        let open: Vec<_> = open.collect();
        let due = match self.breach {
            Some(Breach::NeverLapse) => Vec::new(),
            Some(Breach::LapseByWallClock) => open.into_iter().filter(|marked| marked.mark <= now.wall).collect(),
            _ => self.watch.look(Duration::from_millis(now.true_ms), now.wall, &open),
        };
        let lapses = due.into_iter().filter_map(|Marked { lease, .. }| {
            let row = self.leases.get_mut(&lease)?;
            let freed = row.book.held();
            let kept = row.escrowed && now.wall < row.contact_wall.plus(self.policy.escrow);
            row.book.lapsed = true;
            let (account, package) = (self.accounts.get_mut(&row.account)?, self.packages.get_mut(&row.package)?);
            account.quota.held = account.quota.held.minus(freed);
            package.held = package.held.minus(freed);
            let silent_ms = now.true_ms.saturating_sub(row.contact_ms);
            self.histories.entry(lease).or_default().lapsed = true;
            Some(Lapse { lease, freed, silent_ms, kept })
        });
        lapses.collect()
    }

    /// The operator says that a gateway's spool file will not come back.
    pub(super) fn end_escrow(&mut self, now: Moment, node: NodeId) {
        for row in self.leases.values_mut().filter(|row| row.node == node && row.escrowed) {
            (row.escrowed, row.given_up_ms) = (false, now.true_ms);
        }
    }

    /// Drops the rows of leases that lapsed a week ago.
    pub(super) fn forget_lapsed(&mut self, now: Moment) {
        let before = now.wall.minus(Span::from_days(7));
        self.leases.retain(|_, row| !(row.book.lapsed && row.mark < before));
    }

    /// The process that watches for lapses starts anew.
    pub(super) fn restart_watch(&mut self, now: Moment) {
        self.watch = LapseWatch::new(&self.policy);
        self.watch_since_ms = now.true_ms;
    }

    fn book(&mut self, now: Moment, node: NodeId, report: &LeaseReport) -> Option<()> {
        let row = self.leases.get_mut(&report.lease).filter(|row| row.node == node)?;
        let account = self.accounts.get_mut(&row.account)?;
        let package = self.packages.get_mut(&row.package)?;
        account.turn_to_today(now, self.breach);
        let without_room = self.breach == Some(Breach::BookWithoutRoom);
        let room = if without_room { Bytes::MAX } else { quota::room(&account.quota, package) };
        let mut booking = quota::book(&row.book, report, room);
        if self.breach == Some(Breach::AddReports) {
            booking.used = report.used;
        }
        let history = self.histories.entry(report.lease).or_default();
        history.booked = history.booked.plus(booking.used);
        self.touched.insert(report.lease);
        account.use_up(booking.used);
        account.quota.held = account.quota.held.minus(booking.freed);
        package.used = package.used.plus(booking.used);
        package.held = package.held.minus(booking.freed);
        row.book = booking.lease;
        if row.book.lapsed {
            self.late_bookings = self.late_bookings.saturating_add(u64::from(booking.used > Bytes::ZERO));
        } else {
            (row.contact_ms, row.contact_wall) = (now.true_ms, now.wall);
            if self.breach != Some(Breach::NeverRenew) {
                row.mark = self.policy.lapses_at(now.wall);
            }
        }
        if booking.done {
            self.leases.remove(&report.lease);
        }
        Some(())
    }

    fn grant(&mut self, now: Moment, node: NodeId, request: LeaseRequest) -> Result<Lease, Denial> {
        let LeaseRequest { account: id, want } = request;
        let held = self.leases.values().filter(|row| row.node == node && row.account == id);
        let forgets = self.breach == Some(Breach::ForgetWindow);
        let unwritten = |row: &LeaseRow| if forgets { Bytes::ZERO } else { row.book.unwritten() };
        let node_holds = held.map(unwritten).fold(Bytes::ZERO, Bytes::plus);
        let account = self.accounts.get_mut(&id).filter(|account| account.enabled).ok_or(Denial::Refused)?;
        account.turn_to_today(now, self.breach);
        let mut packages: Vec<PackageQuota> = self.packages.values().cloned().collect();
        packages.sort_by_key(|package| package.expires_at);
        let beside = self.beside.contains(&node);
        let policy = if beside { self.policy.beside() } else { self.policy.clone() };
        let terms = quota::grant(&policy, &account.quota, &packages, Ask { want, node_holds, now: now.wall })?;
        let package = self.packages.get_mut(&terms.package).ok_or(Denial::NoTraffic)?;
        if self.breach != Some(Breach::ForgetHeld) {
            account.quota.held = account.quota.held.plus(terms.bytes);
            package.held = package.held.plus(terms.bytes);
        }
        self.last_lease = self.last_lease.saturating_add(1);
        let lease = LeaseId::new(self.last_lease);
        let book = LeaseBook::granted(terms.bytes);
        let history = History {
            account: Some(id),
            package: Some(terms.package),
            granted: terms.bytes,
            window: if beside { LARGEST_BESIDE } else { window(&account.quota, package.size) },
            ..History::default()
        };
        self.histories.insert(lease, history);
        let row = LeaseRow {
            book,
            node,
            account: id,
            package: terms.package,
            mark: terms.lapses_at,
            escrowed: policy.escrows(),
            given_up_ms: 0,
            contact_ms: now.true_ms,
            contact_wall: now.wall,
            offset_ms: now.offset_ms,
        };
        self.leases.insert(lease, row);
        Ok(Lease { id: lease, bytes: terms.bytes, valid_for: terms.valid_for, paced: terms.paced() })
    }
}

/// What may be in doubt for an account when a gateway elsewhere dies: told anew here, so that the rule is not its own judge.
fn window(account: &AccountQuota, package: Bytes) -> Bytes {
    let whole = |limit: LimitGb| limit.bytes().unwrap_or(Bytes::MAX);
    let whole = whole(account.limit).min(whole(account.daily_limit)).min(package);
    Bytes::new((whole.get() / DOUBT_SHARE).max(LEAST_WINDOW))
}

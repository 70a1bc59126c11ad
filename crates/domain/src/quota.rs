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
mod tests;

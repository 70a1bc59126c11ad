//! The books that a transaction on leases has open: accounts and packages locked, changed in memory by the domain's
//! rules, written back in a few statements however many there are.
//!
//! Everybody locks leases, then accounts, then packages, each by id, so that nobody waits for somebody who waits for
//! him.

use std::collections::{BTreeMap, HashMap};

use turnpike_domain::calendar::Zone;
use turnpike_domain::ids::{AccountId, CustomerId, PackageId};
use turnpike_domain::lease::{LeaseReport, LeaseRequest};
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::{self, Ask, Denial, LeasePolicy, PackageQuota, Terms};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_store::account_quota::{self, AccountBooks};
use turnpike_store::lease::OpenLease;
use turnpike_store::package_quota::{self, PackageBooks};
use turnpike_store::usage::{self, UsageKey};
use turnpike_store::{StoreError, Tx};

use crate::service::Service;

/// The shortest time that usage is kept by.
pub(crate) const SECOND: Span = Span::from_ms(1000);

/// What is left of an account's limits and of what it draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Of the account's limit; `None` when it has none.
    pub of_limit: Option<Bytes>,
    /// Of the limit for the day; `None` when it has none.
    pub of_day: Option<Bytes>,
    /// Of all packages that it can draw on now.
    pub of_packages: Bytes,
}

/// Open books.
pub(crate) struct Books {
    accounts: BTreeMap<AccountId, AccountBooks>,
    packages: BTreeMap<PackageId, PackageBooks>,
    billed: BTreeMap<(CustomerId, AccountId, ProductType), Bytes>,
    now: Timestamp,
    /// The mark of leases that are reported now.
    lapses_at: Timestamp,
}

impl Books {
    /// Locks the books of some leases, which are locked already, and of accounts that want traffic.
    pub(crate) async fn open(
        tx: &mut Tx,
        service: &Service,
        leases: &[OpenLease],
        asking: &[AccountId],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut wanted: Vec<_> = leases.iter().map(|lease| lease.account).chain(asking.iter().copied()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut accounts = account_quota::lock(tx, &wanted).await?;
        turn_to_today(tx, service.zone(), &mut accounts, now).await?;
        let accounts: BTreeMap<_, _> = accounts.into_iter().map(|books| (books.account, books)).collect();
        let named: Vec<_> = leases.iter().map(|lease| lease.package).collect();
        let wish = |account| accounts.get(account).map(|books| (books.customer, books.product_type));
        let mut wished: Vec<_> = asking.iter().filter_map(wish).collect();
        wished.sort_unstable();
        wished.dedup();
        let packages = package_quota::lock(tx, &named, &wished, now).await?;
        let packages = packages.into_iter().map(|books| (books.quota.id, books)).collect();
        let lapses_at = service.lease_policy().lapses_at(now);
        Ok(Self { accounts, packages, billed: BTreeMap::new(), now, lapses_at })
    }

    /// Books a report on a lease: whether the lease is done.
    pub(crate) fn book(&mut self, lease: &mut OpenLease, report: &LeaseReport) -> Result<bool, StoreError> {
        let lapses_at = self.lapses_at;
        let (account, package) = self.of(lease)?;
        let booking = quota::book(&lease.book, report, quota::room(&account.quota, &package.quota));
        account.quota.used = account.quota.used.plus(booking.used);
        account.quota.day_used = account.quota.day_used.plus(booking.used);
        account.quota.held = account.quota.held.minus(booking.freed);
        package.quota.take_in(&booking);
        let key = (account.customer, account.account, package.product_type);
        if booking.used > Bytes::ZERO {
            let billed = self.billed.entry(key).or_default();
            *billed = billed.plus(booking.used);
        }
        lease.book = booking.lease;
        if !lease.book.lapsed {
            lease.lapses_at = lapses_at;
        }
        Ok(booking.done)
    }

    /// Frees what a lease holds. What it turns out to have used can still be booked where there is room.
    pub(crate) fn lapse(&mut self, lease: &mut OpenLease) -> Result<(), StoreError> {
        let held = lease.book.held();
        let (account, package) = self.of(lease)?;
        account.quota.held = account.quota.held.minus(held);
        package.quota.held = package.quota.held.minus(held);
        lease.book.lapsed = true;
        Ok(())
    }

    /// Grants an account a lease, if it may have one. `node_holds` is what its gateway may still write for it.
    pub(crate) fn grant(
        &mut self,
        policy: &LeasePolicy,
        request: &LeaseRequest,
        node_holds: Bytes,
    ) -> Result<(CustomerId, Terms), Denial> {
        let books = self.accounts.get_mut(&request.account).filter(|books| books.usable).ok_or(Denial::Refused)?;
        let usable = |package: &&PackageBooks| package.serves(books.customer, books.product_type, self.now);
        let mut packages: Vec<PackageQuota> =
            self.packages.values().filter(usable).map(|package| package.quota.clone()).collect();
        packages.sort_by_key(|package| (package.expires_at, package.id));
        let terms =
            quota::grant(policy, &books.quota, &packages, Ask { want: request.want, node_holds, now: self.now })?;
        let package = self.packages.get_mut(&terms.package).ok_or(Denial::NoTraffic)?;
        package.quota.give(&terms);
        books.quota.held = books.quota.held.plus(terms.bytes);
        Ok((books.customer, terms))
    }

    /// What is left for an account, held by leases or not; `None` when its books are not open.
    pub(crate) fn remaining(&self, account: AccountId) -> Option<Remaining> {
        let books = self.accounts.get(&account)?;
        let quota = &books.quota;
        let packages = self.packages.values().filter(|one| one.serves(books.customer, books.product_type, self.now));
        let left = packages.map(|one| one.quota.size.minus(one.quota.used));
        Some(Remaining {
            of_limit: quota.limit.bytes().map(|limit| limit.minus(quota.used)),
            of_day: quota.daily_limit.bytes().map(|limit| limit.minus(quota.day_used)),
            of_packages: left.fold(Bytes::ZERO, Bytes::plus),
        })
    }

    /// Writes everything back, and what was billed into the present second.
    pub(crate) async fn close(self, tx: &mut Tx) -> Result<(), StoreError> {
        account_quota::store(tx, &self.accounts.values().collect::<Vec<_>>()).await?;
        package_quota::store(tx, &self.packages.values().collect::<Vec<_>>()).await?;
        let starts_at = Timestamp::from_ms(self.now.ms() - self.now.ms().rem_euclid(SECOND.ms()));
        let amount = |((customer, account, product_type), bytes)| {
            (UsageKey { customer, account, product_type, span: SECOND, starts_at }, bytes)
        };
        usage::add(tx, &self.billed.into_iter().map(amount).collect::<Vec<_>>()).await
    }

    /// The books a lease is in. That there are some the database's own rules see to.
    fn of(&mut self, lease: &OpenLease) -> Result<(&mut AccountBooks, &mut PackageBooks), StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "lease", column, id: lease.id.get() };
        let account = self.accounts.get_mut(&lease.account).ok_or(corrupt("account_id"))?;
        let package = self.packages.get_mut(&lease.package).ok_or(corrupt("package_id"))?;
        Ok((account, package))
    }
}

/// Makes `day_used` today's, where it is another day's. What was used of today is added up rather than taken to be
/// nothing: the clock may have gone back and on again, and a daily limit is not given twice.
async fn turn_to_today(
    tx: &mut Tx,
    zone: &Zone,
    accounts: &mut [AccountBooks],
    now: Timestamp,
) -> Result<(), StoreError> {
    let today = zone.day_of(now);
    let mut turned = Vec::new();
    for books in accounts.iter_mut().filter(|books| books.day != today.to_column()) {
        books.day = today.to_column();
        books.quota.day_used = Bytes::ZERO;
        if books.quota.used > Bytes::ZERO {
            turned.push((books.customer, books.account, books.product_type));
        }
    }
    if turned.is_empty() {
        return Ok(());
    }
    let used = usage::of_accounts_since(tx, &turned, zone.day_start(today)).await?;
    let used: HashMap<_, _> = used.into_iter().collect();
    for books in accounts {
        if let Some(bytes) = used.get(&books.account) {
            books.quota.day_used = *bytes;
        }
    }
    Ok(())
}

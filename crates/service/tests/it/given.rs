//! What tests begin with: a service over a fresh store, with a clock that stands still and randomness that repeats.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::calendar::Zone;
use turnpike_domain::ids::{AccountId, CustomerId, Incarnation, LeaseId, NodeId};
use turnpike_domain::lapse::LapseWatch;
use turnpike_domain::lease::{Exchange, Lease, LeaseGrant, LeaseReport, LeaseRequest};
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::{Denial, LeasePolicy};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::{Bytes, LimitGb};
use turnpike_service::{Actor, Grant, Keys, NewAccounts, Service, ServiceError, Source};
use turnpike_store::Store;
use turnpike_testkit::stores::TestStore;

/// Bytes in a GB.
pub(crate) const GB: u64 = 1 << 30;
/// The gateway of most tests.
pub(crate) const NODE: NodeId = NodeId::new(11);
/// Another one.
pub(crate) const NEIGHBOUR: NodeId = NodeId::new(-12);
/// The type of most tests.
pub(crate) const TYPE: ProductType = ProductType::DynamicTraffic;

/// A service whose clock the test moves.
pub(crate) struct Given {
    pub(crate) service: Service,
    pub(crate) store: Store,
    clock: Arc<AtomicI64>,
    elapsed_ms: AtomicU64,
    watch: Mutex<LapseWatch>,
    /// Every gateway's boot, and its last exchange.
    gateways: Mutex<HashMap<NodeId, (u64, u64)>>,
}

impl Given {
    pub(crate) fn over(store: &TestStore) -> Self {
        Self::in_zone(store, Zone::utc())
    }

    pub(crate) fn in_zone(store: &TestStore, zone: Zone) -> Self {
        let start = zone.parse("2026-03-10 12:00:00").unwrap();
        let clock = Arc::new(AtomicI64::new(start.ms()));
        let hand = Arc::clone(&clock);
        let drawn = AtomicU64::new(1);
        let fill = move |bytes: &mut [u8]| bytes.fill_with(|| draw(&drawn));
        let source = Source::new(move || Timestamp::from_ms(hand.load(Ordering::Relaxed)), fill);
        let keys = Keys::derive(&[5; 32]);
        let service = Service::new(store.store(), keys, zone, LeasePolicy::default(), source);
        let watch = Mutex::new(service.lapse_watch());
        Self { service, store: store.store(), clock, elapsed_ms: AtomicU64::new(0), watch, gateways: Mutex::default() }
    }

    /// Another process on the same store, whose clock shows the same.
    pub(crate) fn beside(other: &Self) -> Self {
        let clock = Arc::clone(&other.clock);
        let hand = Arc::clone(&clock);
        let source =
            Source::new(move || Timestamp::from_ms(hand.load(Ordering::Relaxed)), |bytes: &mut [u8]| bytes.fill(9));
        let keys = Keys::derive(&[5; 32]);
        let service = Service::new(other.store.clone(), keys, Zone::utc(), LeasePolicy::default(), source);
        let watch = Mutex::new(service.lapse_watch());
        let store = other.store.clone();
        Self { service, store, clock, elapsed_ms: AtomicU64::new(0), watch, gateways: Mutex::default() }
    }

    /// Another process with connections of its own, whose clock begins with this one's.
    pub(crate) async fn second(given: &TestStore) -> Self {
        let mut second = Self::over(given);
        let store = Store::open(given.uri()).await.unwrap();
        let clock = Arc::clone(&second.clock);
        let drawn = AtomicU64::new(1 << 32);
        let fill = move |bytes: &mut [u8]| bytes.fill_with(|| draw(&drawn));
        let source = Source::new(move || Timestamp::from_ms(clock.load(Ordering::Relaxed)), fill);
        let keys = Keys::derive(&[5; 32]);
        second.service = Service::new(store.clone(), keys, Zone::utc(), LeasePolicy::default(), source);
        second.store = store;
        second
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, span: Span) {
        self.turn_clock(span);
        self.elapsed_ms.fetch_add(span.ms().unsigned_abs(), Ordering::Relaxed);
    }

    /// Turns the clock on or back, though no time has passed.
    pub(crate) fn turn_clock(&self, span: Span) {
        self.clock.fetch_add(span.ms(), Ordering::Relaxed);
    }

    /// Lapses what has been silent for long enough: how many.
    pub(crate) async fn lapse(&self) -> u64 {
        let elapsed = Duration::from_millis(self.elapsed_ms.load(Ordering::Relaxed));
        self.service.lapse_leases(&mut *self.watch.lock().await, elapsed).await.unwrap()
    }

    /// The operator says that a gateway is gone for good: how many leases are in escrow no more. It may have none yet.
    pub(crate) async fn give_up(&self, gateway: NodeId) -> u64 {
        match self.service.give_up_gateway(&operator(), gateway).await {
            Err(ServiceError::NoSuchGateway) => 0,
            ended => ended.unwrap(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.service.now()
    }

    /// A verified customer.
    pub(crate) async fn customer(&self, email: &str) -> CustomerId {
        let added = self.service.add_customer(&operator(), email, "a long password").await.unwrap();
        self.service.verify_customer(&operator(), added.id).await.unwrap();
        added.id
    }

    /// A package that runs from now for 30 days.
    pub(crate) async fn package(&self, customer: CustomerId, size: u64) {
        self.package_until(customer, size, self.now().plus(Span::from_days(30))).await;
    }

    pub(crate) async fn package_until(&self, customer: CustomerId, size: u64, expires_at: Timestamp) {
        let (starts_at, title) = (self.now(), "Test package".to_owned());
        let grant = Grant { customer, product_type: TYPE, size: Bytes::new(size), starts_at, expires_at, title };
        self.service.grant_package(&operator(), grant).await.unwrap();
    }

    /// An account without limits.
    pub(crate) async fn account(&self, customer: CustomerId, username: &str) -> AccountId {
        self.limited_account(customer, username, 0, 0).await
    }

    /// An account with a limit and a daily limit in GB.
    pub(crate) async fn limited_account(
        &self,
        customer: CustomerId,
        username: &str,
        limit: u32,
        daily_limit: u32,
    ) -> AccountId {
        let accounts = NewAccounts {
            limit: LimitGb::new(limit).unwrap(),
            daily_limit: LimitGb::new(daily_limit).unwrap(),
            ..NewAccounts::of(vec![pair(username)], TYPE)
        };
        self.service.add_accounts(customer, accounts).await.unwrap();
        let listed = self.service.list_accounts(customer, None).await.unwrap();
        listed.into_iter().find(|account| account.username == name(username)).unwrap().id
    }

    /// A gateway starts, and tells what it found in its spool.
    pub(crate) async fn boot(&self, node: NodeId, found: Vec<LeaseReport>) -> Incarnation {
        let boot = {
            let mut gateways = self.gateways.lock().await;
            let (boot, exchanges) = gateways.entry(node).or_default();
            (*boot, *exchanges) = (*boot + 1, 0);
            *boot
        };
        let node = Incarnation { node, boot };
        self.service.settle_node(node, found).await.unwrap();
        node
    }

    /// A gateway's next exchange. One that was never heard of starts first.
    pub(crate) async fn exchange(&self, node: NodeId, exchange: Exchange) -> Result<Vec<LeaseGrant>, ServiceError> {
        if !self.gateways.lock().await.contains_key(&node) {
            self.boot(node, Vec::new()).await;
        }
        let (boot, number) = {
            let mut gateways = self.gateways.lock().await;
            let (boot, exchanges) = gateways.get_mut(&node).unwrap();
            *exchanges += 1;
            (*boot, *exchanges)
        };
        self.service.exchange_leases(Incarnation { node, boot }, Exchange { number, ..exchange }).await
    }

    /// What a gateway's accounts get.
    pub(crate) async fn ask_at(&self, node: NodeId, requests: Vec<AccountId>) -> Vec<LeaseGrant> {
        self.exchange(node, Exchange { requests: wishes(requests), ..Exchange::default() }).await.unwrap()
    }

    /// Reports to a gateway's accounts.
    pub(crate) async fn report_at(&self, node: NodeId, reports: Vec<LeaseReport>) {
        let exchange = Exchange { reports, ..Exchange::default() };
        assert_eq!(self.exchange(node, exchange).await.unwrap(), Vec::new());
    }

    /// One account's wish at the usual gateway.
    pub(crate) async fn ask(&self, account: AccountId) -> Result<Lease, Denial> {
        let [grant] = &self.ask_at(NODE, vec![account]).await[..] else { panic!("one answer") };
        grant.outcome.clone()
    }

    /// Reports to the usual gateway's account.
    pub(crate) async fn report(&self, reports: Vec<LeaseReport>) {
        self.report_at(NODE, reports).await;
    }

    /// Bills so many bytes to an account, through one lease after the other, which are done then.
    pub(crate) async fn bill(&self, account: AccountId, bytes: u64) {
        let mut left = bytes;
        loop {
            let lease = self.ask(account).await.unwrap();
            let used = lease.bytes.get().min(left);
            self.report(vec![last(lease.id, used)]).await;
            left -= used;
            if left == 0 {
                return;
            }
        }
    }

    /// The first column of the first row.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.store.number(sql).await.unwrap()
    }
}

/// The next byte of a sequence that is the same in every run, and in which names of ten letters do not come twice.
fn draw(drawn: &AtomicU64) -> u8 {
    let mut stirred = drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for (shift, factor) in [(30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB)] {
        stirred = (stirred ^ (stirred >> shift)).wrapping_mul(factor);
    }
    stirred.to_be_bytes()[0]
}

pub(crate) fn operator() -> Actor {
    Actor::Operator("test".to_owned())
}

pub(crate) fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

pub(crate) fn password(text: &str) -> AccountPassword {
    AccountPassword::parse(text).unwrap()
}

/// A name with a password made of it.
pub(crate) fn pair(username: &str) -> (Username, AccountPassword) {
    (name(username), password(&format!("{username}Pw")))
}

/// What accounts ask for that want as much as they can get.
pub(crate) fn wishes(accounts: impl IntoIterator<Item = AccountId>) -> Vec<LeaseRequest> {
    accounts.into_iter().map(|account| LeaseRequest { account, want: Bytes::MAX }).collect()
}

/// A report after which more may come.
pub(crate) fn partial(lease: LeaseId, used: u64, ceiling: u64) -> LeaseReport {
    let used = Bytes::new(used);
    LeaseReport { lease, used, written: used, ceiling: Bytes::new(ceiling), last: false }
}

/// A report after which nothing more comes.
pub(crate) fn last(lease: LeaseId, used: u64) -> LeaseReport {
    LeaseReport::last(lease, Bytes::new(used))
}

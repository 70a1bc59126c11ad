//! A store in memory. What it grants and books is decided by the domain; it only keeps the figures.

mod books;
mod ports;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::Notify;
use turnpike_domain::account::Username;
use turnpike_domain::activity::ActivityEntry;
use turnpike_domain::directory::{self, AccountEntry, Changes, CustomerEntry, SnapshotPart};
use turnpike_domain::endpoint::EndpointEntry;
use turnpike_domain::exit::ExitEntry;
use turnpike_domain::ids::{
    AccountId, CustomerId, EndpointBatchId, EndpointId, ExitId, FeedSeq, Incarnation, LeaseId, NodeId, PackageId,
    QuestionId,
};
use turnpike_domain::lease::{Lease, LeaseGrant, LeaseReport, LeaseRequest};
use turnpike_domain::pace::Pace;
use turnpike_domain::product::ProductType;
use turnpike_domain::question::{self, Answer, Question};
use turnpike_domain::quota::{self, AccountQuota, Ask, Denial, LeaseBook, LeasePolicy, PackageQuota};
use turnpike_domain::seats::{self, SeatGrant, SeatRequest, SeatRound, SeatTerms};
use turnpike_domain::secret::PasswordMac;
use turnpike_domain::session::Pin;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::{Bytes, LimitGb};
use turnpike_gateway::ports::{Admission, Exchange, Fence, Leases, PortError};

use super::{mac_key, within};

pub(crate) const NOW: Timestamp = Timestamp::from_ms(1_000_000_000);

/// The store.
#[derive(Default)]
pub(crate) struct Store {
    books: Mutex<Books>,
    /// Rings after every change of the feed and every exchange.
    bell: Notify,
    out_of_order: AtomicBool,
    loses_answers: AtomicBool,
    /// Grants in lost answers.
    lost_grants: AtomicU64,
}

#[derive(Default)]
struct Books {
    policy: LeasePolicy,
    customers: BTreeMap<CustomerId, CustomerEntry>,
    accounts: BTreeMap<AccountId, (AccountEntry, AccountQuota)>,
    packages: Vec<(CustomerId, PackageQuota)>,
    /// How many connections at once, of packages that limit them.
    tunnels: BTreeMap<PackageId, u32>,
    /// What each gateway has for each account.
    seats: BTreeMap<(NodeId, AccountId), u32>,
    /// The zero of the clock that plans go by.
    began: Option<std::time::Instant>,
    leases: BTreeMap<LeaseId, LeaseRow>,
    last_lease: i64,
    /// Every gateway's living incarnation.
    boots: BTreeMap<NodeId, u64>,
    /// What changed, by feed number less one.
    feed: Vec<Changed>,
    exits: BTreeMap<ExitId, ExitEntry>,
    /// Which sessions keep which exit.
    pins: Vec<Pin>,
    /// What was asked, each with its feed number.
    questions: Vec<(usize, Question)>,
    /// What was answered.
    answers: Vec<(QuestionId, Answer)>,
    endpoints: BTreeMap<EndpointId, EndpointEntry>,
    /// What gateways said of batches of endpoints.
    bound: Vec<(EndpointBatchId, Vec<EndpointId>)>,
    /// What became of connections.
    activity: Vec<ActivityEntry>,
    /// Who said goodbye.
    left: Vec<Incarnation>,
}

struct LeaseRow {
    node: NodeId,
    account: AccountId,
    package: PackageId,
    book: LeaseBook,
}

#[derive(Clone, Copy)]
enum Changed {
    Customer(CustomerId),
    Account(AccountId),
    Exit(ExitId),
    /// The pin at that place.
    Pin(usize),
    /// An endpoint, also one that has ended.
    Endpoint(EndpointId),
    /// Nothing: a question.
    Asked,
}

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) used: u64,
    pub(crate) held: u64,
}

impl Store {
    /// One that a gateway lies beside: only what is free bounds its leases.
    pub(crate) fn new() -> Self {
        let store = Self::default();
        store.set_policy(|policy| policy.doubt_share = 1);
        store
    }

    pub(crate) fn set_policy(&self, change: impl FnOnce(&mut LeasePolicy)) {
        change(&mut self.books().policy);
    }

    pub(crate) fn add_customer(&self, id: i64) {
        let id = CustomerId::new(id);
        let entry = CustomerEntry {
            id,
            verified: true,
            suspended: false,
            max_tunnels: None,
            max_connections_per_second: None,
            packages_version: 0,
            sources: Vec::new(),
            static_ips: Vec::new(),
        };
        self.books().customers.insert(id, entry);
        self.tell(Changed::Customer(id));
    }

    pub(crate) fn change_customer(&self, id: i64, change: impl FnOnce(&mut CustomerEntry)) {
        let id = CustomerId::new(id);
        change(self.books().customers.get_mut(&id).unwrap());
        self.tell(Changed::Customer(id));
    }

    /// Makes an exit, or changes it.
    pub(crate) fn set_exit(&self, entry: ExitEntry) {
        let id = entry.id;
        self.books().exits.insert(id, entry);
        self.tell(Changed::Exit(id));
    }

    /// Takes an exit away.
    pub(crate) fn remove_exit(&self, id: ExitId) {
        self.books().exits.remove(&id);
        self.tell(Changed::Exit(id));
    }

    /// Waits until a gateway has told of so many pins.
    pub(crate) async fn pinned(&self, count: usize) -> Vec<Pin> {
        within(async {
            loop {
                let rung = self.bell.notified();
                tokio::pin!(rung);
                rung.as_mut().enable();
                let pins = self.books().pins.clone();
                if pins.len() >= count {
                    return pins;
                }
                rung.await;
            }
        })
        .await
    }

    /// The account that a customer's traffic without a login is booked to.
    pub(crate) fn add_nameless(&self, customer: i64) -> AccountId {
        let mut books = self.books();
        let id = AccountId::new(100 + i64::try_from(books.feed.len()).unwrap());
        let entry = AccountEntry {
            id,
            customer: CustomerId::new(customer),
            username: Username::NAMELESS,
            password: PasswordMac::from_bytes([0; 32]),
            product_type: ProductType::DynamicTraffic,
            enabled: true,
            limit: LimitGb::UNLIMITED,
            daily_limit: LimitGb::UNLIMITED,
        };
        books.accounts.insert(id, (entry, AccountQuota::default()));
        drop(books);
        self.tell(Changed::Account(id));
        id
    }

    /// Gives out an endpoint, or changes it.
    pub(crate) fn set_endpoint(&self, entry: EndpointEntry) {
        let id = entry.id;
        self.books().endpoints.insert(id, entry);
        self.tell(Changed::Endpoint(id));
    }

    /// Ends an endpoint before its time.
    pub(crate) fn end_endpoint(&self, id: EndpointId) {
        self.books().endpoints.remove(&id);
        self.tell(Changed::Endpoint(id));
    }

    /// Waits until a gateway has said that it listens on a batch: what it could not bind.
    pub(crate) async fn bound(&self, batch: i64) -> Vec<EndpointId> {
        let batch = EndpointBatchId::new(batch);
        within(async {
            loop {
                let rung = self.bell.notified();
                tokio::pin!(rung);
                rung.as_mut().enable();
                let found = self.books().bound.iter().find(|(other, _)| *other == batch).cloned();
                if let Some((_, failed)) = found {
                    return failed;
                }
                rung.await;
            }
        })
        .await
    }

    /// Waits until so many entries were told of what became of connections.
    pub(crate) async fn activity(&self, count: usize) -> Vec<ActivityEntry> {
        within(async {
            loop {
                let rung = self.bell.notified();
                tokio::pin!(rung);
                rung.as_mut().enable();
                let entries = self.books().activity.clone();
                if entries.len() >= count {
                    return entries;
                }
                rung.await;
            }
        })
        .await
    }

    /// What would be answered to a gateway that asks for traffic for that account.
    pub(crate) fn would_deny(&self, username: &str) -> Option<Denial> {
        let id = self.id_of(username);
        let books = self.books();
        let (entry, quota) = &books.accounts[&id];
        let packages: Vec<PackageQuota> =
            books.packages.iter().filter(|(customer, _)| *customer == entry.customer).map(|(_, p)| p.clone()).collect();
        let ask = Ask { want: Bytes::new(1), node_holds: Bytes::ZERO, now: NOW };
        quota::grant(&books.policy, quota, &packages, ask).err()
    }

    pub(crate) fn add_account(&self, customer: i64, username: &str, password: &str) -> AccountId {
        let mut books = self.books();
        let id = AccountId::new(100 + i64::try_from(books.feed.len()).unwrap());
        let username = Username::parse(username).unwrap();
        let entry = AccountEntry {
            id,
            customer: CustomerId::new(customer),
            username,
            password: PasswordMac::of(&mac_key(), &username, password.as_bytes()),
            product_type: ProductType::DynamicTraffic,
            enabled: true,
            limit: LimitGb::UNLIMITED,
            daily_limit: LimitGb::UNLIMITED,
        };
        books.accounts.insert(id, (entry, AccountQuota::default()));
        drop(books);
        self.tell(Changed::Account(id));
        id
    }

    pub(crate) fn change_account(&self, username: &str, change: impl FnOnce(&mut AccountEntry)) {
        let id = self.id_of(username);
        let mut books = self.books();
        let (entry, quota) = books.accounts.get_mut(&id).unwrap();
        change(entry);
        (quota.limit, quota.daily_limit) = (entry.limit, entry.daily_limit);
        drop(books);
        self.tell(Changed::Account(id));
    }

    pub(crate) fn delete_account(&self, username: &str) {
        let id = self.id_of(username);
        self.books().accounts.remove(&id);
        self.tell(Changed::Account(id));
    }

    pub(crate) fn add_package(&self, customer: i64, bytes: u64) {
        let customer = CustomerId::new(customer);
        let mut books = self.books();
        let id = PackageId::new(i64::try_from(books.packages.len()).unwrap());
        let package = PackageQuota {
            id,
            size: Bytes::new(bytes),
            used: Bytes::ZERO,
            held: Bytes::ZERO,
            expires_at: NOW.plus(Span::from_days(30)),
            pace: None,
        };
        books.packages.push((customer, package));
        books.customers.get_mut(&customer).unwrap().packages_version += 1;
        drop(books);
        self.tell(Changed::Customer(customer));
    }

    /// A time plan that is drawn on before all others, with so many kbit/s and connections at once; its customer's accounts
    /// are of that type from then on.
    pub(crate) fn set_plan(&self, customer: i64, kbps: Option<u64>, tunnels: Option<u32>) {
        let customer = CustomerId::new(customer);
        let mut books = self.books();
        for (_, package) in &mut books.packages {
            package.expires_at = NOW.plus(Span::from_days(60));
        }
        let plan = PackageQuota {
            id: PackageId::new(i64::try_from(books.packages.len()).unwrap()),
            size: Bytes::new(1 << 60),
            used: Bytes::ZERO,
            held: Bytes::ZERO,
            expires_at: NOW.plus(Span::from_days(30)),
            pace: kbps.and_then(|kbps| Pace::new(kbps, 0)),
        };
        books.tunnels.extend(tunnels.map(|tunnels| (plan.id, tunnels)));
        books.packages.push((customer, plan));
        books.customers.get_mut(&customer).unwrap().packages_version += 1;
        let mut changed = vec![Changed::Customer(customer)];
        for (id, (entry, _)) in books.accounts.iter_mut().filter(|(_, (entry, _))| entry.customer == customer) {
            entry.product_type = ProductType::DynamicTimePlan;
            changed.push(Changed::Account(*id));
        }
        drop(books);
        for changed in changed {
            self.tell(changed);
        }
    }

    /// How many seats all gateways have.
    pub(crate) fn seats(&self) -> u32 {
        self.books().seats.values().sum()
    }

    /// Whether the store answers.
    pub(crate) fn set_out_of_order(&self, out_of_order: bool) {
        self.out_of_order.store(out_of_order, Ordering::SeqCst);
        self.bell.notify_waiters();
    }

    /// Whether exchanges are carried out but their answers lost.
    pub(crate) fn set_loses_answers(&self, loses: bool) {
        self.loses_answers.store(loses, Ordering::SeqCst);
    }

    /// Another process takes over the identity of every gateway.
    pub(crate) fn fence_gateways(&self) {
        self.books().boots.values_mut().for_each(|boot| *boot += 1);
    }

    /// Asks the gateways; the first answer.
    pub(crate) async fn ask(&self, ask: question::Ask) -> Answer {
        let id = self.books().ask(ask);
        self.bell.notify_waiters();
        loop {
            let rung = self.bell.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let found = self.books().answers.iter().find(|(question, _)| *question == id).cloned();
            if let Some((_, answer)) = found {
                return answer;
            }
            rung.await;
        }
    }

    /// The gateway that settled first.
    pub(crate) fn node(&self) -> NodeId {
        *self.books().boots.keys().next().unwrap()
    }

    pub(crate) fn standing(&self, username: &str) -> Standing {
        let id = self.id_of(username);
        let books = self.books();
        let (_, quota) = &books.accounts[&id];
        Standing { used: quota.used.get(), held: quota.held.get() }
    }

    /// Waits until an account stands as wished.
    pub(crate) async fn until(&self, username: &str, wish: impl Fn(Standing) -> bool) -> Standing {
        let waited = async {
            loop {
                let rung = self.bell.notified();
                tokio::pin!(rung);
                rung.as_mut().enable();
                let standing = self.standing(username);
                if wish(standing) {
                    return standing;
                }
                rung.await;
            }
        };
        within(waited).await
    }

    /// Waits until so many grants were lost with their answers.
    pub(crate) async fn until_lost(&self, grants: u64) {
        let waited = async {
            loop {
                let rung = self.bell.notified();
                tokio::pin!(rung);
                rung.as_mut().enable();
                if self.lost_grants.load(Ordering::SeqCst) >= grants {
                    return;
                }
                rung.await;
            }
        };
        within(waited).await;
    }

    /// Waits until every lease is settled; returns what was billed.
    pub(crate) async fn settled(&self, username: &str) -> u64 {
        self.until(username, |standing| standing.held == 0).await.used
    }

    /// As [`Store::settled`]; what was billed to an account that is gone is read from the packages.
    pub(crate) async fn settled_or_gone(&self, username: &str) -> u64 {
        let gone = self.books().accounts.values().all(|(entry, _)| entry.username.as_str() != username);
        if !gone {
            return self.settled(username).await;
        }
        let waited = async {
            loop {
                let rung = self.bell.notified();
                tokio::pin!(rung);
                rung.as_mut().enable();
                if self.books().leases.is_empty() {
                    return self.books().packages.iter().map(|(_, package)| package.used.get()).sum();
                }
                rung.await;
            }
        };
        within(waited).await
    }

    fn id_of(&self, username: &str) -> AccountId {
        let books = self.books();
        let mut entries = books.accounts.values().map(|(entry, _)| entry);
        entries.find(|entry| entry.username.as_str() == username).unwrap().id
    }

    fn tell(&self, changed: Changed) {
        self.books().feed.push(changed);
        self.bell.notify_waiters();
    }

    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    fn answer<T>(&self, answer: impl FnOnce(&mut Books) -> T) -> Result<T, PortError> {
        if self.out_of_order.load(Ordering::SeqCst) {
            return Err(PortError::Unreachable("out of order".to_owned()));
        }
        Ok(answer(&mut self.books()))
    }
}

//! Measures what a large store costs: `cargo run --release -p turnpike-service --example measure -- URI [ACCOUNTS]`.
//!
//! Fills an empty store with accounts, ten to a customer, then loads the directory and exchanges leases.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on has failed")]

use std::time::{Duration, Instant};

use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::calendar::Zone;
use turnpike_domain::ids::{AccountId, CustomerId, Incarnation, NodeId};
use turnpike_domain::lease::{Exchange, LeaseReport, LeaseRequest};
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::LeasePolicy;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_service::{Actor, Grant, Keys, NewAccounts, Service, Source};
use turnpike_store::{Store, StoreError, customer};

const ACCOUNTS_EACH: usize = 10;
const EXCHANGES: u32 = 50;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let uri = arguments.next().unwrap();
    let accounts: usize = arguments.next().map_or(100_000, |count| count.parse().unwrap());
    let opening = Instant::now();
    let store = Store::open(&uri).await.unwrap();
    let service = service(store.clone());
    println!("opened in {:?}", opening.elapsed());
    if service.list_customers().await.unwrap().is_empty() {
        fill(&store, &service, accounts / ACCOUNTS_EACH).await;
    }
    for _ in 0..3 {
        let loading = Instant::now();
        let snapshot = service.directory_snapshot().await.unwrap();
        let (customers, accounts) = (snapshot.customers.len(), snapshot.accounts.len());
        println!("{accounts} accounts and {customers} customers loaded in {:?}", loading.elapsed());
    }
    let first = service.directory_snapshot().await.unwrap().accounts;
    let asking: Vec<_> = first.iter().take(200).map(|account| account.id).collect();
    for count in [1, 20, 200] {
        exchange(&service, &asking[..count.min(asking.len())]).await;
    }
}

fn service(store: Store) -> Service {
    let random = std::sync::atomic::AtomicU64::new(u64::from(std::process::id()) << 32);
    let fill = move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            let drawn = random.fetch_add(1, std::sync::atomic::Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&drawn.to_be_bytes()[..chunk.len()]);
        }
    };
    #[expect(clippy::disallowed_methods, reason = "this is a program, with a real clock")]
    let now = || {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap())
    };
    let keys = Keys::derive(&[1; 32]);
    Service::new(store, keys, Zone::utc(), LeasePolicy::default(), Source::new(now, fill))
}

async fn fill(store: &Store, service: &Service, customers: usize) {
    let (filling, by) = (Instant::now(), Actor::Operator("measure".to_owned()));
    for number in 0..customers {
        let customer = customer(store, number, service.now()).await;
        service.renew_app_key(&by, customer).await.unwrap();
        let (starts_at, product_type) = (service.now(), ProductType::DynamicTraffic);
        let (expires_at, size) = (starts_at.plus(Span::from_days(30)), Bytes::new(1 << 40));
        let grant = Grant { customer, product_type, size, starts_at, expires_at, title: "Measured".to_owned() };
        service.grant_package(&by, grant).await.unwrap();
        let pair = |position| {
            let username = format!("user{number}x{position}");
            (Username::parse(&username).unwrap(), AccountPassword::parse("password1").unwrap())
        };
        let pairs = (0..ACCOUNTS_EACH).map(pair).collect();
        service.add_accounts(customer, NewAccounts::of(pairs, product_type)).await.unwrap();
    }
    println!("{customers} customers filled in {:?}", filling.elapsed());
}

/// A verified customer. Its login password has no true hash: ten thousand of them would take minutes.
async fn customer(store: &Store, number: usize, now: Timestamp) -> CustomerId {
    let added: Result<_, StoreError> = store
        .write(format!("customer{number}@example.com"), move |email, tx| {
            Box::pin(async move {
                let customer = customer::insert(tx, email, "none", now).await?;
                customer::verify(tx, customer).await?;
                Ok(customer)
            })
        })
        .await;
    added.unwrap()
}

/// Every account reports its lease and asks for the next, as under load.
async fn exchange(service: &Service, accounts: &[AccountId]) {
    let node = Incarnation { node: NodeId::new(1), boot: 1 };
    service.settle_node(node, Vec::new()).await.unwrap();
    let mut reports: Vec<LeaseReport> = Vec::new();
    let mut slowest = Duration::ZERO;
    let all = Instant::now();
    let wish = |account: &AccountId| LeaseRequest { account: *account, want: Bytes::MAX };
    for number in 1..=EXCHANGES {
        let asks =
            Exchange { number: number.into(), reports, requests: accounts.iter().map(wish).collect(), held: None };
        let one = Instant::now();
        let grants = service.exchange_leases(node, asks).await.unwrap();
        slowest = slowest.max(one.elapsed());
        let report = |lease: turnpike_domain::lease::Lease| LeaseReport::last(lease.id, Bytes::new(1_000_000));
        reports = grants.into_iter().filter_map(|grant| grant.outcome.ok()).map(report).collect();
        assert_eq!(reports.len(), accounts.len());
    }
    let mean = all.elapsed() / EXCHANGES;
    println!("exchange of {} accounts: {mean:?} mean, {slowest:?} slowest", accounts.len());
    let tells = Exchange { number: u64::MAX, reports, ..Exchange::default() };
    service.exchange_leases(node, tells).await.unwrap();
}

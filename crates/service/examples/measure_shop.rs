//! Measures what the shop costs a store:
//! `cargo run --release -p turnpike-service --example measure_shop -- URI [CUSTOMERS] [BUYERS] [ORDERS]`.
//!
//! Buys traffic from balances for a few seconds, fills the store with orders, and reads pages of one customer's.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use turnpike_domain::calendar::Zone;
use turnpike_domain::catalogue::{Product, Terms};
use turnpike_domain::ids::{CustomerId, PaymentMethod, ProductId};
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::LeasePolicy;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_service::{Actor, Adjustment, Keys, OrderFilter, Service, Source, Wish};
use turnpike_store::{Store, StoreError, customer, product};

const BUYING: Duration = Duration::from_secs(6);
/// Orders that one transaction fills in.
const BATCH: u64 = 10_000;
/// Orders of the customer whose pages are read.
const OF_ONE: u64 = 10_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, otherwise: u64| arguments.get(place).map_or(otherwise, |text| text.parse().unwrap());
    let store = Store::open(&arguments[0]).await.unwrap();
    let service = service(store.clone());
    let customers = prepare(&store, &service, number(1, 100)).await;
    for buyers in [1, number(2, 64)] {
        buy(&service, &customers, buyers).await;
    }
    fill(&store, (&customers, arguments[0].starts_with("sqlite")), number(3, 1_000_000)).await;
    pages(&service, customers[0]).await;
    store.close().await;
}

fn service(store: Store) -> Service {
    let random = AtomicU64::new(u64::from(std::process::id()) << 32);
    let fill = move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            let drawn = random.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
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

async fn prepare(store: &Store, service: &Service, count: u64) -> Vec<CustomerId> {
    let (now, operator) = (service.now(), Actor::Operator("measure".to_owned()));
    let made: Result<Vec<CustomerId>, StoreError> = store
        .write(count, move |count, tx| {
            Box::pin(async move {
                product::insert(tx, &traffic()).await?;
                let mut customers = Vec::new();
                for number in 0..*count {
                    let customer = customer::insert(tx, &format!("{number}@example.com"), "none", now).await?;
                    customer::verify(tx, customer).await?;
                    customers.push(customer);
                }
                Ok(customers)
            })
        })
        .await;
    let customers = made.unwrap();
    for customer in &customers {
        let (customer, amount) = (*customer, "1000000".parse().unwrap());
        let adjustment = Adjustment { customer, amount, key: None, reason: "measuring".to_owned() };
        service.adjust_balance(&operator, adjustment).await.unwrap();
    }
    customers
}

fn traffic() -> Product {
    Product {
        id: ProductId::new(1),
        code: "traffic".to_owned(),
        product_type: ProductType::DynamicTraffic,
        name: "Traffic".to_owned(),
        title: "Traffic".to_owned(),
        description: String::new(),
        on_sale: true,
        rank: 0,
        price: "1.25".parse().unwrap(),
        size: Some(Bytes::new(1 << 30)),
        validity: Span::from_days(30),
        ip_type: None,
        least: 1,
        most: 100,
        stock: None,
        terms: Terms::default(),
    }
}

/// So many buyers buy one after the other, each from the next customer's balance.
async fn buy(service: &Service, customers: &[CustomerId], buyers: u64) {
    let (begun, next) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let customers: Arc<[CustomerId]> = customers.into();
    let buying: Vec<_> = (0..buyers)
        .map(|_| {
            let (service, next, customers) = (service.clone(), Arc::clone(&next), Arc::clone(&customers));
            tokio::spawn(async move {
                while begun.elapsed() < BUYING {
                    let place = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap() % customers.len();
                    let wish = Wish::of(ProductId::new(1), PaymentMethod::new(1));
                    let customer = customers[place];
                    service.create_order(&Actor::Customer(customer), customer, wish).await.unwrap();
                }
            })
        })
        .collect();
    for buyer in buying {
        buyer.await.unwrap();
    }
    let (count, took) = (next.load(Ordering::Relaxed), begun.elapsed());
    let a_second = u128::from(count) * 1000 / took.as_millis();
    println!("{buyers} buyers: {count} orders in {took:?}, {a_second} a second");
}

/// Orders that await payment, `OF_ONE` of them the first customer's, among those of the others.
async fn fill(store: &Store, (customers, embedded): (&[CustomerId], bool), orders: u64) {
    let begun = Instant::now();
    let trade_no = if embedded { "printf('%028d', n)" } else { "lpad(CAST(n AS TEXT), 28, '0')" };
    let others = u64::try_from(customers.len()).unwrap() - 1;
    for batch in 0..orders / BATCH {
        let share = orders / OF_ONE;
        let sql = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
            INSERT INTO orders (customer_id, trade_no, product_type, title, status, total_fee, pay_fee, created_at,
                product_id, expires_at)
            SELECT CASE WHEN n % {share} = 0 THEN 1 ELSE 2 + n % {others} END,
                {trade_no}, 9, 'Traffic', n % 3, 125, 125, 1700000000000 + n, 1,
                4000000000000
            FROM numbers",
            first = batch * BATCH,
            last = batch * BATCH + BATCH - 1,
        );
        store.run_raw(&sql).await.unwrap();
    }
    println!("{orders} orders filled in in {:?}", begun.elapsed());
}

async fn pages(service: &Service, customer: CustomerId) {
    for page in [1, 100, 250, 490] {
        let mut took = Vec::new();
        for _ in 0..300 {
            let filter = OrderFilter { page, size: 20, ..OrderFilter::default() };
            let one = Instant::now();
            let found = service.list_orders(customer, filter).await.unwrap();
            took.push(one.elapsed());
            assert_eq!(found.items.len(), 20);
        }
        took.sort_unstable();
        println!("page {page} of {OF_ONE} orders: {:?} median, {:?} p99", took[150], took[297]);
    }
}

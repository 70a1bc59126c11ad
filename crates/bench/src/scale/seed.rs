//! Fills a store quickly: customers in one transaction each thousand, with one login hash that fits nobody; accounts and
//! packages through the service's own acts, many to a transaction or many at once.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use rand::RngExt as _;
use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::calendar::Zone;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::LeasePolicy;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_service::{Actor, Grant, Keys, NewAccounts, Service, Source};
use turnpike_store::{Store, StoreError, customer};

/// Customers of one transaction.
const BATCH: u64 = 1000;
/// Acts that wait for the writer at once.
const AT_ONCE: usize = 16;
/// The size of each customer's package.
const PACKAGE_KB: u64 = 1024 * 1024;

/// How much to make.
#[derive(Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) customers: u64,
    pub(crate) accounts_each: u64,
}

/// The password of every account.
pub(super) const PASSWORD: &str = "secret123";

/// The name of a customer's account.
pub(crate) fn account(customer: u64, index: u64) -> String {
    format!("s{customer}x{index}")
}

/// Fills the store in the data folder of a product that is not running.
///
/// # Errors
/// When the store cannot be opened or written.
pub(super) async fn seed(data: &Path, amount: Amount) -> Result<()> {
    let store = Store::open(&format!("sqlite:{}", data.join("turnpike.db").display())).await?;
    let mut master = [0; 32];
    hex::decode_to_slice(std::fs::read_to_string(data.join("master.key"))?.trim(), &mut master)?;
    equip_all(&store, &service(&store, &master), amount).await?;
    store.close().await;
    Ok(())
}

/// The service over a store, with the clock and randomness of this machine.
pub(crate) fn service(store: &Store, master: &[u8; 32]) -> Service {
    let source = Source::new(now, fill);
    Service::new(store.clone(), Keys::derive(master), Zone::utc(), LeasePolicy::default(), source)
}

/// Makes customers with a package and accounts each: their numbers.
///
/// # Errors
/// When the store cannot be written.
pub(crate) async fn equip_all(store: &Store, service: &Service, amount: Amount) -> Result<Vec<CustomerId>> {
    let customers = customers(store, amount.customers).await?;
    let mut acts = tokio::task::JoinSet::new();
    for (number, customer) in (0_u64..).zip(customers.iter().copied()) {
        if acts.len() >= AT_ONCE {
            acts.join_next().await.context("no act")???;
        }
        let service = service.clone();
        acts.spawn(async move { equip(&service, customer, number, amount.accounts_each).await });
    }
    while let Some(act) = acts.join_next().await {
        act??;
    }
    Ok(customers)
}

async fn customers(store: &Store, count: u64) -> Result<Vec<CustomerId>> {
    let mut all = Vec::new();
    for first in (0..count).step_by(usize::try_from(BATCH)?) {
        let numbers = first..count.min(first.saturating_add(BATCH));
        let made: Vec<CustomerId> = store
            .write(numbers, |numbers, tx| {
                Box::pin(async move {
                    let mut made = Vec::new();
                    for number in numbers.clone() {
                        let email = format!("customer{number}@turnpike.example");
                        let id = customer::insert(tx, &email, "fits nobody", now()).await?;
                        customer::verify(tx, id).await?;
                        made.push(id);
                    }
                    Ok::<_, StoreError>(made)
                })
            })
            .await?;
        all.extend(made);
    }
    Ok(all)
}

/// Gives a customer its package and accounts.
async fn equip(service: &Service, customer: CustomerId, number: u64, accounts: u64) -> Result<()> {
    let starts_at = now();
    let grant = Grant {
        customer,
        product_type: ProductType::DynamicTraffic,
        size: Bytes::from_kilobytes(PACKAGE_KB).context("too large")?,
        starts_at,
        expires_at: starts_at.plus(Span::from_days(30)),
        title: "Seeded".to_owned(),
    };
    service.grant_package(&Actor::Operator("bench".to_owned()), grant).await?;
    let password = AccountPassword::parse(PASSWORD)?;
    let pairs = (0..accounts).map(|index| Ok((Username::parse(&account(number, index))?, password.clone())));
    let pairs = pairs.collect::<Result<Vec<_>>>()?;
    service.add_accounts(customer, NewAccounts::of(pairs, ProductType::DynamicTraffic)).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "this program stands beside the product and reads the clock itself")]
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "as above, for the generator")]
fn fill(bytes: &mut [u8]) {
    rand::rng().fill(bytes);
}

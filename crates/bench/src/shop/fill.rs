//! Fills a store with orders past every rule, and a customer's list with accounts through the API.

use anyhow::{Context as _, Result};
use turnpike_store::{Store, StoreError};
use turnpike_testkit::product::Api;

use crate::figures::grouped;
use crate::prove::shop::Site;
use crate::say;

/// Orders of one statement.
const BATCH: u64 = 50_000;
/// Orders of each customer who is nobody in particular.
const ORDINARY: u64 = 1_000;
/// After how many nobodies there is a line of progress.
const PROGRESS_EVERY: u64 = 200;
/// Accounts of one call.
const ACCOUNTS: u64 = 500;

/// Makes `total` orders: so many for each of the named customers, the others for a thousand nobodies.
///
/// # Errors
/// When the store refuses.
pub(super) async fn orders(store: &Store, uri: &str, total: u64, named: [(&str, u64); 2]) -> Result<()> {
    let rest = total.saturating_sub(named.iter().map(|(_, orders)| orders).sum());
    let nobodies = rest.div_ceil(ORDINARY);
    store
        .run_raw(&format!(
            "INSERT INTO customer (email, login_hash, created_at) \
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {nobodies}) \
             SELECT 'nobody' || n || '@turnpike.example', 'none', 1700000000000 FROM numbers"
        ))
        .await?;
    let mut made = 0;
    for (email, orders) in named {
        insert(store, made, orders, &format!("email = '{email}'")).await?;
        made = made.saturating_add(orders);
    }
    for first in (1..=nobodies).step_by(usize::try_from(BATCH / ORDINARY)?) {
        let last = first.saturating_add(BATCH / ORDINARY).saturating_sub(1).min(nobodies);
        let emails: Vec<_> = (first..=last).map(|number| format!("'nobody{number}@turnpike.example'")).collect();
        insert(store, made, ORDINARY, &format!("email IN ({})", emails.join(","))).await?;
        made = made.saturating_add(ORDINARY.saturating_mul(last.saturating_sub(first).saturating_add(1)));
        if last.is_multiple_of(PROGRESS_EVERY) {
            say(&format!("          {} of {} orders are made", grouped(made), grouped(total)));
        }
    }
    if uri.starts_with("postgres") {
        // As autovacuum does it sooner or later: what PostgreSQL knows to be visible is passed over in the index alone.
        store.run_raw("VACUUM ANALYZE orders").await?;
    }
    Ok(())
}

/// Makes so many orders for each customer of whom `condition` holds; `made` are there already.
async fn insert(store: &Store, made: u64, each: u64, condition: &str) -> Result<(), StoreError> {
    // Ten trillion and the number: the fourteen digits after the order's time.
    let sql = format!(
        "INSERT INTO orders (customer_id, trade_no, product_type, title, status, total_fee, pay_fee, created_at, \
            paid_at, product_id, expires_at) \
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {each}) \
         SELECT customer.id, '20231114221320' || CAST(10000000000000 + {made} + row_number() OVER () AS TEXT), 9, \
            'Traffic', 1, 100, 100, 1700000000000 + n, 1700000000000 + n, 1, 1700001800000 \
         FROM numbers CROSS JOIN customer WHERE {condition}"
    );
    store.run_raw(&sql).await
}

/// Adds so many accounts to the customer with this key.
///
/// # Errors
/// When the API refuses.
pub(super) async fn accounts(site: &Site, key: &str, total: u64) -> Result<()> {
    let api: Api = site.api(key, 0);
    for first in (0..total).step_by(usize::try_from(ACCOUNTS)?) {
        let last = first.saturating_add(ACCOUNTS).min(total);
        let pairs: Vec<_> = (first..last).map(|number| format!("l{number}:secret123")).collect();
        api.add_accounts(&pairs.join(",")).await.context("an account was not added")?;
    }
    Ok(())
}

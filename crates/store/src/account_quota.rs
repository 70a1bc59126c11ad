//! What accounts have used and what leases hold of them.

use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::AccountQuota;
use turnpike_domain::units::Bytes;

use crate::account::{corrupt, limit, product_type};
use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

/// An account's books, also of one that is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBooks {
    /// Whose.
    pub customer: CustomerId,
    /// Which account.
    pub account: AccountId,
    /// The package type it draws on.
    pub product_type: ProductType,
    /// Whether it may get leases: it lives, or has no name, and is enabled, its customer verified and not suspended.
    pub usable: bool,
    /// The day that `quota.day_used` is of, in days since 1970-01-01.
    pub day: i64,
    /// What it may use, has used and holds.
    pub quota: AccountQuota,
}

#[derive(sqlx::FromRow)]
struct BooksRow {
    id: i64,
    customer_id: i64,
    product_type: i64,
    usable: bool,
    limit_gb: i64,
    daily_limit_gb: i64,
    used: i64,
    held: i64,
    day: i64,
    day_used: i64,
}

impl TryFrom<BooksRow> for AccountBooks {
    type Error = StoreError;

    fn try_from(row: BooksRow) -> Result<Self, StoreError> {
        let bytes = |amount, column| Bytes::from_column(amount).ok_or(corrupt(row.id, column));
        Ok(Self {
            customer: CustomerId::new(row.customer_id),
            account: AccountId::new(row.id),
            product_type: product_type(row.id, row.product_type)?,
            usable: row.usable,
            day: row.day,
            quota: AccountQuota {
                limit: limit(row.id, "limit_gb", row.limit_gb)?,
                used: bytes(row.used, "used")?,
                daily_limit: limit(row.id, "daily_limit_gb", row.daily_limit_gb)?,
                day_used: bytes(row.day_used, "day_used")?,
                held: bytes(row.held, "held")?,
            },
        })
    }
}

const LOCK: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
    SELECT account.id, account.customer_id, account.product_type, account.limit_gb, account.daily_limit_gb,
        account.used, account.held, account.day, account.day_used,
        account.enabled AND (account.deleted_at IS NULL OR account.nameless) AND customer.verified AND NOT customer.suspended AS usable
    FROM wanted CROSS JOIN account CROSS JOIN customer
    WHERE account.id = wanted.id AND customer.id = account.customer_id
    ORDER BY account.id
    FOR NO KEY UPDATE OF account";

/// The books of those accounts that exist, by id, locked until the transaction ends. Accounts are locked after leases
/// and before packages.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(tx: &mut Tx, accounts: &[AccountId]) -> Result<Vec<AccountBooks>, StoreError> {
    let wanted: Vec<_> = accounts.iter().map(|account| (account.get(),)).collect();
    all!(BooksRow, tx, LOCK, rows(&wanted)?)?.into_iter().map(AccountBooks::try_from).collect()
}

const STORE: &str = "\
    WITH booked AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS customer_id, CAST(value ->> 1 AS BIGINT) AS id,
            CAST(value ->> 2 AS BIGINT) AS used, CAST(value ->> 3 AS BIGINT) AS held,
            CAST(value ->> 4 AS BIGINT) AS day, CAST(value ->> 5 AS BIGINT) AS day_used
        FROM json_each($1)
    )
    UPDATE account SET used = booked.used, held = booked.held, day = booked.day, day_used = booked.day_used
    FROM booked
    WHERE account.customer_id = booked.customer_id AND account.id = booked.id";

/// Writes books back that were locked in this transaction.
///
/// # Errors
/// The database's own, such as for a sum below zero.
pub async fn store(tx: &mut Tx, books: &[&AccountBooks]) -> Result<(), StoreError> {
    let row = |books: &&AccountBooks| {
        let AccountBooks { customer, account, day, quota, .. } = books;
        let (used, held, day_used) = (quota.used.to_column(), quota.held.to_column(), quota.day_used.to_column());
        (customer.get(), account.get(), used, held, *day, day_used)
    };
    if !books.is_empty() {
        exec!(tx, STORE, rows(&books.iter().map(row).collect::<Vec<_>>())?)?;
    }
    Ok(())
}

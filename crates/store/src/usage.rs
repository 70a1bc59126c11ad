//! Traffic that was billed: by the second, later by the minute, hour and day.

mod by_account;
pub mod meter;

use turnpike_domain::account::Username;
use turnpike_domain::calendar::Day;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

pub use by_account::{AccountUsage, by_account};

/// Whose traffic, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageKey {
    /// Whose.
    pub customer: CustomerId,
    /// Through which account; 0 is traffic without one.
    pub account: AccountId,
    /// The package type it was taken from.
    pub product_type: ProductType,
    /// How long the row's time is.
    pub span: Span,
    /// When the row's time begins.
    pub starts_at: Timestamp,
}

const ADD: &str = "\
    INSERT INTO usage (customer_id, account_id, product_type, span_ms, starts_at, bytes)
    SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT),
        CAST(value ->> 3 AS BIGINT), CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BIGINT)
    FROM json_each($1)
    WHERE TRUE
    ON CONFLICT (customer_id, account_id, product_type, span_ms, starts_at)
    DO UPDATE SET bytes = usage.bytes + excluded.bytes";

/// Adds to rows, which are made when they are not there. No key may come twice.
///
/// # Errors
/// Only the database's own.
pub async fn add(tx: &mut Tx, amounts: &[(UsageKey, Bytes)]) -> Result<(), StoreError> {
    let row = |(key, bytes): &(UsageKey, Bytes)| {
        let UsageKey { customer, account, product_type, span, starts_at } = key;
        (customer.get(), account.get(), product_type.number(), span.ms(), starts_at.ms(), bytes.to_column())
    };
    if !amounts.is_empty() {
        exec!(tx, ADD, rows(&amounts.iter().map(row).collect::<Vec<_>>())?)?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct UsageRow {
    customer_id: i64,
    account_id: i64,
    product_type: i64,
    span_ms: i64,
    starts_at: i64,
    bytes: i64,
}

impl TryFrom<UsageRow> for (UsageKey, Bytes) {
    type Error = StoreError;

    fn try_from(row: UsageRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "usage", column, id: row.account_id };
        let key = UsageKey {
            customer: CustomerId::new(row.customer_id),
            account: AccountId::new(row.account_id),
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt("product_type"))?,
            span: Span::from_ms(row.span_ms),
            starts_at: Timestamp::from_ms(row.starts_at),
        };
        Ok((key, Bytes::from_column(row.bytes).ok_or(corrupt("bytes"))?))
    }
}

const TAKE: &str = "\
    DELETE FROM usage
    WHERE (customer_id, account_id, product_type, span_ms, starts_at) IN (
        SELECT customer_id, account_id, product_type, span_ms, starts_at FROM usage
        WHERE span_ms = $1 AND starts_at < $2
        ORDER BY starts_at LIMIT $3
    )
    RETURNING customer_id, account_id, product_type, span_ms, starts_at, bytes";

/// Takes out at most `most` rows of a span that begin before `before`, oldest first, to be added to wider ones.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn take(tx: &mut Tx, span: Span, before: Timestamp, most: u32) -> Result<Vec<(UsageKey, Bytes)>, StoreError> {
    let taken = all!(UsageRow, tx, TAKE, span.ms(), before.ms(), i64::from(most))?;
    taken.into_iter().map(TryInto::try_into).collect()
}

/// A part of a calendar day, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySlice {
    /// Which day.
    pub day: Day,
    /// The first moment.
    pub first: Timestamp,
    /// The last moment.
    pub last: Timestamp,
}

fn slice_rows(slices: &[DaySlice]) -> Result<String, StoreError> {
    let row = |slice: &DaySlice| (slice.day.to_column(), slice.first.ms(), slice.last.ms());
    rows(&slices.iter().map(row).collect::<Vec<_>>())
}

fn day_amounts(found: Vec<(i64, i64)>) -> Result<Vec<(Day, Bytes)>, StoreError> {
    let corrupt = |column, id| StoreError::Corrupt { table: "usage", column, id };
    let amount = |(day, bytes)| {
        let amount = Bytes::from_column(bytes).ok_or(corrupt("bytes", day))?;
        Ok((Day::from_column(day).ok_or(corrupt("starts_at", day))?, amount))
    };
    found.into_iter().map(amount).collect()
}

const PER_DAY: &str = "\
    WITH slices AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS day, CAST(value ->> 1 AS BIGINT) AS first_ms,
            CAST(value ->> 2 AS BIGINT) AS last_ms
        FROM json_each($2)
    )
    SELECT slices.day, CAST(SUM(usage.bytes) AS BIGINT)
    FROM slices CROSS JOIN usage
    WHERE usage.customer_id = $1 AND usage.starts_at BETWEEN slices.first_ms AND slices.last_ms
        AND (usage.product_type = $3 OR $3 = 0)
    GROUP BY slices.day";

/// A customer's traffic in each slice that had any, by the rows that begin in it.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn per_day(
    tx: &mut Tx,
    customer: CustomerId,
    slices: &[DaySlice],
    product_type: Option<ProductType>,
) -> Result<Vec<(Day, Bytes)>, StoreError> {
    // No product type has the number 0.
    let number = product_type.map_or(0, ProductType::number);
    day_amounts(all!((i64, i64), tx, PER_DAY, customer.get(), slice_rows(slices)?, number)?)
}

const PER_DAY_OF_NAME: &str = "\
    WITH slices AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS day, CAST(value ->> 1 AS BIGINT) AS first_ms,
            CAST(value ->> 2 AS BIGINT) AS last_ms
        FROM json_each($2)
    )
    SELECT slices.day, CAST(SUM(usage.bytes) AS BIGINT)
    FROM slices CROSS JOIN account CROSS JOIN usage
    WHERE account.customer_id = $1 AND account.username = $4 AND (account.product_type = $3 OR $3 = 0)
        AND usage.customer_id = $1 AND usage.account_id = account.id AND usage.product_type = account.product_type
        AND usage.span_ms IN (1000, 60000, 3600000, 86400000)
        AND usage.starts_at BETWEEN slices.first_ms AND slices.last_ms
    GROUP BY slices.day";

/// As [`per_day`], of all the customer's accounts that bear or bore a name. An account's traffic is all of its own
/// type; with that and all spans named, the primary key leads to just these rows.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn per_day_of_name(
    tx: &mut Tx,
    customer: CustomerId,
    slices: &[DaySlice],
    product_type: Option<ProductType>,
    username: &Username,
) -> Result<Vec<(Day, Bytes)>, StoreError> {
    let number = product_type.map_or(0, ProductType::number);
    let (slices, name) = (slice_rows(slices)?, username.as_str());
    day_amounts(all!((i64, i64), tx, PER_DAY_OF_NAME, customer.get(), slices, number, name)?)
}

const OF_ACCOUNTS_SINCE: &str = "\
    WITH wanted AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS customer_id, CAST(value ->> 1 AS BIGINT) AS account_id,
            CAST(value ->> 2 AS BIGINT) AS product_type
        FROM json_each($1)
    )
    SELECT usage.account_id, CAST(SUM(usage.bytes) AS BIGINT)
    FROM wanted CROSS JOIN usage
    WHERE usage.customer_id = wanted.customer_id AND usage.account_id = wanted.account_id
        AND usage.product_type = wanted.product_type AND usage.span_ms IN (1000, 60000, 3600000, 86400000)
        AND usage.starts_at >= $2
    GROUP BY usage.account_id";

/// What was booked for each of these accounts and types since a moment; those that used nothing are left out. All spans
/// are named, so that the primary key leads to just these rows.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn of_accounts_since(
    tx: &mut Tx,
    accounts: &[(CustomerId, AccountId, ProductType)],
    since: Timestamp,
) -> Result<Vec<(AccountId, Bytes)>, StoreError> {
    let row = |(customer, account, product_type): &(CustomerId, AccountId, ProductType)| {
        (customer.get(), account.get(), product_type.number())
    };
    let wanted = rows(&accounts.iter().map(row).collect::<Vec<_>>())?;
    let found = all!((i64, i64), tx, OF_ACCOUNTS_SINCE, wanted, since.ms())?;
    let amount = |(account, bytes)| {
        let corrupt = StoreError::Corrupt { table: "usage", column: "bytes", id: account };
        Ok((AccountId::new(account), Bytes::from_column(bytes).ok_or(corrupt)?))
    };
    found.into_iter().map(amount).collect()
}

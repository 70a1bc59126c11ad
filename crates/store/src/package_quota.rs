//! What packages hold and have given.

use turnpike_domain::ids::{CustomerId, PackageId};
use turnpike_domain::pace::Pace;
use turnpike_domain::product::ProductType;
use turnpike_domain::quota::PackageQuota;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

/// A package's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageBooks {
    /// Whose.
    pub customer: CustomerId,
    /// What it is for.
    pub product_type: ProductType,
    /// When its validity begins.
    pub starts_at: Timestamp,
    /// What it holds and has given.
    pub quota: PackageQuota,
}

impl PackageBooks {
    /// Whether traffic of that customer and type can be taken from it.
    pub fn serves(&self, customer: CustomerId, product_type: ProductType, now: Timestamp) -> bool {
        self.customer == customer
            && self.product_type == product_type
            && self.starts_at <= now
            && now < self.quota.expires_at
    }
}

#[derive(sqlx::FromRow)]
struct BooksRow {
    id: i64,
    customer_id: i64,
    product_type: i64,
    size: i64,
    used: i64,
    held: i64,
    starts_at: i64,
    expires_at: i64,
    bandwidth: Option<i64>,
    paid_until_us: i64,
}

impl TryFrom<BooksRow> for PackageBooks {
    type Error = StoreError;

    fn try_from(row: BooksRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "package", column, id: row.id };
        let bytes = |amount, column| Bytes::from_column(amount).ok_or(corrupt(column));
        Ok(Self {
            customer: CustomerId::new(row.customer_id),
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt("product_type"))?,
            starts_at: Timestamp::from_ms(row.starts_at),
            quota: PackageQuota {
                id: PackageId::new(row.id),
                size: bytes(row.size, "size")?,
                used: bytes(row.used, "used")?,
                held: bytes(row.held, "held")?,
                expires_at: Timestamp::from_ms(row.expires_at),
                pace: row.bandwidth.and_then(|kbps| Pace::new(kbps.unsigned_abs(), row.paid_until_us)),
            },
        })
    }
}

const LOCK: &str = "\
    WITH named AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1)),
    wished AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS customer_id, CAST(value ->> 1 AS BIGINT) AS product_type
        FROM json_each($2)
    ),
    wanted AS (
        SELECT id FROM named
        UNION
        SELECT usable.id
        FROM wished CROSS JOIN package AS usable
        WHERE usable.customer_id = wished.customer_id AND usable.product_type = wished.product_type
            AND usable.expires_at > $3 AND usable.starts_at <= $3 AND usable.used < usable.size
    )
    SELECT package.id, customer_id, product_type, size, used, held, starts_at, expires_at, bandwidth, paid_until_us
    FROM wanted CROSS JOIN package
    LEFT JOIN time_plan ON time_plan.package_id = package.id
    WHERE package.id = wanted.id
    ORDER BY package.id
    FOR NO KEY UPDATE OF package";

/// The books of the named packages and of those that can give traffic of the wished customers and types, by id, locked
/// until the transaction ends. Packages are locked after leases and accounts.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(
    tx: &mut Tx,
    named: &[PackageId],
    wished: &[(CustomerId, ProductType)],
    now: Timestamp,
) -> Result<Vec<PackageBooks>, StoreError> {
    let named: Vec<_> = named.iter().map(|package| (package.get(),)).collect();
    let wished: Vec<_> = wished.iter().map(|(customer, product)| (customer.get(), product.number())).collect();
    let found = all!(BooksRow, tx, LOCK, rows(&named)?, rows(&wished)?, now.ms())?;
    found.into_iter().map(PackageBooks::try_from).collect()
}

const STORE: &str = "\
    WITH booked AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS customer_id, CAST(value ->> 1 AS BIGINT) AS id,
            CAST(value ->> 2 AS BIGINT) AS used, CAST(value ->> 3 AS BIGINT) AS held,
            CAST(value ->> 4 AS BIGINT) AS paid_until_us
        FROM json_each($1)
    )
    UPDATE package SET used = booked.used, held = booked.held,
        paid_until_us = coalesce(booked.paid_until_us, package.paid_until_us)
    FROM booked
    WHERE package.customer_id = booked.customer_id AND package.id = booked.id";

/// Writes books back that were locked in this transaction.
///
/// # Errors
/// The database's own, such as for more used and held than there is.
pub async fn store(tx: &mut Tx, books: &[&PackageBooks]) -> Result<(), StoreError> {
    let row = |books: &&PackageBooks| {
        let quota = &books.quota;
        let paid_until_us = quota.pace.map(|pace| pace.paid_until_us());
        (books.customer.get(), quota.id.get(), quota.used.to_column(), quota.held.to_column(), paid_until_us)
    };
    if !books.is_empty() {
        exec!(tx, STORE, rows(&books.iter().map(row).collect::<Vec<_>>())?)?;
    }
    Ok(())
}

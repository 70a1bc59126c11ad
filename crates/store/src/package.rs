//! Packages as their customer sees them. What they hold and have given is in [`crate::package_quota`].

use turnpike_domain::ids::{CustomerId, OrderId, PackageId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_domain::units::Bytes;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

/// A package to be.
#[derive(Clone, Debug)]
pub struct NewPackage {
    /// Whose.
    pub customer: CustomerId,
    /// What it comes from.
    pub order: OrderId,
    /// What it is for.
    pub product_type: ProductType,
    /// How much.
    pub size: Bytes,
    /// When its validity begins.
    pub starts_at: Timestamp,
    /// When its validity ends.
    pub expires_at: Timestamp,
    /// Whether gateways need not be told when its validity begins, because it has begun.
    pub announced: bool,
}

const INSERT: &str = "\
    INSERT INTO package (customer_id, order_id, product_type, size, starts_at, expires_at, announced)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    RETURNING id";

/// Adds a package, with nothing used.
///
/// # Errors
/// Only the database's own.
pub async fn insert(tx: &mut Tx, package: &NewPackage) -> Result<PackageId, StoreError> {
    let (customer, order, product) = (package.customer.get(), package.order.get(), package.product_type.number());
    let (size, starts, expires) = (package.size.to_column(), package.starts_at.ms(), package.expires_at.ms());
    let (id,) = one!((i64,), tx, INSERT, customer, order, product, size, starts, expires, package.announced)?;
    Ok(PackageId::new(id))
}

const ANNOUNCE_STARTED: &str = "\
    UPDATE package SET announced = TRUE WHERE NOT announced AND starts_at <= $1 RETURNING customer_id";

/// Marks the packages whose validity has begun as announced: whose they are, each customer once a package.
///
/// # Errors
/// Only the database's own.
pub async fn announce_started(tx: &mut Tx, now: Timestamp) -> Result<Vec<CustomerId>, StoreError> {
    let started = all!((i64,), tx, ANNOUNCE_STARTED, now.ms())?;
    Ok(started.into_iter().map(|(customer,)| CustomerId::new(customer)).collect())
}

/// A package and its order, as its customer's list needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Which package.
    pub id: PackageId,
    /// What it is for.
    pub product_type: ProductType,
    /// When its validity begins.
    pub starts_at: Timestamp,
    /// When its validity ends.
    pub expires_at: Timestamp,
    /// The order it came from.
    pub trade_no: TradeNo,
    /// What people read on the order.
    pub title: String,
    /// When the order was made.
    pub ordered_at: Timestamp,
    /// When the order was paid.
    pub paid_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct PackageRow {
    id: i64,
    product_type: i64,
    starts_at: i64,
    expires_at: i64,
    trade_no: String,
    title: String,
    created_at: i64,
    paid_at: Option<i64>,
}

impl TryFrom<PackageRow> for Package {
    type Error = StoreError;

    fn try_from(row: PackageRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "package", column, id: row.id };
        Ok(Self {
            id: PackageId::new(row.id),
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt("product_type"))?,
            starts_at: Timestamp::from_ms(row.starts_at),
            expires_at: Timestamp::from_ms(row.expires_at),
            trade_no: TradeNo::parse(&row.trade_no).ok_or(corrupt("trade_no"))?,
            title: row.title,
            ordered_at: Timestamp::from_ms(row.created_at),
            paid_at: Timestamp::from_ms(row.paid_at.ok_or(corrupt("paid_at"))?),
        })
    }
}

/// Which of a customer's packages.
#[derive(Clone, Debug, Default)]
pub struct PackageFilter {
    /// Only from this order.
    pub trade_no: Option<TradeNo>,
    /// Only of this type.
    pub product_type: Option<ProductType>,
}

impl PackageFilter {
    /// As parameters, where the empty text and 0 mean that all will do.
    fn parameters(&self) -> (&str, i64) {
        (self.trade_no.as_ref().map_or("", TradeNo::as_str), self.product_type.map_or(0, ProductType::number))
    }
}

/// A stretch of a list.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// How many to pass over.
    pub skip: u64,
    /// At most how many after that.
    pub most: u32,
}

const LIST: &str = "\
    SELECT package.id, package.product_type, package.starts_at, package.expires_at, orders.trade_no, orders.title,
        orders.created_at, orders.paid_at
    FROM package JOIN orders ON orders.id = package.order_id AND orders.customer_id = package.customer_id
    WHERE package.customer_id = $1 AND (orders.trade_no = $2 OR $2 = '') AND (package.product_type = $3 OR $3 = 0)
    ORDER BY package.id DESC
    LIMIT $4 OFFSET $5";

/// A stretch of a customer's packages, newest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn list(
    tx: &mut Tx,
    customer: CustomerId,
    filter: &PackageFilter,
    stretch: Stretch,
) -> Result<Vec<Package>, StoreError> {
    let (trade_no, product_type) = filter.parameters();
    let (most, skip) = (i64::from(stretch.most), i64::try_from(stretch.skip).unwrap_or(i64::MAX));
    let found = all!(PackageRow, tx, LIST, customer.get(), trade_no, product_type, most, skip)?;
    found.into_iter().map(Package::try_from).collect()
}

const COUNT: &str = "\
    SELECT count(*)
    FROM package JOIN orders ON orders.id = package.order_id AND orders.customer_id = package.customer_id
    WHERE package.customer_id = $1 AND (orders.trade_no = $2 OR $2 = '') AND (package.product_type = $3 OR $3 = 0)";

/// How many packages [`list`] would find without a stretch.
///
/// # Errors
/// Only the database's own.
pub async fn count(tx: &mut Tx, customer: CustomerId, filter: &PackageFilter) -> Result<u64, StoreError> {
    let (trade_no, product_type) = filter.parameters();
    let (count,) = one!((i64,), tx, COUNT, customer.get(), trade_no, product_type)?;
    Ok(count.unsigned_abs())
}

/// What a package holds and has given, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageAmounts {
    /// What was bought.
    pub size: Bytes,
    /// What was booked against it.
    pub used: Bytes,
    /// When what is left is lost.
    pub expires_at: Timestamp,
}

const HAS_USABLE: &str = "\
    SELECT id FROM package
    WHERE customer_id = $1 AND product_type = $2 AND starts_at <= $3 AND expires_at > $3 AND used < size
    LIMIT 1";

/// Whether a customer has traffic of a type that is not used up.
///
/// # Errors
/// Only the database's own.
pub async fn has_usable(
    tx: &mut Tx,
    customer: CustomerId,
    product_type: ProductType,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(optional!((i64,), tx, HAS_USABLE, customer.get(), product_type.number(), now.ms())?.is_some())
}

const AMOUNTS: &str = "\
    SELECT id, size, used, expires_at FROM package
    WHERE customer_id = $1 AND product_type IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($2))";

/// The amounts of all of a customer's packages of these types.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn amounts(
    tx: &mut Tx,
    customer: CustomerId,
    product_types: &[ProductType],
) -> Result<Vec<PackageAmounts>, StoreError> {
    let types: Vec<_> = product_types.iter().map(|product_type| (product_type.number(),)).collect();
    let found = all!((i64, i64, i64, i64), tx, AMOUNTS, customer.get(), rows(&types)?)?;
    let amount = |(id, size, used, expires_at)| {
        let corrupt = |column| StoreError::Corrupt { table: "package", column, id };
        Ok(PackageAmounts {
            size: Bytes::from_column(size).ok_or(corrupt("size"))?,
            used: Bytes::from_column(used).ok_or(corrupt("used"))?,
            expires_at: Timestamp::from_ms(expires_at),
        })
    };
    found.into_iter().map(amount).collect()
}

//! What is bought again by itself: packages and static IPs, each with the product it is bought by. What came of it is in
//! [`log`].

pub mod log;

use turnpike_domain::basket::Basket;
use turnpike_domain::ids::{AutoRenewalId, CustomerId, HoldingId, OrderId, PackageId, ProductId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::package::Stretch;

/// What is bought again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A package, by the product it came from; then its successor.
    Package(PackageId),
    /// A static IP, by a renewal.
    Holding(HoldingId),
}

impl Target {
    fn columns(self) -> (Option<i64>, Option<i64>) {
        match self {
            Self::Package(package) => (Some(package.get()), None),
            Self::Holding(holding) => (None, Some(holding.get())),
        }
    }

    fn from_columns(id: i64, package: Option<i64>, holding: Option<i64>) -> Result<Self, StoreError> {
        match (package, holding) {
            (Some(package), None) => Ok(Self::Package(PackageId::new(package))),
            (None, Some(holding)) => Ok(Self::Holding(HoldingId::new(holding))),
            _ => Err(StoreError::Corrupt { table: "auto_renewal", column: "package_id", id }),
        }
    }
}

/// How something is to be bought again.
#[derive(Clone, Copy, Debug)]
pub struct NewAutoRenewal {
    /// What.
    pub target: Target,
    /// By which product.
    pub product: ProductId,
    /// How many units of a package, or for how many months.
    pub amount: u32,
    /// Whether it is.
    pub enabled: bool,
    /// When it is tried.
    pub due_at: Timestamp,
}

const PUT_PACKAGE: &str = "\
    INSERT INTO auto_renewal (customer_id, package_id, product_id, amount, enabled, due_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (package_id) WHERE package_id IS NOT NULL
    DO UPDATE SET product_id = excluded.product_id, amount = excluded.amount, enabled = excluded.enabled,
        due_at = excluded.due_at
    WHERE auto_renewal.customer_id = excluded.customer_id
    RETURNING id";
const PUT_HOLDING: &str = "\
    INSERT INTO auto_renewal (customer_id, holding_id, product_id, amount, enabled, due_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (holding_id) WHERE holding_id IS NOT NULL
    DO UPDATE SET product_id = excluded.product_id, amount = excluded.amount, enabled = excluded.enabled,
        due_at = excluded.due_at
    WHERE auto_renewal.customer_id = excluded.customer_id
    RETURNING id";

/// Says how something of a customer's is to be bought again, in the place of what was said before.
///
/// # Errors
/// Only the database's own.
pub async fn put(
    tx: &mut Tx,
    customer: CustomerId,
    new: &NewAutoRenewal,
    now: Timestamp,
) -> Result<AutoRenewalId, StoreError> {
    let NewAutoRenewal { target, product, amount, enabled, due_at } = new;
    let (customer, product, amount) = (customer.get(), product.get(), i64::from(*amount));
    let (id,) = match target {
        Target::Package(package) => {
            one!((i64,), tx, PUT_PACKAGE, customer, package.get(), product, amount, *enabled, due_at.ms(), now.ms())?
        }
        Target::Holding(holding) => {
            one!((i64,), tx, PUT_HOLDING, customer, holding.get(), product, amount, *enabled, due_at.ms(), now.ms())?
        }
    };
    Ok(AutoRenewalId::new(id))
}

/// How something is bought again, as its customer's list needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoRenewal {
    /// Its number.
    pub id: AutoRenewalId,
    /// What.
    pub target: Target,
    /// The kind of the package or the address.
    pub product_type: ProductType,
    /// The address, when it is one.
    pub ip: Option<String>,
    /// By which product.
    pub product: ProductId,
    /// What people read of that.
    pub title: String,
    /// How many units of a package, or for how many months.
    pub amount: u32,
    /// Whether it is.
    pub enabled: bool,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// When the thing ends without it.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct AutoRenewalRow {
    id: i64,
    package_id: Option<i64>,
    holding_id: Option<i64>,
    product_type: i64,
    ip: Option<String>,
    product_id: i64,
    title: String,
    amount: i64,
    enabled: bool,
    due_at: i64,
    expires_at: i64,
}

impl TryFrom<AutoRenewalRow> for AutoRenewal {
    type Error = StoreError;

    fn try_from(row: AutoRenewalRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "auto_renewal", column, id: row.id };
        Ok(Self {
            id: AutoRenewalId::new(row.id),
            target: Target::from_columns(row.id, row.package_id, row.holding_id)?,
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt("product_type"))?,
            ip: row.ip,
            product: ProductId::new(row.product_id),
            title: row.title,
            amount: u32::try_from(row.amount).map_err(|_| corrupt("amount"))?,
            enabled: row.enabled,
            due_at: Timestamp::from_ms(row.due_at),
            expires_at: Timestamp::from_ms(row.expires_at),
        })
    }
}

const LIST: &str = "\
    SELECT auto_renewal.id, package_id, holding_id, coalesce(package.product_type, holding.product_type) AS product_type,
        static_ip.ip, product_id, product.title, auto_renewal.amount, enabled, due_at,
        coalesce(package.expires_at, holding.expires_at) AS expires_at
    FROM auto_renewal
    JOIN product ON product.id = auto_renewal.product_id
    LEFT JOIN package ON package.id = package_id AND package.customer_id = auto_renewal.customer_id
    LEFT JOIN holding ON holding.id = holding_id AND holding.customer_id = auto_renewal.customer_id
    LEFT JOIN static_ip ON static_ip.id = holding.static_ip_id
    WHERE auto_renewal.customer_id = $1 AND (auto_renewal.id = $2 OR $2 = 0)
    ORDER BY auto_renewal.id DESC
    LIMIT $3 OFFSET $4";

/// A stretch of what a customer has bought again by itself, newest first; only that one, when a number is given.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn list(
    tx: &mut Tx,
    customer: CustomerId,
    only: Option<AutoRenewalId>,
    stretch: Stretch,
) -> Result<Vec<AutoRenewal>, StoreError> {
    let only = only.map_or(0, AutoRenewalId::get);
    let (most, skip) = (i64::from(stretch.most), i64::try_from(stretch.skip).unwrap_or(i64::MAX));
    all!(AutoRenewalRow, tx, LIST, customer.get(), only, most, skip)?.into_iter().map(AutoRenewal::try_from).collect()
}

const COUNT: &str = "SELECT count(*) FROM auto_renewal WHERE customer_id = $1";

/// How many [`list`] would find without a stretch.
///
/// # Errors
/// Only the database's own.
pub async fn count(tx: &mut Tx, customer: CustomerId) -> Result<u64, StoreError> {
    let (count,) = one!((i64,), tx, COUNT, customer.get())?;
    Ok(count.unsigned_abs())
}

const DUE: &str = "SELECT id FROM auto_renewal WHERE enabled AND due_at <= $1 ORDER BY due_at LIMIT $2";

/// At most so many that are to be tried now, the longest due first.
///
/// # Errors
/// Only the database's own.
pub async fn due(tx: &mut Tx, now: Timestamp, most: u32) -> Result<Vec<AutoRenewalId>, StoreError> {
    let due = all!((i64,), tx, DUE, now.ms(), i64::from(most))?;
    Ok(due.into_iter().map(|(id,)| AutoRenewalId::new(id)).collect())
}

/// What is to be bought again now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueRenewal {
    /// Its number.
    pub id: AutoRenewalId,
    /// Whose.
    pub customer: CustomerId,
    /// What.
    pub target: Target,
    /// By which product.
    pub product: ProductId,
    /// How many units of a package, or for how many months.
    pub amount: u32,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    id: i64,
    customer_id: i64,
    package_id: Option<i64>,
    holding_id: Option<i64>,
    product_id: i64,
    amount: i64,
}

const LOCK_DUE: &str = "\
    SELECT id, customer_id, package_id, holding_id, product_id, amount FROM auto_renewal
    WHERE id = $1 AND enabled AND due_at <= $2
    FOR NO KEY UPDATE";

/// One that is still to be tried, which nobody else tries until the transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock_due(tx: &mut Tx, id: AutoRenewalId, now: Timestamp) -> Result<Option<DueRenewal>, StoreError> {
    let Some(row) = optional!(DueRow, tx, LOCK_DUE, id.get(), now.ms())? else { return Ok(None) };
    let corrupt = |column| StoreError::Corrupt { table: "auto_renewal", column, id: row.id };
    Ok(Some(DueRenewal {
        id,
        customer: CustomerId::new(row.customer_id),
        target: Target::from_columns(row.id, row.package_id, row.holding_id)?,
        product: ProductId::new(row.product_id),
        amount: u32::try_from(row.amount).map_err(|_| corrupt("amount"))?,
    }))
}

const MOVE_ON: &str = "\
    UPDATE auto_renewal SET package_id = $2, holding_id = $3, due_at = $4, enabled = $5 WHERE id = $1";

/// Says what is tried next and when, or that nothing is.
///
/// # Errors
/// Only the database's own.
pub async fn move_on(
    tx: &mut Tx,
    id: AutoRenewalId,
    target: Target,
    (due_at, enabled): (Timestamp, bool),
) -> Result<(), StoreError> {
    let (package, holding) = target.columns();
    exec!(tx, MOVE_ON, id.get(), package, holding, due_at.ms(), enabled).map(drop)
}

/// What a package was bought by, and how long it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bought {
    /// The order it came from.
    pub order: OrderId,
    /// The product; the operator's grants have none.
    pub product: Option<ProductId>,
    /// What was ordered.
    pub basket: Basket,
    /// The kind of product that it was.
    pub product_type: ProductType,
    /// When it began.
    pub starts_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct BoughtRow {
    id: i64,
    product_id: Option<i64>,
    product_type: i64,
    basket: String,
    starts_at: i64,
    expires_at: i64,
}

const BOUGHT: &str = "\
    SELECT orders.id, product_id, orders.product_type, basket, starts_at, package.expires_at
    FROM package JOIN orders ON orders.id = package.order_id AND orders.customer_id = package.customer_id
    WHERE package.customer_id = $1 AND package.id = $2";

/// What a customer's package was bought by.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn bought(tx: &mut Tx, customer: CustomerId, package: PackageId) -> Result<Option<Bought>, StoreError> {
    let Some(row) = optional!(BoughtRow, tx, BOUGHT, customer.get(), package.get())? else { return Ok(None) };
    let corrupt = |column| StoreError::Corrupt { table: "orders", column, id: row.id };
    Ok(Some(Bought {
        order: OrderId::new(row.id),
        product: row.product_id.map(ProductId::new),
        basket: serde_json::from_str(&row.basket).map_err(|_| corrupt("basket"))?,
        product_type: ProductType::from_number(row.product_type).ok_or(corrupt("product_type"))?,
        starts_at: Timestamp::from_ms(row.starts_at),
        expires_at: Timestamp::from_ms(row.expires_at),
    }))
}

const OF_ORDER: &str = "\
    SELECT id, starts_at, expires_at FROM package WHERE customer_id = $1 AND order_id = $2 ORDER BY id LIMIT 1";

/// The package that came from an order, and its validity.
///
/// # Errors
/// Only the database's own.
pub async fn package_of(
    tx: &mut Tx,
    customer: CustomerId,
    order: OrderId,
) -> Result<Option<(PackageId, Timestamp, Timestamp)>, StoreError> {
    let found = optional!((i64, i64, i64), tx, OF_ORDER, customer.get(), order.get())?;
    Ok(found.map(|(id, from, to)| (PackageId::new(id), Timestamp::from_ms(from), Timestamp::from_ms(to))))
}

const RENEWAL_PRODUCT: &str = "\
    SELECT id FROM product WHERE product_type = $1 AND ip_type = $2 AND on_sale ORDER BY rank, id LIMIT 1";

/// The first product on sale that renews addresses of a kind.
///
/// # Errors
/// Only the database's own.
pub async fn renewal_product(tx: &mut Tx, ip_type: ProductType) -> Result<Option<ProductId>, StoreError> {
    let renewal = ProductType::StaticIpRenewal.number();
    Ok(optional!((i64,), tx, RENEWAL_PRODUCT, renewal, ip_type.number())?.map(|(id,)| ProductId::new(id)))
}

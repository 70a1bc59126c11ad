//! Packages as the operator sees them: whose they are, what they hold, have given and have lent to gateways.

use turnpike_domain::ids::{CustomerId, PackageId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_domain::units::Bytes;

use crate::db::Tx;
use crate::error::StoreError;

/// A package and its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageDetails {
    /// Which package.
    pub id: PackageId,
    /// Whose.
    pub customer: CustomerId,
    /// What it is for.
    pub product_type: ProductType,
    /// How much was bought.
    pub size: Bytes,
    /// How much was booked against it.
    pub used: Bytes,
    /// How much gateways hold of it.
    pub held: Bytes,
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
}

#[derive(sqlx::FromRow)]
struct DetailsRow {
    id: i64,
    customer_id: i64,
    product_type: i64,
    size: i64,
    used: i64,
    held: i64,
    starts_at: i64,
    expires_at: i64,
    trade_no: String,
    title: String,
    created_at: i64,
}

impl TryFrom<DetailsRow> for PackageDetails {
    type Error = StoreError;

    fn try_from(row: DetailsRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "package", column, id: row.id };
        let amount = |bytes, column| Bytes::from_column(bytes).ok_or(corrupt(column));
        Ok(Self {
            id: PackageId::new(row.id),
            customer: CustomerId::new(row.customer_id),
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt("product_type"))?,
            size: amount(row.size, "size")?,
            used: amount(row.used, "used")?,
            held: amount(row.held, "held")?,
            starts_at: Timestamp::from_ms(row.starts_at),
            expires_at: Timestamp::from_ms(row.expires_at),
            trade_no: TradeNo::parse(&row.trade_no).ok_or(corrupt("trade_no"))?,
            title: row.title,
            ordered_at: Timestamp::from_ms(row.created_at),
        })
    }
}

const BY_ID: &str = "\
    SELECT package.id, package.customer_id, package.product_type, size, used, held, starts_at, package.expires_at, trade_no,
        title, orders.created_at
    FROM package JOIN orders ON orders.id = package.order_id AND orders.customer_id = package.customer_id
    WHERE package.id = $1";

/// One package, whoever's it is.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_id(tx: &mut Tx, package: PackageId) -> Result<Option<PackageDetails>, StoreError> {
    optional!(DetailsRow, tx, BY_ID, package.get())?.map(PackageDetails::try_from).transpose()
}

const PAGE: &str = "\
    SELECT package.id, package.customer_id, package.product_type, size, used, held, starts_at, package.expires_at, trade_no,
        title, orders.created_at
    FROM package JOIN orders ON orders.id = package.order_id AND orders.customer_id = package.customer_id
    WHERE package.customer_id = $1 AND package.id > $2 AND (package.product_type = $3 OR $3 = 0)
    ORDER BY package.id
    LIMIT $4";

/// At most so many of a customer's packages after that number, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn page(
    tx: &mut Tx,
    customer: CustomerId,
    product_type: Option<ProductType>,
    after: i64,
    most: u32,
) -> Result<Vec<PackageDetails>, StoreError> {
    let number = product_type.map_or(0, ProductType::number);
    let found = all!(DetailsRow, tx, PAGE, customer.get(), after, number, i64::from(most))?;
    found.into_iter().map(PackageDetails::try_from).collect()
}

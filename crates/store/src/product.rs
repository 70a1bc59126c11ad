//! Products of the catalogue.

use turnpike_domain::catalogue::Product;
use turnpike_domain::ids::ProductId;
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;

use crate::db::Tx;
use crate::error::StoreError;

/// Milliseconds of a second, which validities are kept in.
const MS: i64 = 1000;

#[derive(sqlx::FromRow)]
struct ProductRow {
    id: i64,
    code: String,
    product_type: i64,
    name: String,
    title: String,
    description: String,
    on_sale: bool,
    rank: i64,
    price: i64,
    size: Option<i64>,
    validity_s: i64,
    ip_type: Option<i64>,
    least: i64,
    most: i64,
    stock: Option<i64>,
    terms: String,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "product", column, id: row.id };
        let ip_type = |number| ProductType::from_number(number).ok_or(corrupt("ip_type"));
        let size = |size| Bytes::from_column(size).ok_or(corrupt("size"));
        let stock = |stock| u64::try_from(stock).map_err(|_| corrupt("stock"));
        Ok(Self {
            id: ProductId::new(row.id),
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt("product_type"))?,
            on_sale: row.on_sale,
            rank: row.rank,
            price: Money::from_minor(row.price).ok_or(corrupt("price"))?,
            size: row.size.map(size).transpose()?,
            validity: Span::from_secs(row.validity_s),
            ip_type: row.ip_type.map(ip_type).transpose()?,
            least: u32::try_from(row.least).map_err(|_| corrupt("least"))?,
            most: u32::try_from(row.most).map_err(|_| corrupt("most"))?,
            stock: row.stock.map(stock).transpose()?,
            terms: serde_json::from_str(&row.terms).map_err(|_| corrupt("terms"))?,
            code: row.code,
            name: row.name,
            title: row.title,
            description: row.description,
        })
    }
}

const BY_ID: &str = "\
    SELECT id, code, product_type, name, title, description, on_sale, rank, price, size, validity_s, ip_type, least, most,
        stock, terms
    FROM product WHERE id = $1";

/// One product, on sale or not.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_id(tx: &mut Tx, product: ProductId) -> Result<Option<Product>, StoreError> {
    optional!(ProductRow, tx, BY_ID, product.get())?.map(Product::try_from).transpose()
}

const LOCK_ALL: &str = "\
    SELECT id, code, product_type, name, title, description, on_sale, rank, price, size, validity_s, ip_type, least, most,
        stock, terms
    FROM product ORDER BY id
    FOR NO KEY UPDATE";

/// The whole catalogue, by number; until the transaction ends nobody else changes a product.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock_all(tx: &mut Tx) -> Result<Vec<Product>, StoreError> {
    // Whoever had the locks before may have added products that a statement which waited for them does not see.
    all!(ProductRow, tx, LOCK_ALL)?;
    all!(ProductRow, tx, LOCK_ALL)?.into_iter().map(Product::try_from).collect()
}

const ALL: &str = "\
    SELECT id, code, product_type, name, title, description, on_sale, rank, price, size, validity_s, ip_type, least, most,
        stock, terms
    FROM product ORDER BY id";

/// The whole catalogue, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn all(tx: &mut Tx) -> Result<Vec<Product>, StoreError> {
    all!(ProductRow, tx, ALL)?.into_iter().map(Product::try_from).collect()
}

const ON_SALE: &str = "\
    SELECT id, code, product_type, name, title, description, on_sale, rank, price, size, validity_s, ip_type, least, most,
        stock, terms
    FROM product WHERE on_sale AND (product_type = $1 OR $1 = 0)
    ORDER BY rank, id";

/// What is on sale, of one type if that is given, in the order it is shown in.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn on_sale(tx: &mut Tx, product_type: Option<ProductType>) -> Result<Vec<Product>, StoreError> {
    let product_type = product_type.map_or(0, ProductType::number);
    all!(ProductRow, tx, ON_SALE, product_type)?.into_iter().map(Product::try_from).collect()
}

/// The columns of a product that both statements below set.
struct Columns {
    size: Option<i64>,
    validity_s: i64,
    ip_type: Option<i64>,
    stock: Option<i64>,
    terms: String,
}

impl Columns {
    fn of(product: &Product) -> Result<Self, StoreError> {
        Ok(Self {
            size: product.size.map(Bytes::to_column),
            validity_s: product.validity.ms() / MS,
            ip_type: product.ip_type.map(ProductType::number),
            stock: product.stock.map(|stock| i64::try_from(stock).unwrap_or(i64::MAX)),
            terms: serde_json::to_string(&product.terms)?,
        })
    }
}

const INSERT: &str = "\
    INSERT INTO product (id, code, product_type, name, title, description, on_sale, rank, price, size, validity_s, ip_type,
        least, most, stock, terms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// Adds a product.
///
/// # Errors
/// [`StoreError::Conflict`] when its number or its code is taken.
pub async fn insert(tx: &mut Tx, product: &Product) -> Result<(), StoreError> {
    let Columns { size, validity_s, ip_type, stock, terms } = Columns::of(product)?;
    let Product { id, code, name, title, description, on_sale, rank, price, .. } = product;
    let (code, name, title, description) = (code.as_str(), name.as_str(), title.as_str(), description.as_str());
    let (product_type, terms) = (product.product_type.number(), terms.as_str());
    let (least, most) = (i64::from(product.least), i64::from(product.most));
    exec!(
        tx,
        INSERT,
        id.get(),
        code,
        product_type,
        name,
        title,
        description,
        *on_sale,
        *rank,
        price.minor(),
        size,
        validity_s,
        ip_type,
        least,
        most,
        stock,
        terms
    )?;
    Ok(())
}

const UPDATE: &str = "\
    UPDATE product SET product_type = $2, name = $3, title = $4, description = $5, on_sale = $6, rank = $7, price = $8,
        size = $9, validity_s = $10, ip_type = $11, least = $12, most = $13, stock = $14, terms = $15
    WHERE id = $1";

/// Changes everything of a product but its number and its code.
///
/// # Errors
/// Only the database's own.
pub async fn update(tx: &mut Tx, product: &Product) -> Result<(), StoreError> {
    let Columns { size, validity_s, ip_type, stock, terms } = Columns::of(product)?;
    let Product { id, name, title, description, on_sale, rank, price, .. } = product;
    let (name, title, description) = (name.as_str(), title.as_str(), description.as_str());
    let (product_type, terms) = (product.product_type.number(), terms.as_str());
    let (least, most) = (i64::from(product.least), i64::from(product.most));
    exec!(
        tx,
        UPDATE,
        id.get(),
        product_type,
        name,
        title,
        description,
        *on_sale,
        *rank,
        price.minor(),
        size,
        validity_s,
        ip_type,
        least,
        most,
        stock,
        terms
    )?;
    Ok(())
}

const TAKE_STOCK: &str = "\
    UPDATE product SET stock = stock - $2 WHERE id = $1 AND (stock IS NULL OR stock >= $2)";

/// Takes units out of a product's stock; false when there are fewer. Of what has no limit nothing is taken, nor is its
/// row touched, which all its buyers would wait for.
///
/// # Errors
/// Only the database's own.
pub async fn take_stock(tx: &mut Tx, product: &Product, amount: u32) -> Result<bool, StoreError> {
    if product.stock.is_none() {
        return Ok(true);
    }
    Ok(exec!(tx, TAKE_STOCK, product.id.get(), i64::from(amount))? == 1)
}

const GIVE_BACK_STOCK: &str = "UPDATE product SET stock = stock + $2 WHERE id = $1 AND stock IS NOT NULL";

/// Puts units back that were taken.
///
/// # Errors
/// Only the database's own.
pub async fn give_back_stock(tx: &mut Tx, product: ProductId, amount: u32) -> Result<(), StoreError> {
    exec!(tx, GIVE_BACK_STOCK, product.get(), i64::from(amount))?;
    Ok(())
}

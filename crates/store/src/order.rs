//! Orders: what packages came from.

use turnpike_domain::ids::{CustomerId, OrderId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;

use crate::db::Tx;
use crate::error::StoreError;

/// An order's state on the wire: paid.
const PAID: i64 = 1;

/// An order of zero price, paid when it is made.
#[derive(Clone, Debug)]
pub struct FreeOrder {
    /// Its number.
    pub trade_no: TradeNo,
    /// What for.
    pub product_type: ProductType,
    /// What people read.
    pub title: String,
    /// When.
    pub paid_at: Timestamp,
}

const INSERT_FREE: &str = "\
    INSERT INTO orders (customer_id, trade_no, product_type, title, status, total_fee, pay_fee, created_at, paid_at)
    VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $6)
    RETURNING id";

/// Adds an order of zero price.
///
/// # Errors
/// [`StoreError::Conflict`] when the number is taken.
pub async fn insert_free(tx: &mut Tx, customer: CustomerId, order: &FreeOrder) -> Result<OrderId, StoreError> {
    let (number, title, at) = (order.trade_no.as_str(), order.title.as_str(), order.paid_at.ms());
    let product_type = order.product_type.number();
    let (id,) = one!((i64,), tx, INSERT_FREE, customer.get(), number, product_type, title, PAID, at)?;
    Ok(OrderId::new(id))
}

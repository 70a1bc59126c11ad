//! Orders: what is bought, what it costs, and where it stands. What becomes of them is in [`steps`], lists are in
//! [`list`].

pub mod list;
mod row;
pub mod steps;

use turnpike_domain::basket::Basket;
use turnpike_domain::ids::{CouponId, CustomerId, OrderId, PaymentMethod, ProductId};
use turnpike_domain::money::Money;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;

use crate::db::Tx;
use crate::error::StoreError;
use row::{OrderRow, columns};

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Which order.
    pub id: OrderId,
    /// Who ordered.
    pub customer: CustomerId,
    /// Its number towards people.
    pub trade_no: TradeNo,
    /// What for.
    pub product_type: ProductType,
    /// What people read.
    pub title: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// What it costs before discounts.
    pub total_fee: Money,
    /// What it costs after them.
    pub pay_fee: Money,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// What was bought; an order of the operator's own has no product.
    pub product: Option<ProductId>,
    /// What that is called now.
    pub product_name: Option<String>,
    /// What was understood of the wish.
    pub basket: Basket,
    /// How it is, or was, to be paid; 0 while that is not chosen.
    pub method: PaymentMethod,
    /// The coupon it took.
    pub coupon: Option<CouponId>,
    /// What came in for it from outside.
    pub received: Money,
    /// The order that was paid short and is paid up with this one.
    pub tops_up: Option<OrderId>,
    /// When it times out, unless it is paid.
    pub expires_at: Timestamp,
    /// When it was closed or refunded.
    pub ended_at: Option<Timestamp>,
    /// What was paid back.
    pub refunded: Money,
}

impl Order {
    /// What has not come in yet; nothing when more came in than it costs.
    pub fn missing(&self) -> Money {
        self.pay_fee.minus(self.received).unwrap_or_default().max(Money::ZERO)
    }
}

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
    VALUES ($1, $2, $3, $4, 1, 0, 0, $5, $5)
    RETURNING id";

/// Adds an order of zero price.
///
/// # Errors
/// [`StoreError::Conflict`] when the number is taken.
pub async fn insert_free(tx: &mut Tx, customer: CustomerId, order: &FreeOrder) -> Result<OrderId, StoreError> {
    let (number, title, at) = (order.trade_no.as_str(), order.title.as_str(), order.paid_at.ms());
    let (id,) = one!((i64,), tx, INSERT_FREE, customer.get(), number, order.product_type.number(), title, at)?;
    Ok(OrderId::new(id))
}

/// An order to be.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Who orders.
    pub customer: CustomerId,
    /// Its number towards people.
    pub trade_no: TradeNo,
    /// What is bought.
    pub product: ProductId,
    /// What that is called.
    pub product_name: String,
    /// What for.
    pub product_type: ProductType,
    /// What people read.
    pub title: String,
    /// What was understood of the wish.
    pub basket: Basket,
    /// What it costs before discounts.
    pub total_fee: Money,
    /// What it costs after them.
    pub pay_fee: Money,
    /// How it is to be paid.
    pub method: PaymentMethod,
    /// The coupon it takes.
    pub coupon: Option<CouponId>,
    /// When it is made.
    pub created_at: Timestamp,
    /// When it times out, unless it is paid.
    pub expires_at: Timestamp,
    /// Whether it is paid in the same transaction.
    pub paid: bool,
}

const INSERT: &str = "\
    INSERT INTO orders (customer_id, trade_no, product_type, title, status, total_fee, pay_fee, created_at, paid_at,
        product_id, amount, basket, method, coupon_id, tops_up, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    RETURNING id";

/// Adds an order: as it stands then.
///
/// # Errors
/// [`StoreError::Conflict`] when the number is taken.
pub async fn insert(tx: &mut Tx, order: NewOrder) -> Result<Order, StoreError> {
    let status = if order.paid { OrderStatus::Paid } else { OrderStatus::AwaitingPayment };
    let tops_up = order.basket.tops_up.map(|(topped, _)| topped);
    let paid_at = order.paid.then_some(order.created_at);
    let (id,) = one!(
        (i64,),
        tx,
        INSERT,
        order.customer.get(),
        order.trade_no.as_str(),
        order.product_type.number(),
        order.title.as_str(),
        status.number(),
        order.total_fee.minor(),
        order.pay_fee.minor(),
        order.created_at.ms(),
        paid_at.map(Timestamp::ms),
        order.product.get(),
        i64::from(order.basket.amount.max(1)),
        serde_json::to_string(&order.basket)?,
        order.method.get(),
        order.coupon.map(CouponId::get),
        tops_up.map(OrderId::get),
        order.expires_at.ms(),
    )?;
    Ok(Order {
        id: OrderId::new(id),
        customer: order.customer,
        trade_no: order.trade_no,
        product_type: order.product_type,
        title: order.title,
        status,
        total_fee: order.total_fee,
        pay_fee: order.pay_fee,
        created_at: order.created_at,
        paid_at,
        product: Some(order.product),
        product_name: Some(order.product_name),
        basket: order.basket,
        method: order.method,
        coupon: order.coupon,
        received: Money::ZERO,
        tops_up,
        expires_at: order.expires_at,
        ended_at: None,
        refunded: Money::ZERO,
    })
}

const OF_CUSTOMER: &str = concat!("SELECT ", columns!(), " FROM orders WHERE customer_id = $1 AND trade_no = $2");

/// A customer's order by its number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn of_customer(tx: &mut Tx, customer: CustomerId, trade_no: &TradeNo) -> Result<Option<Order>, StoreError> {
    optional!(OrderRow, tx, OF_CUSTOMER, customer.get(), trade_no.as_str())?.map(Order::try_from).transpose()
}

const OF_CUSTOMER_BY_ID: &str = concat!("SELECT ", columns!(), " FROM orders WHERE customer_id = $1 AND id = $2");

/// A customer's order by its place in the store.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn of_customer_by_id(tx: &mut Tx, customer: CustomerId, id: OrderId) -> Result<Option<Order>, StoreError> {
    optional!(OrderRow, tx, OF_CUSTOMER_BY_ID, customer.get(), id.get())?.map(Order::try_from).transpose()
}

const BY_TRADE_NO: &str = concat!("SELECT ", columns!(), " FROM orders WHERE trade_no = $1");

/// Anybody's order by its number, for the operator.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_trade_no(tx: &mut Tx, trade_no: &TradeNo) -> Result<Option<Order>, StoreError> {
    optional!(OrderRow, tx, BY_TRADE_NO, trade_no.as_str())?.map(Order::try_from).transpose()
}

const LOCK: &str = concat!("SELECT ", columns!(), " FROM orders WHERE customer_id = $1 AND id = $2 FOR NO KEY UPDATE");

/// A customer's order as it now stands; nobody else moves it before this transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(tx: &mut Tx, customer: CustomerId, id: OrderId) -> Result<Option<Order>, StoreError> {
    optional!(OrderRow, tx, LOCK, customer.get(), id.get())?.map(Order::try_from).transpose()
}

const LOCK_OVERDUE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM orders WHERE id IN (
        SELECT id FROM orders WHERE status = 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2
    ) AND status = 0 AND expires_at <= $1 ORDER BY id FOR NO KEY UPDATE"
);

/// At most so many orders that timed out, longest ago first; nobody else moves them before this transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock_overdue(tx: &mut Tx, now: Timestamp, most: u32) -> Result<Vec<Order>, StoreError> {
    let found = all!(OrderRow, tx, LOCK_OVERDUE, now.ms(), i64::from(most))?;
    found.into_iter().map(Order::try_from).collect()
}

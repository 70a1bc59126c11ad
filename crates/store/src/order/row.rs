//! An order as the database has it.

use turnpike_domain::ids::{CouponId, CustomerId, OrderId, PaymentMethod, ProductId};
use turnpike_domain::money::Money;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;

use super::Order;
use crate::error::StoreError;

/// What is selected of `orders`.
macro_rules! columns {
    () => {
        "orders.id, orders.customer_id, orders.trade_no, orders.product_type, orders.title, orders.status,
        orders.total_fee, orders.pay_fee, orders.created_at, orders.paid_at, orders.product_id,
        (SELECT product.name FROM product WHERE product.id = orders.product_id) AS product_name,
        orders.basket, orders.method, orders.coupon_id, orders.received, orders.tops_up, orders.expires_at,
        orders.ended_at, orders.refunded"
    };
}
pub(super) use columns;

#[derive(sqlx::FromRow)]
pub(super) struct OrderRow {
    id: i64,
    customer_id: i64,
    trade_no: String,
    product_type: i64,
    title: String,
    status: i64,
    total_fee: i64,
    pay_fee: i64,
    created_at: i64,
    paid_at: Option<i64>,
    product_id: Option<i64>,
    product_name: Option<String>,
    basket: String,
    method: i64,
    coupon_id: Option<i64>,
    received: i64,
    tops_up: Option<i64>,
    expires_at: i64,
    ended_at: Option<i64>,
    refunded: i64,
}

impl TryFrom<OrderRow> for Order {
    type Error = StoreError;

    fn try_from(row: OrderRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "orders", column, id: row.id };
        let money = |minor, column| Money::from_minor(minor).ok_or(corrupt(column));
        Ok(Self {
            id: OrderId::new(row.id),
            customer: CustomerId::new(row.customer_id),
            trade_no: TradeNo::parse(&row.trade_no).ok_or(corrupt("trade_no"))?,
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt("product_type"))?,
            status: OrderStatus::from_number(row.status).ok_or(corrupt("status"))?,
            total_fee: money(row.total_fee, "total_fee")?,
            pay_fee: money(row.pay_fee, "pay_fee")?,
            received: money(row.received, "received")?,
            refunded: money(row.refunded, "refunded")?,
            basket: serde_json::from_str(&row.basket).map_err(|_| corrupt("basket"))?,
            title: row.title,
            created_at: Timestamp::from_ms(row.created_at),
            paid_at: row.paid_at.map(Timestamp::from_ms),
            product: row.product_id.map(ProductId::new),
            product_name: row.product_name,
            method: PaymentMethod::new(row.method),
            coupon: row.coupon_id.map(CouponId::new),
            tops_up: row.tops_up.map(OrderId::new),
            expires_at: Timestamp::from_ms(row.expires_at),
            ended_at: row.ended_at.map(Timestamp::from_ms),
        })
    }
}

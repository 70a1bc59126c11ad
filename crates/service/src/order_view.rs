//! Orders as people and programs see them.

use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CouponId, CustomerId, OrderId, PaymentMethod, ProductId};
use turnpike_domain::money::Money;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_store::order::Order;

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// Which order.
    pub id: OrderId,
    /// Who ordered.
    pub customer: CustomerId,
    /// Its number towards people.
    pub trade_no: TradeNo,
    /// What was bought; an order of the operator's own has no product.
    pub product: Option<ProductId>,
    /// What for.
    pub product_type: ProductType,
    /// What that is called now, or was when there is no product.
    pub product_name: String,
    /// What people read.
    pub title: String,
    /// How many units.
    pub amount: u32,
    /// How many static IPs in which country, where some were ordered.
    pub regions: Vec<(CountryCode, u32)>,
    /// What is renewed, or the order that is topped up: what `upids` said.
    pub upids: Vec<i64>,
    /// The coupon it took.
    pub coupon: Option<CouponId>,
    /// What it costs before discounts.
    pub total_fee: Money,
    /// What it costs after them.
    pub pay_fee: Money,
    /// What came in for it from outside.
    pub received: Money,
    /// What was paid back.
    pub refunded: Money,
    /// Where it stands.
    pub status: OrderStatus,
    /// How it is, or was, to be paid; 0 while that is not chosen.
    pub method: PaymentMethod,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// When it times out, unless it is paid.
    pub expires_at: Timestamp,
    /// When it was closed or refunded.
    pub ended_at: Option<Timestamp>,
}

impl OrderView {
    /// What has not come in yet from outside; nothing when more came in than it costs.
    pub fn missing(&self) -> Money {
        self.pay_fee.minus(self.received).unwrap_or_default().max(Money::ZERO)
    }
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        let renewed = order.basket.renews.iter().map(|renewed| renewed.holding.get());
        Self {
            id: order.id,
            customer: order.customer,
            trade_no: order.trade_no,
            product: order.product,
            product_type: order.product_type,
            product_name: order.product_name.unwrap_or_else(|| order.title.clone()),
            title: order.title,
            amount: order.basket.amount.max(1),
            upids: renewed.chain(order.tops_up.map(OrderId::get)).collect(),
            regions: order.basket.regions,
            coupon: order.coupon,
            total_fee: order.total_fee,
            pay_fee: order.pay_fee,
            received: order.received,
            refunded: order.refunded,
            status: order.status,
            method: order.method,
            created_at: order.created_at,
            paid_at: order.paid_at,
            expires_at: order.expires_at,
            ended_at: order.ended_at,
        }
    }
}

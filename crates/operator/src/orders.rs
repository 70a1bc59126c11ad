//! Orders: everybody's, with the payment that confirms one, the close that ends one, and the refund that takes one back.

use serde::Serialize;
use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CouponId, CustomerId, OrderId, ProductId};
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;
use turnpike_service::{OrderFilter, OrderView, RefundView};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Given, Members, Nothing, Wish};
use crate::problem::{Kind, Problem};
use crate::read;
use crate::shapes::{Amount, AmountShape, AnyProductType, CountryShape, Moment, StatusShape, TimeShape, TradeNoShape};

/// An order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Order {
    /// 28 digits.
    #[schema(value_type = TradeNoShape, inline)]
    trade_no: String,
    /// Its number in the store, as customers see it.
    #[schema(minimum = 1)]
    id: i64,
    /// Who ordered.
    #[schema(minimum = 1)]
    customer: i64,
    /// What was bought; `null` for what the operator granted.
    #[schema(required = true, minimum = 1)]
    product: Option<i64>,
    #[schema(value_type = AnyProductType)]
    product_type: i64,
    product_name: String,
    /// What people read on it.
    title: String,
    /// How many units.
    #[schema(minimum = 1)]
    amount: u32,
    /// How many static IPs in which country, where some were ordered.
    regions: Vec<Region>,
    /// The static IPs that are renewed, or the order that is topped up, by their numbers.
    upids: Vec<i64>,
    /// The coupon it took, by its number.
    #[schema(required = true, minimum = 1)]
    coupon: Option<i64>,
    #[schema(value_type = StatusShape)]
    status: &'static str,
    /// Before discounts.
    total_fee: Amount,
    /// After discounts: what is charged.
    pay_fee: Amount,
    /// What came in for it from outside.
    received: Amount,
    /// What was paid back.
    refunded: Amount,
    /// How it is or was to be paid; 0 while that is not chosen.
    #[schema(minimum = 0)]
    method: i64,
    created_at: Moment,
    #[schema(required = true)]
    paid_at: Option<Moment>,
    /// When it times out, unless it is paid.
    expires_at: Moment,
    /// When it was closed or refunded.
    #[schema(required = true)]
    ended_at: Option<Moment>,
}

/// Static IPs in a country.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderRegion)]
struct Region {
    #[schema(value_type = CountryShape, inline)]
    country: String,
    #[schema(minimum = 1)]
    count: u32,
}

impl Region {
    fn of((country, count): (CountryCode, u32)) -> Self {
        Self { country: country.to_string(), count }
    }
}

impl Order {
    pub(crate) fn of(order: &OrderView) -> Self {
        Self {
            trade_no: order.trade_no.to_string(),
            id: order.id.get(),
            customer: order.customer.get(),
            product: order.product.map(ProductId::get),
            product_type: order.product_type.number(),
            product_name: order.product_name.clone(),
            title: order.title.clone(),
            amount: order.amount,
            regions: order.regions.iter().copied().map(Region::of).collect(),
            upids: order.upids.clone(),
            coupon: order.coupon.map(CouponId::get),
            status: read::status_word(order.status),
            total_fee: Amount(order.total_fee),
            pay_fee: Amount(order.pay_fee),
            received: Amount(order.received),
            refunded: Amount(order.refunded),
            method: order.method.get(),
            created_at: Moment(order.created_at),
            paid_at: order.paid_at.map(Moment),
            expires_at: Moment(order.expires_at),
            ended_at: order.ended_at.map(Moment),
        }
    }
}

/// Newest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only this customer's.
    #[schema(value_type = i64, required = false, minimum = 1)]
    customer: Option<CustomerId>,
    #[schema(value_type = StatusShape, required = false, inline)]
    status: Option<OrderStatus>,
    /// Only of this type.
    #[schema(value_type = AnyProductType, required = false, inline)]
    product_type: Option<ProductType>,
    /// Only made from then on.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T00:00:00Z")]
    since: Option<Timestamp>,
    /// Only made until then.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T23:59:59Z")]
    until: Option<Timestamp>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        let customer = members.optional("customer", |given| read::integer(given, 1..=i64::MAX));
        let status = members.optional("status", read::order_status);
        let product_type = members.optional("product_type", |given| read::product_type(given, |_| true));
        let since = members.optional("since", read::time);
        let until = members.optional("until", read::time);
        Some(Self { customer: customer.map(CustomerId::new), status, product_type, since, until })
    }
}

impl Filter {
    /// Whose, and which of them.
    pub(crate) fn into_filter(self) -> (Option<CustomerId>, OrderFilter) {
        let Self { customer, status, product_type, since: from, until: to } = self;
        (customer, OrderFilter { status, product_type, from, to, ..OrderFilter::default() })
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Order>, Problem> {
    let (customer, filter) = filter.into_filter();
    let before = desk.cursors().after(&desk.paging)?.map(OrderId::new);
    let found = desk.service.page_orders(customer, &filter, before, one_more(&desk.paging)).await?;
    let place = |order: &OrderView| order.id.get();
    Ok(desk.cursors().page(&desk.paging, found, (place, |order| Order::of(&order))))
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Order, Problem> {
    Ok(Order::of(&desk.service.find_order(&trade_no(&desk)?).await?))
}

pub(crate) async fn close(desk: Desk, _: Nothing) -> Result<Order, Problem> {
    let trade_no = trade_no(&desk)?;
    let customer = desk.service.find_order(&trade_no).await?.customer;
    Ok(Order::of(&desk.acting(Order::of).close_order(&desk.actor, customer, trade_no).await?))
}

/// The order goes back whole, and with it what is unused of what it gave.
#[derive(ToSchema)]
pub(crate) struct RefundWish {
    /// What to pay back; the unused share of the price when not given. A dry run tells how much that is.
    #[schema(value_type = AmountShape, inline, required = false, example = "5.00")]
    amount: Option<turnpike_domain::money::Money>,
}

impl Wish for RefundWish {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { amount: members.optional("amount", read::money) })
    }
}

/// What a refund came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct Refund {
    /// What was paid back: to the balance, or of a recharge out of it.
    refunded: Amount,
    /// The bonus that went with a recharge.
    bonus: Amount,
    order: Order,
}

impl Refund {
    fn of(refund: &RefundView) -> Self {
        Self { refunded: Amount(refund.amount), bonus: Amount(refund.bonus), order: Order::of(&refund.order) }
    }
}

pub(crate) async fn refund(desk: Desk, wish: RefundWish) -> Result<Refund, Problem> {
    let trade_no = trade_no(&desk)?;
    Ok(Refund::of(&desk.acting(Refund::of).refund_order(&desk.actor, trade_no, wish.amount).await?))
}

/// The order's number in the path.
pub(crate) fn trade_no(desk: &Desk) -> Result<TradeNo, Problem> {
    let text: String = desk.place("order")?;
    TradeNo::parse(&text).ok_or_else(|| Problem::new(Kind::NotFound, "no such order"))
}

/// An order's number as a member.
pub(crate) fn read_trade_no(given: Given<'_>) -> Result<TradeNo, String> {
    TradeNo::parse(read::text(given)?).ok_or_else(|| "must be an order's number of 28 digits".to_owned())
}

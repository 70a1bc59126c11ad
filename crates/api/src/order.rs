//! `order/*`: what customers buy (contract §5, §8).

mod listing;
mod wish;

use serde::Serialize;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::trade_no::TradeNo;
use turnpike_service::{OrderQuote, OrderView};
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::envelope::Nothing;
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::shapes::{AnyProductType, Hundredths};

pub(crate) use listing::list;
pub(crate) use wish::{CheckOrder, CreateOrder};

/// An order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Order {
    id: i64,
    /// 28 digits, always a text.
    #[schema(example = "2022051312134339861461465434")]
    trade_no: String,
    /// 0 for what the operator granted.
    product_id: i64,
    product_name: String,
    /// Before discounts.
    #[schema(value_type = f64, example = 10)]
    total_fee: Hundredths,
    /// After discounts: what is charged.
    #[schema(value_type = f64, example = 9.5)]
    pay_fee: Hundredths,
    /// 0 awaiting payment, 1 paid, 2 timed out or closed, 3 refunded.
    #[schema(minimum = 0, maximum = 3)]
    status: i64,
    /// RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-03-10T12:00:00Z")]
    created_at: String,
}

impl Order {
    fn of(order: &OrderView) -> Self {
        Self {
            id: order.id.get(),
            trade_no: order.trade_no.to_string(),
            product_id: order.product.map_or(0, turnpike_domain::ids::ProductId::get),
            product_name: order.product_name.clone(),
            total_fee: order.total_fee.into(),
            pay_fee: order.pay_fee.into(),
            status: order.status.number(),
            created_at: format_rfc3339(order.created_at),
        }
    }
}

/// An order and what stands about it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderInfo {
    #[serde(flatten)]
    #[schema(inline)]
    order: Order,
    title: String,
    #[schema(value_type = AnyProductType)]
    product_type: ProductType,
    amount: u32,
    /// How it is or was to be paid; 0 while that is not chosen.
    pm_id: i64,
    /// What came in for it from outside so far.
    #[schema(value_type = f64, example = 0)]
    received_fee: Hundredths,
    /// What was paid back.
    #[schema(value_type = f64, example = 0)]
    refund_fee: Hundredths,
    /// RFC 3339 in UTC; null until it is paid.
    #[schema(format = DateTime)]
    pay_at: Option<String>,
    /// When it times out if it is not paid, RFC 3339 in UTC; null once it does not await payment.
    #[schema(format = DateTime)]
    expire_at: Option<String>,
}

impl OrderInfo {
    fn of(order: &OrderView) -> Self {
        let awaits = order.status == OrderStatus::AwaitingPayment;
        Self {
            order: Order::of(order),
            title: order.title.clone(),
            product_type: order.product_type,
            amount: order.amount,
            pm_id: order.method.get(),
            received_fee: order.received.into(),
            refund_fee: order.refunded.into(),
            pay_at: order.paid_at.map(format_rfc3339),
            expire_at: awaits.then(|| format_rfc3339(order.expires_at)),
        }
    }
}

pub(crate) async fn create(caller: Caller, wish: CreateOrder) -> Result<Order, ApiError> {
    let service = caller.acting_for(Order::of);
    Ok(Order::of(&service.create_order(&caller.actor(), caller.customer, wish.into()).await?))
}

/// What an order would cost.
#[derive(Serialize, ToSchema)]
pub(crate) struct Price {
    /// After discounts.
    #[schema(value_type = f64, example = 9.5)]
    pay_fee: Hundredths,
    /// Before discounts.
    #[schema(value_type = f64, example = 10)]
    total_fee: Hundredths,
    /// What the order would be called.
    title: String,
}

pub(crate) async fn check(caller: Caller, wish: CheckOrder) -> Result<Price, ApiError> {
    let OrderQuote { total, pay, title, .. } = caller.service.order_quote(caller.customer, &wish.into()).await?;
    Ok(Price { pay_fee: pay.into(), total_fee: total.into(), title })
}

/// Closes an order that awaits payment. What it held is free again: a coupon, the discount for being invited; what had
/// come in for it goes to the balance.
#[derive(ToSchema)]
#[schema(title = "Close an order")]
pub(crate) struct CloseOrder {
    #[schema(value_type = String, example = "2022051312134339861461465434")]
    trade_no: String,
}

impl Wish for CloseOrder {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { trade_no: fields.required("trade_no", |given| fields::text(given).map(str::to_owned))? })
    }
}

pub(crate) async fn close(caller: Caller, wish: CloseOrder) -> Result<Nothing, ApiError> {
    let trade_no = known(&wish.trade_no)?;
    caller.acting_for(|_: &OrderView| Nothing).close_order(&caller.actor(), caller.customer, trade_no).await?;
    Ok(Nothing)
}

/// Shows one order.
#[derive(ToSchema)]
#[schema(title = "Order")]
pub(crate) struct AskOrder {
    #[schema(value_type = String, example = "2022051312134339861461465434")]
    trade_no: String,
}

impl Wish for AskOrder {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { trade_no: fields.required("trade_no", |given| fields::text(given).map(str::to_owned))? })
    }
}

pub(crate) async fn info(caller: Caller, wish: AskOrder) -> Result<OrderInfo, ApiError> {
    let trade_no = known(&wish.trade_no)?;
    Ok(OrderInfo::of(&caller.service.order_info(caller.customer, &trade_no).await?))
}

/// The number of an order there may be; no order has any other.
pub(crate) fn known(trade_no: &str) -> Result<TradeNo, ApiError> {
    TradeNo::parse(trade_no.trim()).ok_or(ApiError::NoSuchOrder)
}

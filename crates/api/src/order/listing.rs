//! `order/list`: paging B (contract 0.5), newest first.

use serde::Serialize;
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_service::OrderFilter;
use utoipa::ToSchema;

use super::Order;
use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::fields::{self, Fields};
use crate::parameters::Given;
use crate::shapes::AnyProductType;

/// Orders on a page when the caller names no number.
const PAGE_SIZE: u32 = 20;
/// Orders on a page at most.
const LARGEST_PAGE: u32 = 1000;

/// Lists the orders page by page, newest first.
#[derive(ToSchema)]
#[schema(title = "Orders")]
pub(crate) struct ListOrders {
    /// Which page, from 1. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1)]
    page_no: u32,
    /// Orders on a page. Default: 20. More than 1000 counts as 1000.
    #[schema(value_type = u32, required = false, minimum = 1)]
    page_size: u32,
    /// The whole order number: nothing is searched for.
    #[schema(value_type = String, required = false)]
    trade_no: Option<String>,
    /// 0 awaiting payment, 1 paid, 2 timed out or closed, 3 refunded.
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 3)]
    status: Option<OrderStatus>,
    #[schema(value_type = AnyProductType, required = false)]
    product_type: Option<ProductType>,
    /// Made then or later: `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD`.
    #[schema(value_type = String, required = false)]
    start_time: Option<Timestamp>,
    /// Made then or earlier, that second included; a bare date means its last second.
    #[schema(value_type = String, required = false)]
    end_time: Option<Timestamp>,
}

impl Wish for ListOrders {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let page_no = fields.optional("page_no", |given| fields::count(given, 1, u32::MAX));
        let page_size = fields.optional("page_size", |given| fields::count(given, 1, LARGEST_PAGE));
        let trade_no = fields.optional("trade_no", |given| fields::text(given).map(str::to_owned));
        let status = fields.optional("status", status);
        let product_type = fields.optional("product_type", fields::product_type);
        let zone = fields.zone();
        let start_time = fields.optional("start_time", |given| fields::first_moment(given, zone));
        let end_time = fields.optional("end_time", |given| fields::last_moment(given, zone));
        Some(Self {
            page_no: page_no.unwrap_or(1),
            page_size: page_size.unwrap_or(PAGE_SIZE),
            trade_no,
            status,
            product_type,
            start_time,
            end_time,
        })
    }
}

fn status(given: &Given) -> Result<OrderStatus, FieldError> {
    OrderStatus::from_number(fields::whole_number(given)?).ok_or(FieldError::StatusUnknown)
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderPage {
    list: Vec<Order>,
    pagination: Pagination,
}

/// Where the page is in the whole.
#[derive(Serialize, ToSchema)]
struct Pagination {
    /// How many there are in all.
    total: u64,
    /// Which page, from 1.
    page_no: u32,
    /// How many a page holds.
    page_size: u32,
    /// How many pages there are in all.
    total_pages: u64,
}

pub(crate) async fn list(caller: Caller, wish: ListOrders) -> Result<OrderPage, ApiError> {
    let ListOrders { page_no, page_size, trade_no, status, product_type, start_time, end_time } = wish;
    let filter = OrderFilter {
        trade_no,
        status,
        product_type,
        from: start_time,
        to: end_time.map(|second| second.plus(Span::from_ms(999))),
        page: page_no,
        size: page_size,
    };
    let page = caller.service.list_orders(caller.customer, filter).await?;
    Ok(OrderPage {
        list: page.items.iter().map(Order::of).collect(),
        pagination: Pagination {
            total: page.total,
            page_no,
            page_size,
            total_pages: page.total.div_ceil(u64::from(page_size.max(1))),
        },
    })
}

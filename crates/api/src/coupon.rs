//! `coupon/list`: coupons that a customer can use (contract §8).

use serde::Serialize;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::coupon::Reduction;
use turnpike_domain::product::ProductType;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::shapes::{AnyProductType, Hundredths, PageOf};

/// Coupons on a page when the caller names no number.
const PAGE_SIZE: u32 = 20;
/// Coupons on a page at most.
const LARGEST_PAGE: u32 = 1000;

/// Lists the coupons that can be used now, page by page, newest first.
#[derive(ToSchema)]
#[schema(title = "Coupons")]
pub(crate) struct ListCoupons {
    /// Which page, from 1. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1)]
    page: u32,
    /// Coupons on a page. Default: 20. More than 1000 counts as 1000.
    #[schema(value_type = u32, required = false, minimum = 1)]
    size: u32,
}

impl Wish for ListCoupons {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let page = fields.optional("page", |given| fields::count(given, 1, u32::MAX));
        let size = fields.optional("size", |given| fields::count(given, 1, LARGEST_PAGE));
        Some(Self { page: page.unwrap_or(1), size: size.unwrap_or(PAGE_SIZE) })
    }
}

pub(crate) async fn list(caller: Caller, wish: ListCoupons) -> Result<PageOf<Coupon>, ApiError> {
    let page = caller.service.offered_coupons(caller.customer, (wish.page, wish.size)).await?;
    let list = page.items.into_iter().map(Coupon::from).collect();
    Ok(PageOf::new(list, page.page, page.size, page.total))
}

/// A coupon.
#[derive(Serialize, ToSchema)]
pub(crate) struct Coupon {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "Spring")]
    name: String,
    /// What `order/create` takes as `coupon_sn`.
    #[schema(example = "SPRING-26")]
    code: String,
    /// What it takes off: percent, or an amount of money.
    #[schema(value_type = f64, example = 12.5)]
    discount: Hundredths,
    discount_type: DiscountType,
    /// From then on it cannot be used; RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-04-01T00:00:00Z")]
    expire_time: String,
    /// The types of products it is for; together with `products` empty for all.
    #[schema(value_type = Vec<AnyProductType>)]
    product_types: Vec<ProductType>,
    /// The codes of products it is for.
    products: Vec<String>,
}

/// What a discount is counted in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DiscountType {
    Percent,
    Amount,
}

impl From<turnpike_domain::coupon::Coupon> for Coupon {
    fn from(coupon: turnpike_domain::coupon::Coupon) -> Self {
        let (discount, discount_type) = match coupon.terms.reduction {
            Reduction::Percent(percent) => (Hundredths::from(percent), DiscountType::Percent),
            Reduction::Amount(amount) => (Hundredths::from(amount), DiscountType::Amount),
        };
        Self {
            id: coupon.id.get(),
            name: coupon.terms.name,
            code: coupon.terms.code.to_string(),
            discount,
            discount_type,
            expire_time: format_rfc3339(coupon.terms.expires_at),
            product_types: coupon.terms.scope.types,
            products: coupon.terms.scope.products,
        }
    }
}

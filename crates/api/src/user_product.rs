//! `user-product/*`: a customer's packages (contract §3).

pub(crate) mod auto_renewal;

use serde::Serialize;
use turnpike_domain::calendar::Zone;
use turnpike_domain::product::ProductType;
use turnpike_service::{PackageFilter, PackageSummary, PackageView};
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::fields::{self, Fields};
use crate::parameters::Given;
use crate::shapes::{AnyProductType, PageOf, SummaryProductType};

/// The package types that the summary tells of.
pub(crate) const SUMMARISED: [ProductType; 2] = [ProductType::DynamicTraffic, ProductType::IdcTraffic];

/// Packages on a page when the caller names no number.
const PAGE_SIZE: u32 = 20;
/// Packages on a page at most.
const LARGEST_PAGE: u32 = 1000;

/// Lists the packages page by page, newest first.
#[derive(ToSchema)]
#[schema(title = "Packages")]
pub(crate) struct ListPackages {
    /// The whole order number: nothing is searched for.
    #[schema(value_type = String, required = false, example = "2022051312134339861461465434")]
    trade_no: Option<String>,
    /// Which page, from 1. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1)]
    page: u32,
    /// Packages on a page. Default: 20. More than 1000 counts as 1000.
    #[schema(value_type = u32, required = false, minimum = 1)]
    size: u32,
    #[schema(value_type = AnyProductType, required = false)]
    product_type: Option<ProductType>,
}

impl Wish for ListPackages {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let trade_no = fields.optional("trade_no", |given| fields::text(given).map(str::to_owned));
        let page = fields.optional("page", |given| fields::count(given, 1, u32::MAX));
        let size = fields.optional("size", |given| fields::count(given, 1, LARGEST_PAGE));
        let product_type = fields.optional("product_type", fields::product_type);
        Some(Self { trade_no, page: page.unwrap_or(1), size: size.unwrap_or(PAGE_SIZE), product_type })
    }
}

pub(crate) async fn list(caller: Caller, wish: ListPackages) -> Result<PageOf<Package>, ApiError> {
    let filter =
        PackageFilter { trade_no: wish.trade_no, product_type: wish.product_type, page: wish.page, size: wish.size };
    let page = caller.service.list_packages(caller.customer, filter).await?;
    let zone = caller.service.zone();
    let list = page.items.iter().map(|package| Package::of(package, zone)).collect();
    Ok(PageOf::new(list, page.page, page.size, page.total))
}

/// A package.
#[derive(Serialize, ToSchema)]
pub(crate) struct Package {
    id: i64,
    /// When it begins to count, `YYYY-MM-DD HH:MM:SS`.
    created_at: String,
    /// When it ends to count.
    expired_at: String,
    #[schema(value_type = AnyProductType)]
    product_type: ProductType,
    /// The order's number: 28 digits.
    trade_no: String,
    order: Order,
}

/// The order a package came from.
#[derive(Serialize, ToSchema)]
struct Order {
    created_at: String,
    pay_at: String,
    title: String,
}

impl Package {
    fn of(package: &PackageView, zone: &Zone) -> Self {
        Self {
            id: package.id.get(),
            created_at: zone.format(package.starts_at),
            expired_at: zone.format(package.expires_at),
            product_type: package.product_type,
            trade_no: package.trade_no.to_string(),
            order: Order {
                created_at: zone.format(package.order.created_at),
                pay_at: zone.format(package.order.paid_at),
                title: package.order.title.clone(),
            },
        }
    }
}

/// Adds up the packages of one or both traffic types.
#[derive(ToSchema)]
#[schema(title = "Package sums")]
pub(crate) struct Summarise {
    /// Default: both.
    #[schema(value_type = SummaryProductType, required = false)]
    product_type: Option<ProductType>,
}

impl Wish for Summarise {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { product_type: fields.optional("product_type", summarised) })
    }
}

fn summarised(given: &Given) -> Result<ProductType, FieldError> {
    match fields::product_type(given) {
        Ok(product_type) if SUMMARISED.contains(&product_type) => Ok(product_type),
        Ok(_) | Err(FieldError::ProductTypeUnknown) => Err(FieldError::ProductTypeWithoutSummary),
        Err(error) => Err(error),
    }
}

pub(crate) async fn summary(caller: Caller, wish: Summarise) -> Result<Summary, ApiError> {
    let types = wish.product_type.as_ref().map_or(&SUMMARISED[..], std::slice::from_ref);
    Ok(caller.service.summarise_packages(caller.customer, types).await?.into())
}

/// Sums in KB, and counts. `effective` = `effective_total` - `effective_used`; `used` = `total` - `effective` -
/// `expired`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Summary {
    /// All packages.
    total: u64,
    total_count: u64,
    /// What is left of those that count now.
    effective: u64,
    effective_count: u64,
    effective_total: u64,
    effective_used: u64,
    /// The part of `effective` that expires within 7 days.
    temporary: u64,
    temporary_count: u64,
    /// What was left unused in those that have expired.
    expired: u64,
    expired_count: u64,
    used: u64,
}

impl From<PackageSummary> for Summary {
    fn from(summary: PackageSummary) -> Self {
        Self {
            total: summary.total.kilobytes(),
            total_count: summary.total_count,
            effective: summary.effective.kilobytes(),
            effective_count: summary.effective_count,
            effective_total: summary.effective_total.kilobytes(),
            effective_used: summary.effective_used.kilobytes(),
            temporary: summary.temporary.kilobytes(),
            temporary_count: summary.temporary_count,
            expired: summary.expired.kilobytes(),
            expired_count: summary.expired_count,
            used: summary.used.kilobytes(),
        }
    }
}

//! `product`: what is on sale (contract §8).

use std::collections::BTreeMap;

use serde::Serialize;
use turnpike_domain::catalogue::{Sku, Step};
use turnpike_domain::country::CountryCode;
use turnpike_domain::product::ProductType;
use turnpike_domain::units::Bytes;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::shapes::{AnyProductType, Hundredths};

/// Lists what is on sale.
#[derive(ToSchema)]
#[schema(title = "Products")]
pub(crate) struct ListProducts {
    #[schema(value_type = AnyProductType, required = false)]
    r#type: Option<ProductType>,
}

impl Wish for ListProducts {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { r#type: fields.optional("type", fields::product_type) })
    }
}

pub(crate) async fn list(caller: Caller, wish: ListProducts) -> Result<Vec<Product>, ApiError> {
    let products = caller.service.products_on_sale(wish.r#type).await?;
    Ok(products.into_iter().map(Product::from).collect())
}

/// Something that can be ordered.
#[derive(Serialize, ToSchema)]
pub(crate) struct Product {
    /// What `order/create` takes as `pid`.
    #[schema(example = 2)]
    id: i64,
    #[schema(example = "Dynamic residential traffic")]
    name: String,
    /// What orders of it are called.
    #[schema(example = "Dynamic residential traffic, 1 GB")]
    title: String,
    #[schema(value_type = AnyProductType)]
    r#type: ProductType,
    /// What one unit costs, unless `steps` or `countries` say otherwise.
    #[schema(value_type = f64, example = 5)]
    price: Hundredths,
    description: String,
    /// The traffic of one unit in KB; `null` without a limit, or where no traffic is sold.
    #[schema(required = true, example = 1_048_576)]
    flow: Option<u64>,
    /// How many seconds it is valid from payment.
    #[schema(example = 2_592_000)]
    validity: i64,
    /// The kind of static IP that it is for: 14 or 25.
    #[schema(value_type = Option<i64>, required = true)]
    ip_type: Option<ProductType>,
    /// The fewest units in an order.
    #[schema(minimum = 1, example = 1)]
    min: u32,
    /// The most units in an order.
    #[schema(minimum = 1, example = 1000)]
    max: u32,
    /// How many units are left; `null` without a limit, or where static IPs are counted.
    #[schema(required = true)]
    stock: Option<u64>,
    /// What one unit costs from a quantity on, for all units of the order.
    steps: Vec<StepView>,
    /// What one static IP, or a month of it, costs in countries with a price of their own.
    #[schema(value_type = BTreeMap<String, f64>)]
    countries: BTreeMap<CountryCode, Hundredths>,
    /// Whether only those countries are sold.
    only_countries: bool,
    /// The bandwidths of a time plan, in kbit/s: one must be chosen.
    #[serde(rename = "product_sku_bandwidth")]
    bandwidth: Vec<SkuView>,
    /// The concurrent tunnels of a time plan: one must be chosen.
    #[serde(rename = "product_sku_concurrency")]
    concurrency: Vec<SkuView>,
}

/// A price from a quantity on.
#[derive(Serialize, ToSchema)]
#[schema(as = ProductStep)]
struct StepView {
    #[schema(example = 10)]
    from: u32,
    #[schema(value_type = f64, example = 4.5)]
    price: Hundredths,
}

/// A part of a time plan.
#[derive(Serialize, ToSchema)]
#[schema(as = ProductSku)]
struct SkuView {
    /// What `order/create` takes as `product_sku_bandwidth_id` or `product_sku_concurrency_id`.
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "10 Mbit/s")]
    title: String,
    #[schema(example = 10_000)]
    value: u64,
    /// What it adds to the price of a unit.
    #[schema(value_type = f64, example = 2.5)]
    price: Hundredths,
}

impl From<turnpike_domain::catalogue::Product> for Product {
    fn from(product: turnpike_domain::catalogue::Product) -> Self {
        let terms = product.terms;
        Self {
            id: product.id.get(),
            name: product.name,
            title: product.title,
            r#type: product.product_type,
            price: product.price.into(),
            description: product.description,
            flow: product.size.map(Bytes::kilobytes),
            validity: product.validity.ms().div_euclid(1000),
            ip_type: product.ip_type,
            min: product.least,
            max: product.most,
            stock: product.stock,
            steps: terms.steps.into_iter().map(StepView::from).collect(),
            countries: terms.countries.into_iter().map(|(country, price)| (country, price.into())).collect(),
            only_countries: terms.only_countries,
            bandwidth: terms.bandwidth.into_iter().map(SkuView::from).collect(),
            concurrency: terms.concurrency.into_iter().map(SkuView::from).collect(),
        }
    }
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        Self { from: step.from, price: step.price.into() }
    }
}

impl From<Sku> for SkuView {
    fn from(sku: Sku) -> Self {
        Self { id: sku.id, title: sku.title, value: sku.value, price: sku.price.into() }
    }
}

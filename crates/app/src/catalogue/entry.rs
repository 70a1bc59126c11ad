//! A product as it stands in the catalogue file, with the defaults of what need not be written.

use std::collections::BTreeMap;

use serde::Deserialize;
use turnpike_domain::catalogue::{Listed, Product, Sku, Step, Terms};
use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::ProductId;
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;

use super::amounts::{self, Size, Stock, Validity};

/// How long a product is valid unless it says so.
const USUAL_VALIDITY: Span = Span::from_days(30);

/// A product.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    id: Option<i64>,
    code: String,
    r#type: ProductType,
    name: String,
    title: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default = "yes")]
    on_sale: bool,
    #[serde(default)]
    rank: i64,
    #[serde(deserialize_with = "amounts::money")]
    price: Money,
    #[serde(default, deserialize_with = "given")]
    size: Option<Size>,
    #[serde(default, deserialize_with = "given")]
    validity: Option<Validity>,
    ip_type: Option<ProductType>,
    #[serde(default = "one")]
    least: u32,
    #[serde(default = "usual_most")]
    most: u32,
    #[serde(default, deserialize_with = "given")]
    stock: Option<Stock>,
    #[serde(default)]
    steps: Vec<StepEntry>,
    #[serde(default)]
    countries: BTreeMap<CountryCode, Price>,
    #[serde(default)]
    only_countries: bool,
    #[serde(default)]
    bandwidth: Vec<SkuEntry>,
    #[serde(default)]
    concurrency: Vec<SkuEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepEntry {
    from: u32,
    #[serde(deserialize_with = "amounts::money")]
    price: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SkuEntry {
    id: i64,
    title: String,
    value: u64,
    #[serde(deserialize_with = "amounts::money")]
    price: Money,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Price(#[serde(deserialize_with = "amounts::money")] Money);

const fn yes() -> bool {
    true
}

const fn one() -> u32 {
    1
}

/// The most units of an order unless the product says so.
const fn usual_most() -> u32 {
    500
}

fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    amounts::parsed(deserializer).map(Some)
}

impl Entry {
    /// The product that is meant.
    pub(super) fn listed(self) -> Listed {
        let sku = |SkuEntry { id, title, value, price }| Sku { id, title, value, price };
        let step = |StepEntry { from, price }| Step { from, price };
        let terms = Terms {
            steps: self.steps.into_iter().map(step).collect(),
            countries: self.countries.into_iter().map(|(country, Price(price))| (country, price)).collect(),
            only_countries: self.only_countries,
            bandwidth: self.bandwidth.into_iter().map(sku).collect(),
            concurrency: self.concurrency.into_iter().map(sku).collect(),
        };
        let draft = Product {
            id: self.id.map(ProductId::new),
            code: self.code,
            product_type: self.r#type,
            title: self.title.unwrap_or_else(|| self.name.clone()),
            name: self.name,
            description: self.description,
            on_sale: self.on_sale,
            rank: self.rank,
            price: self.price,
            size: self.size.map(|Size(bytes)| bytes),
            validity: self.validity.map_or(USUAL_VALIDITY, |Validity(span)| span),
            ip_type: self.ip_type,
            least: self.least,
            most: self.most,
            stock: self.stock.as_ref().and_then(|Stock(count)| *count),
            terms,
        };
        Listed { draft, keeps_stock: self.stock.is_none() }
    }
}

//! A product, as it is answered and as it is given.

use std::collections::BTreeMap;

use serde::Serialize;
use turnpike_domain::catalogue::{Listed, MOST_UNITS, Sku, Step, Terms};
use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::ProductId;
use turnpike_domain::money::Money;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::members::{Given, Members};
use crate::pricing::{self, DescriptionShape, NameLineShape, PriceShape, ProductCodeShape, nullable};
use crate::read;
use crate::shapes::{Amount, AnyProductType, StaticIpType, TitleShape};

/// The largest unit of traffic, in KB: 1 EB.
const LARGEST_KB: i64 = 1 << 50;
/// The longest validity, in seconds: ten years.
const LONGEST_S: i64 = 315_360_000;
/// The usual validity, in seconds: 30 days.
const USUAL_S: i64 = 2_592_000;
/// The most units of an order unless the product says so.
const USUAL_MOST: u32 = 500;
/// The highest place in lists.
const HIGHEST_RANK: i64 = 1_000_000;
/// The most steps, countries or parts.
const MOST_TERMS: usize = 300;
/// The most that a part of a time plan can stand for.
const HIGHEST_VALUE: i64 = 1_000_000_000;

/// A product. What may be left out has its default then.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    /// Its number; the next one when not given. It stays.
    #[schema(required = false, nullable = false, minimum = 1)]
    id: i64,
    /// What the operator calls it, for good.
    #[schema(value_type = ProductCodeShape, inline, example = "dynamic-traffic")]
    code: String,
    /// It stays.
    #[schema(value_type = AnyProductType, inline)]
    r#type: i64,
    #[schema(value_type = NameLineShape, inline, example = "Dynamic residential traffic")]
    name: String,
    /// What orders of it are called; its name when not given.
    #[schema(value_type = TitleShape, inline, required = false)]
    title: String,
    /// What customers read about it.
    #[schema(value_type = DescriptionShape, inline, required = false)]
    description: String,
    /// Whether it can be ordered.
    #[schema(required = false, default = true)]
    on_sale: bool,
    /// Its place in lists, lowest first.
    #[schema(required = false, default = 0, minimum = -1_000_000, maximum = 1_000_000)]
    rank: i64,
    /// What one unit costs. Of a recharge: the money that a unit is.
    #[schema(value_type = PriceShape, inline, example = "5.00")]
    price: Amount,
    /// The traffic of one unit; `null` without a limit, or where no traffic is sold.
    #[schema(required = false, minimum = 1, maximum = 1_125_899_906_842_624_i64)]
    size_kb: Option<u64>,
    /// How long it is valid from payment.
    #[schema(required = false, default = 2_592_000, minimum = 1, maximum = 315_360_000)]
    validity_s: i64,
    /// The kind of static IP that a renewal or a traffic add-on is for.
    #[schema(value_type = Option<StaticIpType>, required = false)]
    ip_type: Option<i64>,
    /// The fewest units of an order.
    #[schema(required = false, default = 1, minimum = 1, maximum = 100_000)]
    least: u32,
    /// The most units of an order.
    #[schema(required = false, default = 500, minimum = 1, maximum = 100_000)]
    most: u32,
    /// How many units there are; `null` without a limit; what there is when not given.
    #[schema(required = false, minimum = 0)]
    stock: Option<u64>,
    /// Prices of one unit from a quantity on, rising by quantity.
    #[schema(required = false, max_items = 300)]
    steps: Vec<StepShape>,
    /// Prices of one static IP, or a month of it, by country.
    #[schema(value_type = CountryPrices, inline, required = false)]
    countries: BTreeMap<CountryCode, Amount>,
    /// Whether only those countries are sold.
    #[schema(required = false, default = false)]
    only_countries: bool,
    /// The bandwidths of a time plan, in kbit/s.
    #[schema(required = false, max_items = 300)]
    bandwidth: Vec<SkuShape>,
    /// The concurrent tunnels of a time plan.
    #[schema(required = false, max_items = 300)]
    concurrency: Vec<SkuShape>,
}

/// A price for each of some countries.
struct CountryPrices;

impl PartialSchema for CountryPrices {
    fn schema() -> RefOr<Schema> {
        let country = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z]{2}$"));
        ObjectBuilder::new()
            .property_names(Some(Schema::Object(country.build())))
            .additional_properties(Some(PriceShape::schema()))
            .max_properties(Some(MOST_TERMS))
            .into()
    }
}

impl ToSchema for CountryPrices {}

/// A price from a quantity on.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceStep)]
struct StepShape {
    #[schema(minimum = 2, maximum = 100_000)]
    from: u32,
    #[schema(value_type = PriceShape, inline)]
    price: Amount,
}

/// A part of a time plan.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanPart)]
struct SkuShape {
    /// Its number within the product.
    #[schema(minimum = 1)]
    id: i64,
    #[schema(value_type = NameLineShape, inline)]
    title: String,
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    value: u64,
    /// What it adds to the price of a unit.
    #[schema(value_type = PriceShape, inline)]
    price: Amount,
}

impl Product {
    pub(super) fn of(product: turnpike_domain::catalogue::Product) -> Self {
        let terms = product.terms;
        let sku = |Sku { id, title, value, price }| SkuShape { id, title, value, price: Amount(price) };
        let step = |Step { from, price }| StepShape { from, price: Amount(price) };
        Self {
            id: product.id.get(),
            code: product.code,
            r#type: product.product_type.number(),
            name: product.name,
            title: product.title,
            description: product.description,
            on_sale: product.on_sale,
            rank: product.rank,
            price: Amount(product.price),
            size_kb: product.size.map(Bytes::kilobytes),
            validity_s: product.validity.ms().div_euclid(1000),
            ip_type: product.ip_type.map(ProductType::number),
            least: product.least,
            most: product.most,
            stock: product.stock,
            steps: terms.steps.into_iter().map(step).collect(),
            countries: terms.countries.into_iter().map(|(country, price)| (country, Amount(price))).collect(),
            only_countries: terms.only_countries,
            bandwidth: terms.bandwidth.into_iter().map(sku).collect(),
            concurrency: terms.concurrency.into_iter().map(sku).collect(),
        }
    }
}

/// What is to be in the catalogue.
pub(super) fn read(members: &mut Members) -> Option<Listed> {
    let any = |given: Given<'_>| read::product_type(given, |_| true);
    let id = members.optional("id", |given| read::integer(given, 1..=i64::MAX));
    let code = members.required("code", pricing::product_code);
    let product_type = members.required("type", any);
    let name = members.required("name", pricing::name);
    let title = members.optional("title", read::title);
    let description = members.optional("description", |given| pricing::prose(given, 4000, false));
    let on_sale = members.optional("on_sale", read::flag);
    let rank = members.optional("rank", |given| read::integer(given, -HIGHEST_RANK..=HIGHEST_RANK));
    let price = members.required("price", pricing::price);
    let size_kb = |given: Given<'_>| read::integer(given, 1..=LARGEST_KB).map(i64::unsigned_abs);
    let size_kb = members.optional("size_kb", |given| nullable(given, size_kb)).flatten();
    let validity_s = members.optional("validity_s", |given| read::integer(given, 1..=LONGEST_S));
    let kind = |given: Given<'_>| read::product_type(given, ProductType::is_static_ip);
    let ip_type = members.optional("ip_type", |given| nullable(given, kind)).flatten();
    let least = members.optional("least", |given| read::count(given, 1..=MOST_UNITS));
    let most = members.optional("most", |given| read::count(given, 1..=MOST_UNITS));
    let stock = |given: Given<'_>| read::integer(given, 0..=i64::MAX).map(i64::unsigned_abs);
    let stock = members.optional("stock", |given| nullable(given, stock));
    let terms = read_terms(members);
    let (name, product_type) = (name?, product_type?);
    let draft = turnpike_domain::catalogue::Draft {
        id: id.map(ProductId::new),
        code: code?,
        product_type,
        title: title.unwrap_or_else(|| name.clone()),
        name,
        description: description.unwrap_or_default(),
        on_sale: on_sale.unwrap_or(true),
        rank: rank.unwrap_or_default(),
        price: price?,
        size: size_kb.and_then(Bytes::from_kilobytes),
        validity: Span::from_secs(validity_s.unwrap_or(USUAL_S)),
        ip_type,
        least: least.unwrap_or(1),
        most: most.unwrap_or(USUAL_MOST),
        stock: stock.flatten(),
        terms,
    };
    Some(Listed { draft, keeps_stock: stock.is_none() })
}

fn read_terms(members: &mut Members) -> Terms {
    let steps = members.each("steps", MOST_TERMS, |members| {
        let from = members.required("from", |given| read::count(given, 2..=MOST_UNITS));
        let price = members.required("price", pricing::price);
        Some(Step { from: from?, price: price? })
    });
    let countries = members.optional("countries", countries);
    let only_countries = members.optional("only_countries", read::flag);
    let bandwidth = members.each("bandwidth", MOST_TERMS, read_sku);
    let concurrency = members.each("concurrency", MOST_TERMS, read_sku);
    Terms {
        steps: steps.unwrap_or_default(),
        countries: countries.unwrap_or_default(),
        only_countries: only_countries.unwrap_or_default(),
        bandwidth: bandwidth.unwrap_or_default(),
        concurrency: concurrency.unwrap_or_default(),
    }
}

fn read_sku(members: &mut Members) -> Option<Sku> {
    let id = members.required("id", |given| read::integer(given, 1..=i64::MAX));
    let title = members.required("title", pricing::name);
    let value = members.required("value", |given| read::integer(given, 1..=HIGHEST_VALUE));
    let price = members.required("price", pricing::price);
    Some(Sku { id: id?, title: title?, value: value?.unsigned_abs(), price: price? })
}

/// Prices by country.
fn countries(given: Given<'_>) -> Result<BTreeMap<CountryCode, Money>, String> {
    let listed = given.value.as_object().filter(|listed| listed.len() <= MOST_TERMS);
    let listed = listed.ok_or_else(|| format!("must be an object of at most {MOST_TERMS} countries"))?;
    let priced = listed.iter().map(|(country, value)| {
        let code = CountryCode::parse(country).map_err(|error| format!("`{}` {error}", country.escape_debug()))?;
        let price = pricing::price(Given { value, ..given }).map_err(|fault| format!("{code} {fault}"))?;
        Ok((code, price))
    });
    priced.collect()
}

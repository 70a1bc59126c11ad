//! What is sold: products, and the terms their prices follow.

mod rules;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::country::CountryCode;
use crate::ids::ProductId;
use crate::money::Money;
use crate::product::ProductType;
use crate::time::Span;
use crate::units::Bytes;

pub use rules::{Fault, MOST_STATIC_IPS, MOST_UNITS};
pub use whole::{Catalogue, Changes, Listed, MOST_PRODUCTS};

/// A product of the catalogue. One that has no number yet is a [`Draft`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product<Id = ProductId> {
    /// Its number, which customers order by.
    pub id: Id,
    /// What the operator calls it, for good: lower-case letters, digits and hyphens.
    pub code: String,
    /// What one gets.
    pub product_type: ProductType,
    /// Its name.
    pub name: String,
    /// What orders and packages of it are called.
    pub title: String,
    /// What customers read about it.
    pub description: String,
    /// Whether it can be ordered now.
    pub on_sale: bool,
    /// Its place in lists, lowest first.
    pub rank: i64,
    /// What one unit costs, unless the terms say otherwise. Of a recharge: the money that a unit is.
    pub price: Money,
    /// The traffic of one unit; `None` without a limit, or where no traffic is sold.
    pub size: Option<Bytes>,
    /// How long it is valid from payment.
    pub validity: Span,
    /// The kind of static IP that a renewal, a change quota or a traffic add-on is for: 14 or 25.
    pub ip_type: Option<ProductType>,
    /// The fewest units in an order.
    pub least: u32,
    /// The most units in an order.
    pub most: u32,
    /// How many units there are to sell; `None` without a limit. Static IPs are counted in their inventory instead.
    pub stock: Option<u64>,
    /// How its price follows quantity, country and parts.
    pub terms: Terms,
}

/// A product as the catalogue file has it: it may not have its number yet.
pub type Draft = Product<Option<ProductId>>;

/// How a price follows what is ordered. Kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// Prices of one unit from a quantity on, ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Prices of one unit by country, for static IPs and their renewal. They go before steps.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub countries: BTreeMap<CountryCode, Money>,
    /// Whether only those countries are sold.
    #[serde(skip_serializing_if = "is_false")]
    pub only_countries: bool,
    /// The bandwidths of a time plan, in kbit/s, with what each adds to a unit's price.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bandwidth: Vec<Sku>,
    /// The concurrent tunnels of a time plan, with what each choice adds to a unit's price.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concurrency: Vec<Sku>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A unit's price from a quantity on, for all units of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// From how many units on.
    pub from: u32,
    /// What a unit costs then.
    pub price: Money,
}

/// A part that a time plan is put together of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sku {
    /// Its number within the product.
    pub id: i64,
    /// What customers read.
    pub title: String,
    /// kbit/s of a bandwidth, tunnels of a concurrency.
    pub value: u64,
    /// What it adds to a unit's price.
    pub price: Money,
}

impl<Id> Product<Id> {
    /// What one of `quantity` units costs, countries and parts left aside.
    pub fn unit_price(&self, quantity: u32) -> Money {
        let reached = self.terms.steps.iter().rev().find(|step| step.from <= quantity);
        reached.map_or(self.price, |step| step.price)
    }

    /// What one of `quantity` static IPs, or a month of one, costs there; `None` where it is not sold.
    pub fn unit_price_in(&self, country: CountryCode, quantity: u32) -> Option<Money> {
        match self.terms.countries.get(&country) {
            Some(price) => Some(*price),
            None if self.terms.only_countries => None,
            None => Some(self.unit_price(quantity)),
        }
    }

    /// The same under another number.
    pub fn with_id<Other>(self, id: Other) -> Product<Other> {
        let Self { code, product_type, name, title, description, on_sale, rank, .. } = self;
        let Self { price, size, validity, ip_type, least, most, stock, terms, .. } = self;
        Product {
            id,
            code,
            product_type,
            name,
            title,
            description,
            on_sale,
            rank,
            price,
            size,
            validity,
            ip_type,
            least,
            most,
            stock,
            terms,
        }
    }
}

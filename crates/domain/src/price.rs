//! What a basket costs. The one place where a price is made: what is shown and what is charged both come from here.
//!
//! Halves of a minor unit are rounded up, once in each line. The discount for being invited comes off first, then the
//! coupon, never below nothing.

#[cfg(test)]
mod tests;

use crate::basket::{Basket, Renewed, Share};
use crate::catalogue::{Product, Sku};
use crate::country::CountryCode;
use crate::coupon::{Percent, Reduction, is_reducible};
use crate::ids::{HoldingId, OrderId};
use crate::money::Money;
use crate::product::ProductType;

/// What comes off a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discounts {
    /// The share off for having been invited.
    pub invitation: Option<Percent>,
    /// What the coupon takes off, of what is left then.
    pub coupon: Option<Reduction>,
}

/// A price and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Before discounts.
    pub total: Money,
    /// After discounts: what is charged. May be nothing.
    pub pay: Money,
    /// What it is made of; the sums add up to `pay`.
    pub lines: Vec<Line>,
}

/// A line of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What for.
    pub part: Part,
    /// How many units.
    pub quantity: u32,
    /// What one costs.
    pub unit: Money,
    /// What all of them cost, rounded; negative for a discount.
    pub sum: Money,
}

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Units of the product.
    Units,
    /// A time plan's bandwidth, by its number.
    Bandwidth(i64),
    /// A time plan's concurrency, by its number.
    Concurrency(i64),
    /// Static IPs in a country.
    Region(CountryCode),
    /// The renewal of a static IP.
    Renewal(HoldingId),
    /// Money that is paid in.
    Recharge,
    /// What is missing of an order that was paid short.
    Rest(OrderId),
    /// What comes off for having been invited.
    Invitation,
    /// What the coupon takes off.
    Coupon,
}

/// What `basket` of `product` costs, less `discounts`.
///
/// # Errors
/// [`PriceError`] when the product is not ordered so.
pub fn quote(product: &Product, basket: &Basket, discounts: &Discounts) -> Result<Quote, PriceError> {
    check_amount(product, basket)?;
    if !is_reducible(product.product_type) && *discounts != Discounts::default() {
        let coupon = discounts.coupon.is_some();
        return Err(if coupon { PriceError::NeverReduced } else { PriceError::NeverDiscounted });
    }
    let mut lines = lines(product, basket)?;
    let total = Money::sum(lines.iter().map(|line| line.sum)).ok_or(PriceError::TooMuch)?;
    let pay = take_off(total, discounts, &mut lines);
    Ok(Quote { total, pay, lines })
}

fn check_amount(product: &Product, basket: &Basket) -> Result<(), PriceError> {
    let Product { least, most, .. } = *product;
    let of_its_own = match product.product_type {
        // How much a recharge may be is looked at in money.
        ProductType::Recharge => basket.recharge.is_some(),
        ProductType::OrderTopUp => true,
        _ => false,
    };
    if of_its_own || (least..=most).contains(&basket.amount) { Ok(()) } else { Err(PriceError::Amount { least, most }) }
}

fn lines(product: &Product, basket: &Basket) -> Result<Vec<Line>, PriceError> {
    let units = |unit| line(Part::Units, basket.amount, unit);
    match product.product_type {
        ProductType::Recharge => Ok(vec![recharge(product, basket)?]),
        ProductType::DynamicTraffic
        | ProductType::IdcTraffic
        | ProductType::StaticIpChangeQuota
        | ProductType::StaticTrafficAddOn => Ok(vec![units(product.unit_price(basket.amount))?]),
        ProductType::DynamicTimePlan => time_plan(product, basket),
        ProductType::StaticDatacenterIp | ProductType::StaticResidentialIp => regions(product, basket),
        ProductType::StaticIpRenewal => renewals(product, basket),
        ProductType::OrderTopUp => {
            let (order, missing) = basket.tops_up.ok_or(PriceError::NothingToTopUp)?;
            Ok(vec![line(Part::Rest(order), 1, missing)?])
        }
        _ => Err(PriceError::NotSold),
    }
}

fn line(part: Part, quantity: u32, unit: Money) -> Result<Line, PriceError> {
    let sum = unit.times(quantity.into()).ok_or(PriceError::TooMuch)?;
    Ok(Line { part, quantity, unit, sum })
}

/// The product's price is the money of a unit, so its least and most units bound what may be paid in.
fn recharge(product: &Product, basket: &Basket) -> Result<Line, PriceError> {
    let bound = |units: u32| product.price.times(units.into()).ok_or(PriceError::TooMuch);
    let Some(paid) = basket.recharge else { return line(Part::Recharge, basket.amount, product.price) };
    let (least, most) = (bound(product.least)?, bound(product.most)?);
    if paid.is_positive() && (least..=most).contains(&paid) {
        line(Part::Recharge, 1, paid)
    } else {
        Err(PriceError::Recharge { least, most })
    }
}

fn time_plan(product: &Product, basket: &Basket) -> Result<Vec<Line>, PriceError> {
    let mut lines = vec![line(Part::Units, basket.amount, product.unit_price(basket.amount))?];
    if let Some(sku) = chosen(&product.terms.bandwidth, basket.bandwidth).ok_or(PriceError::Bandwidth)? {
        lines.push(line(Part::Bandwidth(sku.id), basket.amount, sku.price)?);
    }
    if let Some(sku) = chosen(&product.terms.concurrency, basket.concurrency).ok_or(PriceError::Concurrency)? {
        lines.push(line(Part::Concurrency(sku.id), basket.amount, sku.price)?);
    }
    Ok(lines)
}

/// The part with that number. A product that has parts is not sold without one, nor one that has none with one.
#[expect(clippy::option_option, reason = "no part may be the right answer, and a wrong one is none")]
fn chosen(skus: &[Sku], id: Option<i64>) -> Option<Option<&Sku>> {
    match id {
        None => skus.is_empty().then_some(None),
        Some(id) => skus.iter().find(|sku| sku.id == id).map(Some),
    }
}

fn regions(product: &Product, basket: &Basket) -> Result<Vec<Line>, PriceError> {
    let counted = basket.regions.iter().try_fold(0_u32, |sum, (_, count)| sum.checked_add(*count));
    if basket.regions.is_empty() || counted != Some(basket.amount) {
        return Err(PriceError::Regions);
    }
    let priced = |&(country, count): &(CountryCode, u32)| {
        let unit = product.unit_price_in(country, basket.amount).ok_or(PriceError::Country(country))?;
        line(Part::Region(country), count, unit)
    };
    basket.regions.iter().map(priced).collect()
}

fn renewals(product: &Product, basket: &Basket) -> Result<Vec<Line>, PriceError> {
    if basket.duration.is_none() {
        return Err(PriceError::Duration);
    }
    if usize::try_from(basket.amount) != Ok(basket.renews.len()) {
        return Err(PriceError::Renewals);
    }
    let priced = |renewed: &Renewed| {
        let Renewed { holding, country, share: Share { part, of }, .. } = *renewed;
        let unit = product.unit_price_in(country, basket.amount).ok_or(PriceError::Country(country))?;
        let sum = unit.share(part.into(), of.into()).ok_or(PriceError::TooMuch)?;
        Ok(Line { part: Part::Renewal(holding), quantity: 1, unit, sum })
    };
    basket.renews.iter().map(priced).collect()
}

/// What is left of `total`; each discount becomes a line.
fn take_off(total: Money, discounts: &Discounts, lines: &mut Vec<Line>) -> Money {
    let invitation = discounts.invitation.map(|percent| (Part::Invitation, Reduction::Percent(percent)));
    let coupon = discounts.coupon.map(|reduction| (Part::Coupon, reduction));
    let mut left = total;
    for (part, reduction) in invitation.into_iter().chain(coupon) {
        let off = reduction.of(left);
        let sum = off.negated();
        // Never below nothing: a reduction is at most what it is taken off.
        left = left.minus(off).unwrap_or_default();
        lines.push(Line { part, quantity: 1, unit: sum, sum });
    }
    left
}

impl Reduction {
    /// What it takes off a price, at most all of it.
    pub fn of(self, price: Money) -> Money {
        let off = match self {
            // At most all of it, so it is in range.
            Self::Percent(percent) => price.share(percent.hundredths().into(), 10_000).unwrap_or(price),
            Self::Amount(amount) => amount,
        };
        off.min(price)
    }
}

/// Why a product cannot be ordered so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Products of this type can be listed, not ordered.
    #[error("this installation does not sell products of this type")]
    NotSold,
    /// Too few units, or too many.
    #[error("must be {least} to {most}")]
    Amount {
        /// The fewest.
        least: u32,
        /// The most.
        most: u32,
    },
    /// Too little to pay in, or too much.
    #[error("must be {least} to {most}")]
    Recharge {
        /// The least.
        least: Money,
        /// The most.
        most: Money,
    },
    /// No country, or other counts than the amount.
    #[error("must say how many in which country, such as JP,2|US,1")]
    Regions,
    /// Nothing is sold there.
    #[error("is not sold in {0}")]
    Country(CountryCode),
    /// None, or another number of them than the amount.
    #[error("must name the static IPs to renew")]
    Renewals,
    /// A renewal without a time.
    #[error("must say for how long")]
    Duration,
    /// The product has bandwidths and none of them was chosen.
    #[error("must be the number of one of the product's bandwidths")]
    Bandwidth,
    /// The product has concurrencies and none of them was chosen.
    #[error("must be the number of one of the product's concurrencies")]
    Concurrency,
    /// No order that was paid short.
    #[error("must be the number of an order that was paid short")]
    NothingToTopUp,
    /// A coupon on money that is paid in, or on the rest of an order.
    #[error("is never reduced")]
    NeverReduced,
    /// The discount for having been invited on such.
    #[error("has no discount for having been invited")]
    NeverDiscounted,
    /// More than there can be.
    #[error("comes to more than {}", Money::MOST)]
    TooMuch,
}

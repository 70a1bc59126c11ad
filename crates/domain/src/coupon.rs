//! Coupons: what they take off, for whom, on what, and when.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::catalogue::Product;
use crate::ids::{CouponId, CustomerId};
use crate::money::Money;
use crate::product::ProductType;
use crate::time::Timestamp;

/// The longest code, in characters.
pub const LONGEST_CODE: usize = 32;
/// The shortest code: fewer could be guessed.
pub const SHORTEST_CODE: usize = 4;

/// What a customer writes to use a coupon: capital letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CouponCode(Box<str>);

impl CouponCode {
    /// Reads a code in either case, blanks around it left out.
    ///
    /// # Errors
    /// [`CodeError`] when it is too short, too long or holds anything else.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        let fits = (SHORTEST_CODE..=LONGEST_CODE).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            Ok(Self(text.to_ascii_uppercase().into()))
        } else {
            Err(CodeError)
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CouponCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// This is no coupon code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 4 to 32 letters, digits and hyphens")]
pub struct CodeError;

/// A share of a price, in hundredths of a percent: 1 to 10000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(u16);

impl Percent {
    /// So many hundredths of a percent; `None` for 0 and above all of it.
    pub const fn from_hundredths(hundredths: u16) -> Option<Self> {
        if hundredths >= 1 && hundredths <= 10_000 { Some(Self(hundredths)) } else { None }
    }

    /// The number of hundredths of a percent.
    pub const fn hundredths(self) -> u16 {
        self.0
    }
}

/// What a coupon takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// A share of the price.
    Percent(Percent),
    /// So much, at most the price.
    Amount(Money),
}

/// What a coupon is for; without any code or type, all products. Kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CouponScope {
    /// Products, by their codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// Types of products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<ProductType>,
}

/// A coupon without what the store counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCoupon {
    /// What a customer writes to use it.
    pub code: CouponCode,
    /// What it is called.
    pub name: String,
    /// What it takes off.
    pub reduction: Reduction,
    /// What it is for.
    pub scope: CouponScope,
    /// Not before.
    pub starts_at: Timestamp,
    /// Not from then on.
    pub expires_at: Timestamp,
    /// How often it can be used by all together; `None` without a limit.
    pub most_uses: Option<u32>,
    /// How often a customer can use it; `None` without a limit.
    pub most_uses_each: Option<u32>,
    /// The one customer it is for; `None` for everybody.
    pub customer: Option<CustomerId>,
    /// Whether customers see it in their list. Of others they must know the code.
    pub listed: bool,
}

/// A coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Its number.
    pub id: CouponId,
    /// Its terms.
    pub terms: NewCoupon,
    /// How often it was used, in orders that are not closed.
    pub uses: u32,
    /// Whether the operator lets it be used.
    pub enabled: bool,
}

impl CouponScope {
    /// Whether it takes something off this product. Money that is paid in, and the rest of another order, are never
    /// reduced.
    pub fn covers<Id>(&self, product: &Product<Id>) -> bool {
        let all = self.products.is_empty() && self.types.is_empty();
        is_reducible(product.product_type)
            && (all || self.types.contains(&product.product_type) || self.products.contains(&product.code))
    }
}

/// Whether prices of this type are ever reduced: money that is paid in and the rest of another order are not.
pub const fn is_reducible(product_type: ProductType) -> bool {
    !matches!(product_type, ProductType::Recharge | ProductType::OrderTopUp)
}

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// The most products or types of a scope.
const MOST_IN_SCOPE: usize = 1000;

impl NewCoupon {
    /// Whether it can be kept.
    ///
    /// # Errors
    /// [`CouponError`] says what it is that makes no sense.
    pub fn check(&self) -> Result<(), CouponError> {
        let name = self.name.trim();
        let worth = match self.reduction {
            Reduction::Percent(_) => true,
            Reduction::Amount(amount) => amount.is_positive(),
        };
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
            Err(CouponError::Name)
        } else if !worth {
            Err(CouponError::Reduction)
        } else if self.starts_at >= self.expires_at {
            Err(CouponError::Backwards)
        } else if self.most_uses == Some(0) || self.most_uses_each == Some(0) {
            Err(CouponError::Uses)
        } else if self.scope.products.len() > MOST_IN_SCOPE || self.scope.types.len() > MOST_IN_SCOPE {
            Err(CouponError::Scope)
        } else if !self.scope.types.iter().all(|product_type| is_reducible(*product_type)) {
            Err(CouponError::NeverReduced)
        } else {
            Ok(())
        }
    }
}

/// Why a coupon cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CouponError {
    /// The name is blank, too long or more than a line.
    #[error("a coupon's name must have 1 to 100 characters")]
    Name,
    /// It takes nothing off.
    #[error("a coupon must take something off")]
    Reduction,
    /// It would end before it begins.
    #[error("a coupon must begin before it expires")]
    Backwards,
    /// It could never be used.
    #[error("a coupon must have at least one use")]
    Uses,
    /// Fewer uses than it has had.
    #[error("a coupon must have at least as many uses as were taken")]
    FewerThanUsed,
    /// Too many products or types.
    #[error("a coupon's scope must have at most 1000 products")]
    Scope,
    /// No coupon takes anything off a type in its scope.
    #[error("no coupon can be used for recharges (3) and top-ups (26)")]
    NeverReduced,
}

/// `12.34` for that many percent.
impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The same two decimals as money has.
        Money::from(u32::from(self.0)).fmt(f)
    }
}

impl std::str::FromStr for Percent {
    type Err = PercentError;

    fn from_str(text: &str) -> Result<Self, PercentError> {
        let hundredths = text.parse::<Money>().map_err(|_| PercentError)?.minor();
        u16::try_from(hundredths).ok().and_then(Self::from_hundredths).ok_or(PercentError)
    }
}

/// This is no percentage of a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be more than 0 and at most 100 percent, with at most two decimals, such as 12.5")]
pub struct PercentError;

impl Coupon {
    /// Whether this customer may take it for this product now, uses of the customer's own left aside.
    ///
    /// # Errors
    /// [`CouponRefusal`] says why not.
    pub fn check<Id>(&self, customer: CustomerId, product: &Product<Id>, now: Timestamp) -> Result<(), CouponRefusal> {
        let terms = &self.terms;
        if !self.enabled || terms.customer.is_some_and(|only| only != customer) || now < terms.starts_at {
            Err(CouponRefusal::Unknown)
        } else if now >= terms.expires_at {
            Err(CouponRefusal::Expired)
        } else if !terms.scope.covers(product) {
            Err(CouponRefusal::OtherProduct)
        } else if terms.most_uses.is_some_and(|most| self.uses >= most) {
            Err(CouponRefusal::UsedUp)
        } else {
            Ok(())
        }
    }
}

/// Why a coupon cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CouponRefusal {
    /// There is none of that code, or not for this customer, not yet, or no more: nobody learns which.
    #[error("no such coupon")]
    Unknown,
    /// Its time is over.
    #[error("the coupon has expired")]
    Expired,
    /// It is for other products.
    #[error("the coupon is not for this product")]
    OtherProduct,
    /// It was used as often as it can be.
    #[error("the coupon is used up")]
    UsedUp,
    /// The customer has used it as often as each may.
    #[error("you have used this coupon already")]
    UsedByCustomer,
}

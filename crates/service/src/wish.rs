//! What a customer wants to order, as it was written: nothing of it is believed but numbers of things.

use turnpike_domain::basket::Duration;
use turnpike_domain::country::CountryCode;
use turnpike_domain::coupon::CouponCode;
use turnpike_domain::ids::{PaymentMethod, ProductId};
use turnpike_domain::money::Money;

/// What is to be ordered (contract §5).
#[derive(Clone, Debug)]
pub struct Wish {
    /// Of what.
    pub product: ProductId,
    /// How it is to be paid; 0 when that is not chosen yet.
    pub method: PaymentMethod,
    /// How many; counted from `regions` or `upids` where those are given.
    pub amount: Option<u32>,
    /// Static IPs to renew, by the numbers of their holdings, or the one order to top up.
    pub upids: Vec<i64>,
    /// Static IPs: how many in which country, each country once.
    pub regions: Vec<(CountryCode, u32)>,
    /// A coupon to use.
    pub coupon: Option<CouponCode>,
    /// Whether to use the discount for having been invited.
    pub invitation: bool,
    /// For how long static IPs are renewed; one month when not given.
    pub duration: Option<Duration>,
    /// The number of a time plan's bandwidth.
    pub bandwidth: Option<i64>,
    /// The number of a time plan's concurrency.
    pub concurrency: Option<i64>,
    /// How much a recharge is.
    pub recharge: Option<Money>,
}

impl Wish {
    /// One of a product, with nothing special about it.
    pub const fn of(product: ProductId, method: PaymentMethod) -> Self {
        Self {
            product,
            method,
            amount: None,
            upids: Vec::new(),
            regions: Vec::new(),
            coupon: None,
            invitation: false,
            duration: None,
            bandwidth: None,
            concurrency: None,
            recharge: None,
        }
    }
}

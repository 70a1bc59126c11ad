//! `activity/*`: how much more is paid in for a recharge than was paid (contract §7).

use serde::Serialize;
use serde::ser::{Error as _, Serializer};
use serde_json::value::RawValue;
use turnpike_domain::recharge::{Ratio, Tier};
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::envelope::ListOf;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::shapes::Hundredths;

/// Lists from which amount on how much is paid in: the ratio of the highest amount reached times what was paid.
#[derive(ToSchema)]
#[schema(title = "Recharge bonus")]
pub(crate) struct ListRatios {}

impl Wish for ListRatios {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self {})
    }
}

pub(crate) async fn balance_recharge_gift_ratio(caller: Caller, _: ListRatios) -> Result<ListOf<GiftRatio>, ApiError> {
    let tiers = caller.service.recharge_offers(caller.customer).await?;
    Ok(ListOf { list: tiers.into_iter().map(GiftRatio::from).collect() })
}

/// From an amount on, a ratio.
#[derive(Serialize, ToSchema)]
pub(crate) struct GiftRatio {
    /// The least that is paid.
    #[schema(value_type = f64, example = 100)]
    amount: Hundredths,
    /// How many times that is paid in.
    #[schema(value_type = f64, example = 1.2)]
    ratio: Times,
}

impl From<Tier> for GiftRatio {
    fn from(tier: Tier) -> Self {
        Self { amount: tier.amount.into(), ratio: Times(tier.ratio) }
    }
}

/// A ratio in its own digits: it is never a float.
struct Times(Ratio);

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

//! What is ordered, as it was understood: the part of an order that its price and its fulfilment follow.

use serde::{Deserialize, Serialize};

use crate::calendar::Zone;
use crate::country::CountryCode;
use crate::ids::{HoldingId, OrderId};
use crate::money::Money;
use crate::time::Timestamp;

/// The longest renewal, in months.
pub const MOST_MONTHS: u32 = 36;

/// What an order is for, beside its product. Kept as JSON in the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Basket {
    /// How many units: the sum of `regions` or the number of `renews` where there are such.
    pub amount: u32,
    /// Static IPs: how many in which country, each country once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<(CountryCode, u32)>,
    /// Static IPs to renew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renews: Vec<Renewed>,
    /// For how long they are renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// The number of a time plan's bandwidth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i64>,
    /// The number of a time plan's concurrency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<i64>,
    /// How much money a recharge shall be; the product's price for each unit when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recharge: Option<Money>,
    /// The order that was paid short, and what is missing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tops_up: Option<(OrderId, Money)>,
}

/// A static IP to renew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewed {
    /// Which.
    pub holding: HoldingId,
    /// Where it is.
    pub country: CountryCode,
    /// What the renewal is counted from: when the holding ends without it.
    pub expires_at: Timestamp,
    /// How many months' price it costs.
    pub share: Share,
}

impl Renewed {
    /// What renewing a holding for so long comes to; `None` beyond the end of the calendar.
    pub fn new(
        (holding, country): (HoldingId, CountryCode),
        expires_at: Timestamp,
        duration: Duration,
        zone: &Zone,
    ) -> Option<Self> {
        let share = duration.extension(expires_at, zone)?.share;
        Some(Self { holding, country, expires_at, share })
    }
}

/// For how long a static IP is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duration {
    /// So many calendar months.
    Months(u32),
    /// To the end of the calendar month, for a part of the month's price.
    EndOfMonth,
}

/// What a renewal does to an expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The new expiry.
    pub until: Timestamp,
    /// How many months' price that is.
    pub share: Share,
}

/// A number of months as a fraction of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Days of a month that is paid in part, or months.
    pub part: u32,
    /// The days that month has, or 1.
    pub of: u32,
}

impl Duration {
    /// Reads `renew_duration`: `3`, `3m` or `em` (contract §5).
    ///
    /// # Errors
    /// [`DurationError`] for anything else, and for more than [`MOST_MONTHS`].
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        if text.eq_ignore_ascii_case("em") {
            return Ok(Self::EndOfMonth);
        }
        let digits = text.strip_suffix(['m', 'M']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(DurationError);
        }
        match digits.parse() {
            Ok(months @ 1..=MOST_MONTHS) => Ok(Self::Months(months)),
            _ => Err(DurationError),
        }
    }

    /// Where a renewal counted from `from` ends, with the zone's calendar, and what it costs. The month that `em` is the
    /// end of is the one `from` falls into; its days are paid from the day of `from` on. `None` beyond the calendar.
    pub fn extension(self, from: Timestamp, zone: &Zone) -> Option<Extension> {
        match self {
            Self::Months(months) => {
                let until = zone.plus_months(from, months)?;
                Some(Extension { until, share: Share { part: months, of: 1 } })
            }
            Self::EndOfMonth => {
                let (until, part, of) = zone.rest_of_month(from)?;
                Some(Extension { until, share: Share { part, of } })
            }
        }
    }
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Months(months) => write!(f, "{months}m"),
            Self::EndOfMonth => f.write_str("em"),
        }
    }
}

/// This is no duration of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 36 months, such as 3 or 3m, or em for the end of the month")]
pub struct DurationError;

//! Product types, by their numbers on the wire (contract §0.6).

use serde::{Deserialize, Serialize};

macro_rules! product_types {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        /// What a package or an order is for.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(into = "i64", try_from = "i64")]
        pub enum ProductType {
            $($(#[$doc])* $name,)*
        }

        impl ProductType {
            /// Every type there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number on the wire.
            pub const fn number(self) -> i64 {
                match self { $(Self::$name => $number,)* }
            }

            /// The type of that number; `None` when there is none.
            pub const fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

product_types! {
    /// Balance recharge.
    Recharge = 3;
    /// Dynamic residential traffic.
    DynamicTraffic = 9;
    /// Dynamic residential IP: a time plan with bandwidth and concurrency.
    DynamicTimePlan = 11;
    /// Long-acting IDC traffic.
    IdcTraffic = 12;
    /// Static residential traffic.
    StaticResidentialTraffic = 13;
    /// Static datacenter IP.
    StaticDatacenterIp = 14;
    /// Long-acting ISP traffic.
    IspTraffic = 15;
    /// Static traffic.
    StaticTraffic = 16;
    /// Dynamic, by IP count.
    DynamicIpCount = 17;
    /// Web scraper.
    WebScraper = 18;
    /// Static IP renewal.
    StaticIpRenewal = 19;
    /// Static IP change quota.
    StaticIpChangeQuota = 20;
    /// Static traffic, second version.
    StaticTrafficV2 = 21;
    /// Static traffic add-on.
    StaticTrafficAddOn = 24;
    /// Static residential IP.
    StaticResidentialIp = 25;
    /// Top-up of an order that was paid short.
    OrderTopUp = 26;
    /// Search result pages.
    Serp = 27;
    /// Video.
    Video = 28;
}

impl ProductType {
    /// Whether a proxy account can draw on it: 9, 11, 14 and 25.
    pub const fn takes_accounts(self) -> bool {
        matches!(
            self,
            Self::DynamicTraffic | Self::DynamicTimePlan | Self::StaticDatacenterIp | Self::StaticResidentialIp
        )
    }

    /// Whether it can be sold here; the others can only be listed.
    pub const fn is_sold(self) -> bool {
        matches!(
            self,
            Self::Recharge
                | Self::DynamicTraffic
                | Self::DynamicTimePlan
                | Self::IdcTraffic
                | Self::StaticDatacenterIp
                | Self::StaticIpRenewal
                | Self::StaticIpChangeQuota
                | Self::StaticTrafficAddOn
                | Self::StaticResidentialIp
                | Self::OrderTopUp
        )
    }

    /// Whether it is a kind of static IP: 14 and 25.
    pub const fn is_static_ip(self) -> bool {
        matches!(self, Self::StaticDatacenterIp | Self::StaticResidentialIp)
    }
}

impl From<ProductType> for i64 {
    fn from(product_type: ProductType) -> Self {
        product_type.number()
    }
}

impl TryFrom<i64> for ProductType {
    type Error = UnknownProductType;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        Self::from_number(number).ok_or(UnknownProductType(number))
    }
}

/// No product type has this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no product type")]
pub struct UnknownProductType(pub i64);

//! `white-ip/quota(s)` and `whitelist-account/quota(s)`: how many may exist and do (contract §8); and how many static IPs may
//! be changed.

use serde::Serialize;
use turnpike_service::QuotaView;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::fields::Fields;

macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        #[derive(ToSchema)]
        $(#[$doc])*
        pub(crate) struct $name {}

        impl Wish for $name {
            fn read(_: &mut Fields<'_>) -> Option<Self> {
                Some(Self {})
            }
        }
    )*};
}

questions! {
    /// How many addresses the allow list may hold, and holds.
    #[schema(title = "Allow list quota")]
    AskSources;
    /// How many proxy accounts there may be, and are.
    #[schema(title = "Account quota")]
    AskAccounts;
    /// How many static IPs can still be changed for others: what was bought of changes and not used.
    #[schema(title = "Static IP changes left")]
    AskIpChanges;
}

/// How many there may be and are.
#[derive(Serialize, ToSchema)]
pub(crate) struct Quota {
    /// How many there may be.
    #[serde(rename = "quota")]
    #[schema(example = 100)]
    most: u32,
    /// How many there are.
    #[schema(example = 3)]
    used: u64,
    /// How many more there may be.
    #[schema(example = 97)]
    remaining: u64,
}

impl From<QuotaView> for Quota {
    fn from(quota: QuotaView) -> Self {
        Self { most: quota.most, used: quota.used, remaining: quota.remaining() }
    }
}

pub(crate) async fn sources(caller: Caller, _: AskSources) -> Result<Quota, ApiError> {
    Ok(caller.service.source_quota(caller.customer).await?.into())
}

pub(crate) async fn accounts(caller: Caller, _: AskAccounts) -> Result<Quota, ApiError> {
    Ok(caller.service.account_quota(caller.customer).await?.into())
}

/// How many changes of static IPs are left.
#[derive(Serialize, ToSchema)]
pub(crate) struct IpChanges {
    #[schema(example = 2)]
    remaining: u64,
}

pub(crate) async fn ip_changes(caller: Caller, _: AskIpChanges) -> Result<IpChanges, ApiError> {
    Ok(IpChanges { remaining: caller.service.ip_changes_left(caller.customer).await? })
}

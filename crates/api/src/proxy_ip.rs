//! `proxy-ip/*`: the allow list of addresses that may connect without credentials (contract §8).

use std::net::IpAddr;

use serde::Serialize;
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_service::{AllowedSource, NewSources};
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::effective::{Receipt, Wait, WaitParameter};
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::shapes::AnyProductType;

/// Lists the allow list, newest first.
#[derive(ToSchema)]
#[schema(title = "Allow list")]
pub(crate) struct ListSources {}

impl Wish for ListSources {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self {})
    }
}

/// The allow list.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceList {
    list: Vec<Source>,
}

/// An address on the allow list.
#[derive(Serialize, ToSchema)]
struct Source {
    #[schema(example = 7)]
    id: i64,
    /// In its canonical form.
    #[schema(value_type = String, example = "198.18.0.7")]
    ip: IpAddr,
    #[schema(example = "office")]
    remark: String,
    /// RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-03-10T12:00:00Z")]
    created_at: String,
}

impl From<AllowedSource> for Source {
    fn from(source: AllowedSource) -> Self {
        let created_at = format_rfc3339(source.created_at);
        Self { id: source.id, ip: source.ip, remark: source.remark, created_at }
    }
}

pub(crate) async fn list(caller: Caller, _: ListSources) -> Result<SourceList, ApiError> {
    let sources = caller.service.list_sources(caller.customer).await?;
    Ok(SourceList { list: sources.into_iter().map(Source::from).collect() })
}

/// Adds addresses to the allow list, all of them or none. One that is there already stays, and takes the remark if one
/// is given. Private and other special-purpose addresses are refused.
#[derive(ToSchema)]
#[schema(title = "Allow addresses")]
pub(crate) struct AddSources {
    /// IPv4 and IPv6 addresses parted by commas or line ends, at most 500.
    #[schema(value_type = String, example = "8.8.8.8,2001:4860:4860::8888")]
    ips: Vec<IpAddr>,
    /// Accepted and without effect: the list holds for every package type.
    #[schema(value_type = AnyProductType, required = false)]
    #[expect(dead_code, reason = "it is read for its errors")]
    product_type: Option<ProductType>,
    /// What to remember about them: at most 64 English or 32 Chinese characters.
    #[schema(value_type = String, required = false, example = "office")]
    remark: Remark,
    #[schema(value_type = WaitParameter, required = false)]
    wait: Wait,
}

impl Wish for AddSources {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let admitted = fields.sources();
        let ips = fields.required_each("ips", |given| fields::sources(given, admitted));
        let product_type = fields.optional("product_type", fields::product_type);
        let remark = fields.optional("remark", fields::remark).unwrap_or_default();
        let wait = fields.optional("wait", Wait::read).unwrap_or_default();
        Some(Self { ips: ips?, product_type, remark, wait })
    }
}

pub(crate) async fn add(caller: Caller, wish: AddSources) -> Result<Receipt, ApiError> {
    let sources = NewSources { sources: wish.ips, remark: wish.remark };
    caller.acting(wish.wait).add_sources(caller.customer, sources).await?;
    Ok(Receipt::of(&caller, wish.wait).await)
}

/// Takes addresses off the allow list, all of them or none.
#[derive(ToSchema)]
#[schema(title = "Forget addresses")]
pub(crate) struct DeleteSources {
    /// Addresses parted by commas or line ends, at most 500.
    #[schema(value_type = String, example = "8.8.8.8")]
    ips: Vec<IpAddr>,
    #[schema(value_type = WaitParameter, required = false)]
    wait: Wait,
}

impl Wish for DeleteSources {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let ips = fields.required_each("ips", fields::any_sources);
        let wait = fields.optional("wait", Wait::read).unwrap_or_default();
        Some(Self { ips: ips?, wait })
    }
}

pub(crate) async fn delete(caller: Caller, wish: DeleteSources) -> Result<Receipt, ApiError> {
    caller.acting(wish.wait).delete_sources(caller.customer, wish.ips).await?;
    Ok(Receipt::of(&caller, wish.wait).await)
}

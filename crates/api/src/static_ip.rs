//! Static IPs: those a customer has, and where more can be bought (contract §4).

use serde::Serialize;
use turnpike_domain::calendar::Zone;
use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::HoldingId;
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::HoldingStatus;
use turnpike_service::{StaticIpView, StaticIpWish};
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::envelope::ListOf;
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::fields::{self, Fields};
use crate::parameters::Given;
use crate::shapes::{PageOf, StaticIpType};

/// Static IPs on a page when the caller names no number.
const PAGE_SIZE: u32 = 20;
/// Static IPs on a page at most.
const LARGEST_PAGE: u32 = 1000;
/// What every static IP speaks, on one port: the first byte tells which.
const PROTOCOL: &str = "http/socks5";

/// Lists the static IPs page by page, newest first: those that can be used, and those that have expired and can still be
/// renewed.
#[derive(ToSchema)]
#[schema(title = "Static IPs")]
pub(crate) struct ListStaticIps {
    /// Only there: a code of two letters.
    #[schema(value_type = String, required = false, example = "JP")]
    country_code: Option<CountryCode>,
    #[schema(value_type = StaticIpType, required = false)]
    product_type: Option<ProductType>,
    /// The whole order number: nothing is searched for.
    #[schema(value_type = String, required = false, example = "2022051312134339861461465434")]
    trade_no: Option<String>,
    /// Only 1 active, 2 inactive, 3 expiring within seven days, or 4 in maintenance.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 4)]
    status: Option<HoldingStatus>,
    /// Which page, from 1. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1)]
    page: u32,
    /// Static IPs on a page. Default: 20. More than 1000 counts as 1000.
    #[schema(value_type = u32, required = false, minimum = 1)]
    size: u32,
}

impl Wish for ListStaticIps {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let country_code = fields.optional("country_code", fields::country);
        let product_type = fields.optional("product_type", fields::static_ip_type);
        let trade_no = fields.optional("trade_no", |given| fields::text(given).map(str::to_owned));
        let status = fields.optional("status", status);
        let page = fields.optional("page", |given| fields::count(given, 1, u32::MAX)).unwrap_or(1);
        let size = fields.optional("size", |given| fields::count(given, 1, LARGEST_PAGE)).unwrap_or(PAGE_SIZE);
        Some(Self { country_code, product_type, trade_no, status, page, size })
    }
}

fn status(given: &Given) -> Result<HoldingStatus, FieldError> {
    let out_of_range = FieldError::OutOfRange { lowest: 1, highest: 4 };
    HoldingStatus::from_number(fields::whole_number(given)?).ok_or(out_of_range)
}

pub(crate) async fn list(caller: Caller, wish: ListStaticIps) -> Result<PageOf<StaticIp>, ApiError> {
    let ListStaticIps { country_code: country, product_type, trade_no, status, page, size } = wish;
    let wish = StaticIpWish { country, product_type, trade_no, status, page, size };
    let page = caller.service.list_static_ips(caller.customer, wish).await?;
    let zone = caller.service.zone();
    let list = page.items.iter().map(|one| StaticIp::of(one, zone)).collect();
    Ok(PageOf::new(list, page.page, page.size, page.total))
}

/// A static IP.
#[derive(Serialize, ToSchema)]
pub(crate) struct StaticIp {
    /// What `upids` of order/create takes.
    #[schema(example = 7)]
    id: i64,
    /// The address that destinations see.
    #[schema(example = "192.0.2.7")]
    ip: String,
    /// The gateway's port.
    #[schema(example = 2600)]
    port: u16,
    /// The name for the gateway: the oldest account of the type, with the address behind it. Empty while there is no
    /// such account.
    #[schema(example = "user01_ip-192.0.2.7")]
    username: String,
    /// That account's password.
    #[schema(example = "pass")]
    password: String,
    /// What the port speaks.
    #[schema(example = "http/socks5")]
    protocol: &'static str,
    #[schema(example = "JP")]
    country_code: String,
    /// The state or province; empty when it is not told.
    #[schema(example = "Tokyo")]
    state: String,
    /// The city; empty when it is not told.
    #[schema(example = "Chiyoda")]
    city: String,
    #[schema(value_type = StaticIpType)]
    product_type: ProductType,
    /// 1 active, 2 inactive: expired, but kept for a while to be renewed, 3 active and expiring within seven days, 4 in
    /// maintenance.
    #[schema(minimum = 1, maximum = 4)]
    status: i64,
    /// The order's number: 28 digits.
    trade_no: String,
    remark: String,
    /// Since when, `YYYY-MM-DD HH:MM:SS`.
    created_at: String,
    /// Until when.
    expired_at: String,
}

impl StaticIp {
    fn of(one: &StaticIpView, zone: &Zone) -> Self {
        Self {
            id: one.id.get(),
            ip: one.ip.to_string(),
            port: one.port,
            username: one.username.clone(),
            password: one.password.clone(),
            protocol: PROTOCOL,
            country_code: one.country.to_string(),
            state: one.region.clone(),
            city: one.city.clone(),
            product_type: one.product_type,
            status: one.status.number(),
            trade_no: one.trade_no.to_string(),
            remark: one.remark.clone(),
            created_at: zone.format(one.starts_at),
            expired_at: zone.format(one.expires_at),
        }
    }
}

/// Changes a static IP for another one of its kind in its country, out of the changes that were bought; at no charge
/// while it is in maintenance. It keeps its number and its end; the old address is gone at once.
#[derive(ToSchema)]
#[schema(title = "Change a static IP")]
pub(crate) struct ChangeStaticIp {
    /// The static IP's number.
    #[schema(value_type = i64, minimum = 1, example = 7)]
    id: HoldingId,
    /// Where this one is, for those who want to be sure: a code of two letters.
    #[schema(value_type = String, required = false, example = "US")]
    country_code: Option<CountryCode>,
}

impl Wish for ChangeStaticIp {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required("id", |given| fields::number_of(given).map(HoldingId::new));
        let country_code = fields.optional("country_code", fields::country);
        Some(Self { id: id?, country_code })
    }
}

pub(crate) async fn change(caller: Caller, wish: ChangeStaticIp) -> Result<StaticIp, ApiError> {
    let zone = caller.service.zone().clone();
    let acting = caller.acting_for(move |changed: &StaticIpView| StaticIp::of(changed, &zone));
    let changed = acting.change_static_ip(caller.customer, wish.id, wish.country_code).await?;
    Ok(StaticIp::of(&changed, caller.service.zone()))
}

/// Tells where static IPs can be bought, and how many.
#[derive(ToSchema)]
#[schema(title = "Static IP regions")]
pub(crate) struct ListRegions {
    /// `1` for residential addresses, `0` for datacenter ones. Default: both.
    #[schema(value_type = u8, required = false, maximum = 1, example = 1)]
    isp: Option<ProductType>,
}

impl Wish for ListRegions {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { isp: fields.optional("isp", isp) })
    }
}

fn isp(given: &Given) -> Result<ProductType, FieldError> {
    match fields::whole_number(given)? {
        0 => Ok(ProductType::StaticDatacenterIp),
        1 => Ok(ProductType::StaticResidentialIp),
        _ => Err(FieldError::OutOfRange { lowest: 0, highest: 1 }),
    }
}

/// What can be bought in a country.
#[derive(Serialize, ToSchema)]
pub(crate) struct Region {
    /// The country's code.
    #[schema(example = "JP")]
    code: String,
    /// How many static IPs can be bought there.
    #[schema(example = 12)]
    number: u64,
}

pub(crate) async fn regions(caller: Caller, wish: ListRegions) -> Result<ListOf<Region>, ApiError> {
    let both = [ProductType::StaticDatacenterIp, ProductType::StaticResidentialIp];
    let types = wish.isp.as_ref().map_or(&both[..], std::slice::from_ref);
    let found = caller.service.static_ip_regions(types).await?;
    let region = |(country, number): (CountryCode, u64)| Region { code: country.to_string(), number };
    Ok(ListOf { list: found.into_iter().map(region).collect() })
}

//! `user-product/*auto-renewal*`: what is bought again by itself from the balance, and what came of it (contract §8).

use serde::Serialize;
use turnpike_domain::basket::MOST_MONTHS;
use turnpike_domain::calendar::Zone;
use turnpike_domain::ids::{AutoRenewalId, HoldingId, PackageId, ProductId};
use turnpike_domain::product::ProductType;
use turnpike_service::{Attempt, AutoRenewal, AutoRenewalWish, ServiceError, Target};
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::field_error::FieldError;
use crate::fields::{self, Fields};
use crate::shapes::{AnyProductType, PageOf};

/// Items on a page when the caller names no number.
const PAGE_SIZE: u32 = 20;
/// Items on a page at most.
const LARGEST_PAGE: u32 = 1000;

/// Lists what is bought again by itself, newest first.
#[derive(ToSchema)]
#[schema(title = "Automatic renewals")]
pub(crate) struct ListAutoRenewals {
    /// Which page, from 1. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1)]
    page: u32,
    /// Items on a page. Default: 20. More than 1000 counts as 1000.
    #[schema(value_type = u32, required = false, minimum = 1)]
    size: u32,
}

fn paging(fields: &mut Fields<'_>) -> (u32, u32) {
    let page = fields.optional("page", |given| fields::count(given, 1, u32::MAX)).unwrap_or(1);
    let size = fields.optional("size", |given| fields::count(given, 1, LARGEST_PAGE)).unwrap_or(PAGE_SIZE);
    (page, size)
}

impl Wish for ListAutoRenewals {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (page, size) = paging(fields);
        Some(Self { page, size })
    }
}

pub(crate) async fn list(caller: Caller, wish: ListAutoRenewals) -> Result<PageOf<Renewal>, ApiError> {
    let page = caller.service.list_auto_renewals(caller.customer, (wish.page, wish.size)).await?;
    let zone = caller.service.zone();
    let list = page.items.iter().map(|one| Renewal::of(one, zone)).collect();
    Ok(PageOf::new(list, page.page, page.size, page.total))
}

/// Something that is bought again by itself, or was to be.
#[derive(Serialize, ToSchema)]
pub(crate) struct Renewal {
    #[schema(example = 3)]
    id: i64,
    /// The static IP's number; `null` for a package.
    #[schema(required = true, example = 7)]
    upid: Option<i64>,
    /// The package's number; `null` for a static IP. After a renewal it is the new package's.
    #[schema(required = true)]
    package_id: Option<i64>,
    /// The address; `null` for a package.
    #[schema(required = true, example = "192.0.2.7")]
    ip: Option<String>,
    /// The type of the package or of the static IP.
    #[schema(value_type = AnyProductType)]
    product_type: ProductType,
    /// What is bought.
    product_id: i64,
    title: String,
    /// For how many months a static IP is renewed; how many units a package is bought of.
    #[schema(example = 1)]
    amount: u32,
    enabled: bool,
    /// When it is tried next, `YYYY-MM-DD HH:MM:SS`.
    next_at: String,
    /// When the package or the static IP ends without it.
    expired_at: String,
}

impl Renewal {
    fn of(one: &AutoRenewal, zone: &Zone) -> Self {
        let (upid, package_id) = match one.target {
            Target::Holding(holding) => (Some(holding.get()), None),
            Target::Package(package) => (None, Some(package.get())),
        };
        Self {
            id: one.id.get(),
            upid,
            package_id,
            ip: one.ip.clone(),
            product_type: one.product_type,
            product_id: one.product.get(),
            title: one.title.clone(),
            amount: one.amount,
            enabled: one.enabled,
            next_at: zone.format(one.due_at),
            expired_at: zone.format(one.expires_at),
        }
    }
}

/// Says whether a package or a static IP is bought again from the balance before it ends, and how.
#[derive(ToSchema)]
#[schema(title = "Set an automatic renewal")]
pub(crate) struct SetAutoRenewal {
    /// The static IP's number. Either this or `package_id` is given.
    #[schema(value_type = i64, required = false, minimum = 1, example = 7)]
    upid: Option<HoldingId>,
    /// The package's number. It is bought again as it was bought.
    #[schema(value_type = i64, required = false, minimum = 1)]
    package_id: Option<PackageId>,
    /// Default: true.
    #[schema(value_type = bool, required = false, example = true)]
    enabled: bool,
    /// For a static IP: the product that renews it. Default: the first in the catalogue.
    #[schema(value_type = i64, required = false, minimum = 1)]
    pid: Option<ProductId>,
    /// For a static IP: for how many months it is renewed each time. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 36, example = 1)]
    months: u32,
}

impl Wish for SetAutoRenewal {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let upid = fields.optional("upid", |given| fields::number_of(given).map(HoldingId::new));
        let package_id = fields.optional("package_id", |given| fields::number_of(given).map(PackageId::new));
        let enabled = fields.optional("enabled", fields::boolean).unwrap_or(true);
        let pid = fields.optional("pid", |given| fields::number_of(given).map(ProductId::new));
        let out_of_range = FieldError::OutOfRange { lowest: 1, highest: i64::from(MOST_MONTHS) };
        let months = fields.optional("months", |given| match fields::units(given) {
            Ok(months) if months <= MOST_MONTHS => Ok(months),
            Ok(_) | Err(FieldError::OutOfRange { .. }) => Err(out_of_range),
            Err(error) => Err(error),
        });
        if fields.is_clean() && upid.is_some() == package_id.is_some() {
            fields.refuse("upid", FieldError::OneTarget);
        }
        Some(Self { upid, package_id, enabled, pid, months: months.unwrap_or(1) })
    }
}

pub(crate) async fn set(caller: Caller, wish: SetAutoRenewal) -> Result<Renewal, ApiError> {
    let target = match (wish.upid, wish.package_id) {
        (Some(holding), _) => Target::Holding(holding),
        (None, Some(package)) => Target::Package(package),
        (None, None) => return Err(ApiError::Internal),
    };
    let wanted = AutoRenewalWish { target, product: wish.pid, months: wish.months, enabled: wish.enabled };
    let zone = caller.service.zone().clone();
    let acting = caller.acting_for(move |set: &AutoRenewal| Renewal::of(set, &zone));
    let set = acting.set_auto_renewal(caller.customer, wanted).await.map_err(|error| match (error, target) {
        (ServiceError::NoSuchPackage, Target::Package(package)) => ApiError::NoSuchPackage(package.get()),
        (error, _) => error.into(),
    })?;
    Ok(Renewal::of(&set, caller.service.zone()))
}

/// Lists what came of automatic renewals, newest first.
#[derive(ToSchema)]
#[schema(title = "Log of automatic renewals")]
pub(crate) struct ListAttempts {
    /// Only of this one.
    #[schema(value_type = i64, required = false, minimum = 1)]
    id: Option<AutoRenewalId>,
    /// Which page, from 1. Default: 1.
    #[schema(value_type = u32, required = false, minimum = 1)]
    page: u32,
    /// Items on a page. Default: 20. More than 1000 counts as 1000.
    #[schema(value_type = u32, required = false, minimum = 1)]
    size: u32,
}

impl Wish for ListAttempts {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id", |given| fields::number_of(given).map(AutoRenewalId::new));
        let (page, size) = paging(fields);
        Some(Self { id, page, size })
    }
}

/// What came of one try.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedAttempt {
    id: i64,
    /// Of which automatic renewal.
    auto_renewal_id: i64,
    /// 1 bought, 0 not.
    #[schema(maximum = 1)]
    status: u8,
    /// `renewed`; `ended`, when nothing is left to renew; or why not: `balance-too-low`, `out-of-stock`, `not-sold`,
    /// `payment-method`, `not-verified` or `suspended`. What was refused is tried again three hours later.
    #[schema(example = "renewed")]
    outcome: String,
    /// The order's number; empty when there is none.
    trade_no: String,
    /// `YYYY-MM-DD HH:MM:SS`.
    created_at: String,
}

pub(crate) async fn log(caller: Caller, wish: ListAttempts) -> Result<PageOf<LoggedAttempt>, ApiError> {
    let page = caller.service.auto_renewal_log(caller.customer, wish.id, (wish.page, wish.size)).await?;
    let zone = caller.service.zone();
    let attempt = |one: Attempt| LoggedAttempt {
        id: one.id,
        auto_renewal_id: one.renewal.get(),
        status: u8::from(one.trade_no.is_some()),
        outcome: one.outcome,
        trade_no: one.trade_no.map(|number| number.to_string()).unwrap_or_default(),
        created_at: zone.format(one.at),
    };
    let list = page.items.into_iter().map(attempt).collect();
    Ok(PageOf::new(list, page.page, page.size, page.total))
}

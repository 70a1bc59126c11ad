//! Packages: granted, listed, shown with what they hold and have given.

use serde::Serialize;
use turnpike_domain::ids::PackageId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_service::{Grant, PackageDetails};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Members, Nothing, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{AnyProductType, Moment, TimeShape, TitleShape};

/// The largest package, in KB: 1 PB.
const LARGEST_KB: i64 = 1 << 40;
/// The longest validity, in seconds: ten years.
const LONGEST_S: i64 = 315_360_000;
/// The usual validity, in seconds: 30 days.
const USUAL_S: i64 = 2_592_000;

/// A package.
#[derive(Serialize, ToSchema)]
pub(crate) struct Package {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// Whose.
    #[schema(minimum = 1)]
    customer: i64,
    #[schema(value_type = AnyProductType)]
    product_type: i64,
    /// How much was bought.
    #[schema(minimum = 0)]
    size_kb: u64,
    /// How much was booked against it.
    #[schema(minimum = 0)]
    used_kb: u64,
    /// How much of it gateways hold and have not yet used.
    #[schema(minimum = 0)]
    held_kb: u64,
    starts_at: Moment,
    expires_at: Moment,
    /// The number of its order.
    #[schema(pattern = "^[0-9]{28}$")]
    trade_no: String,
    /// What people read on the order.
    title: String,
    ordered_at: Moment,
}

impl Package {
    fn of(details: &PackageDetails) -> Self {
        Self {
            id: details.id.get(),
            customer: details.customer.get(),
            product_type: details.product_type.number(),
            size_kb: details.size.kilobytes(),
            used_kb: details.used.kilobytes(),
            held_kb: details.held.kilobytes(),
            starts_at: Moment(details.starts_at),
            expires_at: Moment(details.expires_at),
            trade_no: details.trade_no.to_string(),
            title: details.title.clone(),
            ordered_at: Moment(details.ordered_at),
        }
    }
}

/// By number, oldest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only of this type.
    #[schema(value_type = AnyProductType, required = false, inline)]
    product_type: Option<ProductType>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { product_type: members.optional("product_type", |given| read::product_type(given, |_| true)) })
    }
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Package>, Problem> {
    let (customer, most) = (desk.customer()?, one_more(&desk.paging));
    let after = desk.cursors().after(&desk.paging)?.map(PackageId::new);
    let found = desk.service.page_packages(customer, filter.product_type, after, most).await?;
    let place = |details: &PackageDetails| details.id.get();
    Ok(desk.cursors().page(&desk.paging, found, (place, |details| Package::of(&details))))
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Package, Problem> {
    let package = desk.place("package").map(PackageId::new)?;
    Ok(Package::of(&desk.service.package_details(package).await?))
}

/// It comes from a paid order of zero price.
#[derive(ToSchema)]
pub(crate) struct NewPackage {
    /// How much.
    #[schema(minimum = 1, maximum = 1_099_511_627_776_i64)]
    size_kb: i64,
    /// What it is for; 9, dynamic residential traffic, when not given.
    #[schema(value_type = AnyProductType, required = false, inline)]
    product_type: Option<ProductType>,
    /// When its validity begins; now when not given.
    #[schema(value_type = TimeShape, inline, required = false, example = "2026-01-31T00:00:00Z")]
    starts_at: Option<Timestamp>,
    /// How long it is valid; 30 days when not given.
    #[schema(value_type = i64, required = false, minimum = 1, maximum = 315_360_000, default = 2_592_000)]
    validity_s: Option<i64>,
    /// What people read on the order.
    #[schema(value_type = TitleShape, inline, required = false, default = "Granted by the operator")]
    title: Option<String>,
}

impl Wish for NewPackage {
    fn read(members: &mut Members) -> Option<Self> {
        let size_kb = members.required("size_kb", |given| read::integer(given, 1..=LARGEST_KB));
        let product_type = members.optional("product_type", |given| read::product_type(given, |_| true));
        let starts_at = members.optional("starts_at", read::time);
        let validity_s = members.optional("validity_s", |given| read::integer(given, 1..=LONGEST_S));
        let title = members.optional("title", read::title);
        Some(Self { size_kb: size_kb?, product_type, starts_at, validity_s, title })
    }
}

pub(crate) async fn grant(desk: Desk, wish: NewPackage) -> Result<Package, Problem> {
    let starts_at = wish.starts_at.unwrap_or_else(|| desk.service.now());
    let grant = Grant {
        customer: desk.customer()?,
        product_type: wish.product_type.unwrap_or(ProductType::DynamicTraffic),
        size: Bytes::from_kilobytes(wish.size_kb.unsigned_abs()).unwrap_or(Bytes::MAX),
        starts_at,
        expires_at: starts_at.plus(Span::from_secs(wish.validity_s.unwrap_or(USUAL_S))),
        title: wish.title.unwrap_or_else(|| "Granted by the operator".to_owned()),
    };
    Ok(Package::of(&desk.acting(Package::of).issue_package(&desk.actor, grant).await?))
}

//! What a customer used, day by day.

use serde::Serialize;
use turnpike_domain::account::Username;
use turnpike_domain::product::ProductType;
use turnpike_service::UsageWindow;
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::members::{Members, Wish};
use crate::problem::{FieldProblem, Kind, Problem};
use crate::read;
use crate::shapes::{AnyProductType, DayShape, NameShape};

/// The most days of one answer.
const MOST_DAYS: u32 = 366;

/// One row a calendar day, oldest first, also where there was nothing.
#[derive(ToSchema)]
pub(crate) struct Window {
    /// How many days; 7 when not given.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 366, default = 7)]
    days: Option<u32>,
    /// The last of them; today when not given.
    #[schema(value_type = DayShape, inline, required = false, example = "2026-01-31")]
    until: Option<String>,
    /// Only of the accounts that bear or bore this name.
    #[schema(value_type = NameShape, inline, required = false)]
    username: Option<Username>,
    /// Only of this type.
    #[schema(value_type = AnyProductType, required = false, inline)]
    product_type: Option<ProductType>,
}

impl Wish for Window {
    fn read(members: &mut Members) -> Option<Self> {
        let days = members.optional("days", |given| read::count(given, 1..=MOST_DAYS));
        let until = members.optional("until", |given| read::text(given).map(str::to_owned));
        let username = members.optional("username", read::username);
        let product_type = members.optional("product_type", |given| read::product_type(given, |_| true));
        Some(Self { days, until, username, product_type })
    }
}

/// What was used, by day.
#[derive(Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Oldest first.
    days: Vec<DayUsage>,
    /// The sum of the days' bytes.
    #[schema(minimum = 0)]
    used_bytes: u64,
}

/// What was used on a day.
#[derive(Serialize, ToSchema)]
pub(crate) struct DayUsage {
    /// The calendar day, in the configured zone.
    #[schema(format = Date)]
    day: String,
    /// Billed bytes.
    #[schema(minimum = 0)]
    used_bytes: u64,
    /// The same in whole KB.
    #[schema(minimum = 0)]
    used_kb: u64,
}

pub(crate) async fn show(desk: Desk, wish: Window) -> Result<Usage, Problem> {
    let (service, zone) = (&desk.service, desk.service.zone());
    let now = service.now();
    let to = match &wish.until {
        None => now,
        Some(day) => read::day_end(day, zone).map_err(|fault| {
            let error =
                FieldProblem { detail: format!("until: {fault}"), pointer: None, parameter: Some("until".into()) };
            Problem::of_fields(Kind::Parameter, vec![error])
        })?,
    };
    let back = i32::try_from(wish.days.unwrap_or(7)).unwrap_or(1).saturating_sub(1);
    let from = zone.day_start(zone.day_of(to).plus_days(back.saturating_neg()));
    let window = UsageWindow {
        from,
        to,
        username: wish.username.map(|username| username.to_string()),
        product_type: wish.product_type,
    };
    let days = service.daily_usage(desk.customer()?, window).await?;
    let used_bytes = days.iter().map(|(_, used)| used.get()).fold(0, u64::saturating_add);
    let show = |(day, used): (turnpike_domain::calendar::Day, turnpike_domain::units::Bytes)| DayUsage {
        day: day.to_string(),
        used_bytes: used.get(),
        used_kb: used.kilobytes(),
    };
    Ok(Usage { days: days.into_iter().map(show).collect(), used_bytes })
}

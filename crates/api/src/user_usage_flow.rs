//! `user-usage-flow/*`: usage per day (contract §2), and in all (§8).

mod flow_total;

use serde::Serialize;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_service::UsageWindow;
use utoipa::ToSchema;

use crate::call::{Caller, Wish};
use crate::error::ApiError;
use crate::fields::{self, Fields};
use crate::shapes::AnyProductType;

pub(crate) use flow_total::flow_total;

/// How many days before the last one are told when no start is given.
const DAYS_BEFORE: i32 = 6;

/// Usage per calendar day, ascending, days without usage included, over at most 366 days.
#[derive(ToSchema)]
#[schema(title = "Usage per day")]
pub(crate) struct Total {
    /// `YYYY-MM-DD HH:MM:SS`, or a date: its first second. Default: the first second of the sixth day before the end's.
    #[schema(value_type = String, required = false, example = "2022-08-01 00:00:00")]
    start_time: Timestamp,
    /// `YYYY-MM-DD HH:MM:SS`, or a date: its last second. Default: now.
    #[schema(value_type = String, required = false, example = "2022-08-07 23:59:59")]
    end_time: Timestamp,
    /// One account's name: every account of this customer that ever had it counts. Default: all.
    #[schema(value_type = String, required = false, example = "user01")]
    username: Option<String>,
    #[schema(value_type = AnyProductType, required = false)]
    product_type: Option<ProductType>,
}

impl Wish for Total {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let zone = fields.zone();
        let start = fields.optional("start_time", |given| fields::first_moment(given, zone));
        let end = fields.optional("end_time", |given| fields::last_moment(given, zone));
        let names = fields.names();
        let username = fields.optional("username", |given| fields::username(given, names));
        let product_type = fields.optional("product_type", fields::product_type);
        let end_time = end.unwrap_or(fields.now());
        let start_time = start.unwrap_or_else(|| zone.day_start(zone.day_of(end_time).plus_days(-DAYS_BEFORE)));
        Some(Self { start_time, end_time, username: username.map(|name| name.to_string()), product_type })
    }
}

pub(crate) async fn total(caller: Caller, wish: Total) -> Result<DayList, ApiError> {
    let window = UsageWindow {
        from: wish.start_time,
        to: wish.end_time,
        username: wish.username,
        product_type: wish.product_type,
    };
    let days = caller.service.usage_by_day(caller.customer, window).await?;
    let row = |(day, flow): (turnpike_domain::calendar::Day, turnpike_domain::units::Bytes)| DayFlow {
        day: day.to_string(),
        flow: flow.kilobytes(),
    };
    Ok(DayList { list: days.into_iter().map(row).collect() })
}

/// One row a calendar day.
#[derive(Serialize, ToSchema)]
pub(crate) struct DayList {
    list: Vec<DayFlow>,
}

/// What was used on a day.
#[derive(Serialize, ToSchema)]
struct DayFlow {
    /// `YYYY-MM-DD`.
    #[schema(example = "2022-08-01")]
    day: String,
    /// KB.
    flow: u64,
}

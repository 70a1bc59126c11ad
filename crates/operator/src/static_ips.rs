//! The inventory of addresses to sell: taken over from a table, listed, taken out of service, replaced.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;
use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::ExitName;
use turnpike_domain::ids::{CustomerId, StaticIpId};
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::{StaticIpDuty, StaticIpState};
use turnpike_service::{Holder, ServiceError, SheetError, StaticIpDetails, StaticIpFilter, StaticIpSheet};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Given, Members, Nothing, Wish};
use crate::problem::{FieldProblem, Kind, Problem};
use crate::read;
use crate::shapes::{
    AddressShape, CountryShape, ExitNameShape, Moment, StaticIpDutyShape, StaticIpStateShape, StaticIpType,
};

/// The longest table in a request, in bytes; `turnpike static-ip import` takes longer ones.
const LONGEST_TABLE: usize = 1 << 20;

/// An address of the inventory.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct StaticIp {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// The address, in its canonical form.
    ip: String,
    #[schema(value_type = StaticIpType)]
    product_type: i64,
    #[schema(value_type = CountryShape)]
    country: String,
    /// The state or province; may be empty.
    region: String,
    /// May be empty.
    city: String,
    #[schema(value_type = StaticIpStateShape)]
    state: &'static str,
    /// The operator's own words on it; may be empty.
    note: String,
    /// The exit that it is behind; `null` for an address of the gateways' own hosts.
    #[schema(required = true, value_type = Option<ExitNameShape>)]
    exit: Option<String>,
    /// Who holds it.
    #[schema(required = true)]
    holder: Option<HolderView>,
}

/// Who holds an address.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Holder)]
pub(crate) struct HolderView {
    /// The number that the customer renews it by.
    #[schema(minimum = 1)]
    holding: i64,
    /// Which customer.
    #[schema(minimum = 1)]
    customer: i64,
    expires_at: Moment,
}

impl StaticIp {
    fn of(details: &StaticIpDetails) -> Self {
        let holder = |holder: &Holder| HolderView {
            holding: holder.holding.get(),
            customer: holder.customer.get(),
            expires_at: Moment(holder.expires_at),
        };
        Self {
            id: details.id.get(),
            ip: details.ip.to_string(),
            product_type: details.product_type.number(),
            country: details.country.to_string(),
            region: details.region.clone(),
            city: details.city.clone(),
            state: details.state.word(),
            note: details.note.clone(),
            exit: details.exit.as_ref().map(ToString::to_string),
            holder: details.holder.as_ref().map(holder),
        }
    }
}

/// By number, oldest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only exactly this address.
    #[schema(value_type = AddressShape, required = false, inline)]
    ip: Option<IpAddr>,
    /// Only of this kind.
    #[schema(value_type = StaticIpType, required = false, inline)]
    product_type: Option<ProductType>,
    /// Only there.
    #[schema(value_type = CountryShape, required = false, inline)]
    country: Option<CountryCode>,
    /// Only in this state.
    #[schema(value_type = StaticIpStateShape, required = false, inline)]
    state: Option<StaticIpState>,
    /// Only those that this customer holds.
    #[schema(value_type = i64, required = false, minimum = 1)]
    customer: Option<CustomerId>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self {
            ip: members.optional("ip", |given| read::source(read::text(given)?)),
            product_type: members
                .optional("product_type", |given| read::product_type(given, ProductType::is_static_ip)),
            country: members.optional("country", country),
            state: members.optional("state", state),
            customer: members.optional("customer", |given| read::integer(given, 1..=i64::MAX).map(CustomerId::new)),
        })
    }
}

impl Filter {
    pub(crate) fn into_filter(self) -> StaticIpFilter {
        let Self { ip, product_type, country, state, customer } = self;
        StaticIpFilter { ip, product_type, country, state, customer }
    }
}

fn country(given: Given<'_>) -> Result<CountryCode, String> {
    CountryCode::parse(read::text(given)?).map_err(|error| error.to_string())
}

fn state(given: Given<'_>) -> Result<StaticIpState, String> {
    let words = || StaticIpState::ALL.iter().map(|state| state.word()).collect::<Vec<_>>().join(", ");
    StaticIpState::from_word(read::text(given)?).ok_or_else(|| format!("must be one of {}", words()))
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<StaticIp>, Problem> {
    let after = desk.cursors().after(&desk.paging)?.map(StaticIpId::new);
    let found = desk.service.page_static_ips(&filter.into_filter(), after, one_more(&desk.paging)).await?;
    let place = |details: &StaticIpDetails| details.id.get();
    Ok(desk.cursors().page(&desk.paging, found, (place, |details| StaticIp::of(&details))))
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<StaticIp, Problem> {
    Ok(StaticIp::of(&desk.service.static_ip_details(ip(&desk)?).await?))
}

/// The address in the path.
fn ip(desk: &Desk) -> Result<IpAddr, Problem> {
    Ok(desk.place::<IpAddr>("ip")?.to_canonical())
}

/// All addresses of the table or none. Every wrong row is told, with its line. A body may hold as much as the setting
/// `operator.answers.body_limit_bytes` says; for long tables there is `turnpike static-ip import`.
#[derive(ToSchema)]
pub(crate) struct Table {
    /// CSV. The first line names the columns: `ip`, `kind` (14 or datacenter, 25 or residential) and `country`, and, if
    /// wanted, `region`, `city`, `state` (`for_sale`, `maintenance` or `withdrawn`), `note` and `exit`.
    #[schema(value_type = String, min_length = 15, max_length = 1_048_576, example = "ip,kind,country,region,city\n192.0.2.7,25,JP,Tokyo,Chiyoda\n")]
    csv: String,
}

impl Wish for Table {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { csv: members.required("csv", table)? })
    }
}

/// A table in a body.
pub(crate) fn table(given: Given<'_>) -> Result<String, String> {
    let table = read::text(given)?;
    let fits = table.len() <= LONGEST_TABLE;
    if fits { Ok(table.to_owned()) } else { Err(format!("must not be longer than {LONGEST_TABLE} bytes")) }
}

/// What was taken over.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct TakenOver {
    /// How many addresses.
    #[schema(minimum = 0)]
    added: u64,
}

pub(crate) async fn import(desk: Desk, wish: Table) -> Result<TakenOver, Problem> {
    let sheet = StaticIpSheet::read(wish.csv.as_bytes());
    let kind = if sheet.is_sound() { Kind::Conflict } else { Kind::Body };
    let acting = desk.acting(|added: &u64| TakenOver { added: *added });
    let added = acting.import_static_ips(&desk.actor, sheet, Arc::default()).await.map_err(|error| match error {
        ServiceError::Sheet(error) => rows(kind, &error),
        error => error.into(),
    })?;
    Ok(TakenOver { added })
}

/// Every wrong row.
pub(crate) fn rows(kind: Kind, error: &SheetError) -> Problem {
    let pointer = || Some("#/csv".to_owned());
    let wrong = |detail: String| FieldProblem { detail, pointer: pointer(), parameter: None };
    let told = error.rows.iter().map(|row| wrong(row.to_string()));
    let more = error.count.saturating_sub(error.rows.len());
    let rest = (more > 0).then(|| wrong(format!("{more} more rows are wrong")));
    Problem::of_fields(kind, told.chain(rest).collect())
}

/// An address in maintenance is not sold, and whoever holds it is told so. A withdrawn one is not sold any more; nobody
/// may hold it.
#[derive(ToSchema)]
pub(crate) struct Change {
    #[schema(value_type = StaticIpDutyShape, inline)]
    duty: StaticIpDuty,
}

impl Wish for Change {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { duty: members.required("duty", duty)? })
    }
}

fn duty(given: Given<'_>) -> Result<StaticIpDuty, String> {
    let duty = StaticIpDuty::from_word(read::text(given)?);
    duty.ok_or_else(|| "must be one of normal, maintenance, withdrawn".to_owned())
}

pub(crate) async fn change(desk: Desk, wish: Change) -> Result<StaticIp, Problem> {
    let ip = ip(&desk)?;
    Ok(StaticIp::of(&desk.acting(StaticIp::of).set_static_ip_duty(&desk.actor, ip, wish.duty).await?))
}

/// The traffic of whoever holds it leaves by that exit from then on.
#[derive(ToSchema)]
pub(crate) struct Behind {
    /// The exit; `null` for an address of the gateways' own hosts.
    #[schema(value_type = Option<ExitNameShape>)]
    exit: Option<ExitName>,
}

impl Wish for Behind {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { exit: members.required("exit", exit)? })
    }
}

fn exit(given: Given<'_>) -> Result<Option<ExitName>, String> {
    if given.value.is_null() {
        return Ok(None);
    }
    ExitName::parse(read::text(given)?).map(Some).map_err(|error| error.to_string())
}

pub(crate) async fn put_behind(desk: Desk, wish: Behind) -> Result<StaticIp, Problem> {
    let ip = ip(&desk)?;
    Ok(StaticIp::of(&desk.acting(StaticIp::of).put_static_ip_behind(&desk.actor, ip, wish.exit).await?))
}

/// The customer keeps the number and the end of what it bought, and none of its changes is used up.
#[derive(ToSchema)]
pub(crate) struct Replacement {
    /// Where the other address is to be.
    #[schema(value_type = CountryShape, inline)]
    country: CountryCode,
}

impl Wish for Replacement {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { country: members.required("country", country)? })
    }
}

pub(crate) async fn replace(desk: Desk, wish: Replacement) -> Result<StaticIp, Problem> {
    let ip = ip(&desk)?;
    Ok(StaticIp::of(&desk.acting(StaticIp::of).replace_static_ip(&desk.actor, ip, Some(wish.country)).await?))
}

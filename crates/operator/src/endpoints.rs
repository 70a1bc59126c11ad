//! Endpoints that live: ports of the network entries that customers have for a time, or for as long as they hold a static IP.

use serde::Serialize;
use turnpike_domain::endpoint::EntryName;
use turnpike_domain::ids::{CustomerId, EndpointId};
use turnpike_domain::place::PlaceName;
use turnpike_domain::product::ProductType;
use turnpike_service::{EndpointDetails, EndpointFilter};
use utoipa::ToSchema;

use crate::cursor::{PageOf, one_more};
use crate::desk::Desk;
use crate::members::{Given, Members, Nothing, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{AccountProductType, Moment};

/// A port that a customer has.
#[derive(Serialize, ToSchema)]
pub(crate) struct Endpoint {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// Under which network entry it is.
    #[schema(pattern = "^[a-z0-9-]{1,32}$")]
    entry: String,
    /// Where there.
    #[schema(minimum = 1, maximum = 65535)]
    port: u16,
    /// Whose it is.
    #[schema(minimum = 1)]
    customer: i64,
    /// Whose exits it leaves by.
    #[schema(value_type = AccountProductType)]
    product_type: ProductType,
    /// The country that was asked for, as it is compared; `null` for any.
    #[schema(required = true)]
    country: Option<String>,
    /// The state.
    #[schema(required = true)]
    state: Option<String>,
    /// The city.
    #[schema(required = true)]
    city: Option<String>,
    /// The static IP that it leaves by; `null` for an exit of the pool.
    #[schema(required = true)]
    ip: Option<String>,
    created_at: Moment,
    /// When it ends; `null` for as long as the static IP is held.
    #[schema(required = true)]
    ends_at: Option<Moment>,
}

impl Endpoint {
    fn of(endpoint: EndpointDetails) -> Self {
        let place = endpoint.place;
        let [country, state, city] =
            [place.country, place.state, place.city].map(|name: Option<PlaceName>| name.map(String::from));
        Self {
            id: endpoint.id.get(),
            entry: endpoint.entry.to_string(),
            port: endpoint.port,
            customer: endpoint.customer.get(),
            product_type: endpoint.product_type,
            country,
            state,
            city,
            ip: endpoint.ip.map(|ip| ip.to_string()),
            created_at: Moment(endpoint.created_at),
            ends_at: endpoint.ends_at.map(Moment),
        }
    }
}

/// By number, oldest first.
#[derive(ToSchema)]
pub(crate) struct Filter {
    /// Only of this customer.
    #[schema(value_type = i64, required = false, minimum = 1)]
    customer: Option<CustomerId>,
    /// Only under this entry.
    #[schema(value_type = String, required = false, pattern = "^[A-Za-z0-9-]{1,32}$")]
    entry: Option<EntryName>,
    /// Only at this port.
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 65535)]
    port: Option<u16>,
}

impl Wish for Filter {
    fn read(members: &mut Members) -> Option<Self> {
        let customer = members.optional("customer", |given| read::integer(given, 1..=i64::MAX));
        let entry = members.optional("entry", entry);
        let port = members.optional("port", |given| read::integer(given, 1..=i64::from(u16::MAX)));
        let port = port.and_then(|port| u16::try_from(port).ok());
        Some(Self { customer: customer.map(CustomerId::new), entry, port })
    }
}

fn entry(given: Given<'_>) -> Result<EntryName, String> {
    EntryName::parse(read::text(given)?).map_err(|error| error.to_string())
}

pub(crate) async fn list(desk: Desk, filter: Filter) -> Result<PageOf<Endpoint>, Problem> {
    let Filter { customer, entry, port } = filter;
    let after = desk.cursors().after(&desk.paging)?.unwrap_or(0);
    let filter = EndpointFilter { customer, entry, port };
    let found = desk.service.endpoints(&filter, after, one_more(&desk.paging)).await?;
    Ok(desk.cursors().page(&desk.paging, found, (|one: &EndpointDetails| one.id.get(), Endpoint::of)))
}

/// An endpoint that was ended. Its connections are reset; the one of a static IP is replaced by another within a minute.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct EndedEndpoint {
    /// Its number.
    #[schema(minimum = 1)]
    endpoint: i64,
}

pub(crate) async fn end(desk: Desk, _: Nothing) -> Result<EndedEndpoint, Problem> {
    let id = EndpointId::new(desk.place("endpoint")?);
    let ended = EndedEndpoint { endpoint: id.get() };
    let kept = ended.clone();
    desk.acting(move |(): &()| kept.clone()).end_endpoints_as(&desk.actor, vec![id]).await?;
    Ok(ended)
}

//! Live endpoints as the operator sees them.

use std::net::IpAddr;

use turnpike_domain::endpoint::EntryName;
use turnpike_domain::ids::{CustomerId, EndpointId};
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use super::{corrupt, entry, place, port};
use crate::db::Tx;
use crate::error::StoreError;

/// A live endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointDetails {
    /// Which endpoint.
    pub id: EndpointId,
    /// Under which entry.
    pub entry: EntryName,
    /// Where there.
    pub port: u16,
    /// Whose it is.
    pub customer: CustomerId,
    /// Whose exits it leaves by.
    pub product_type: ProductType,
    /// Where its exit shall be.
    pub place: PlaceWish,
    /// The static IP that it leaves by, if it leads to one.
    pub ip: Option<IpAddr>,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when; `None` for as long as the static IP is held.
    pub ends_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct DetailsRow {
    id: i64,
    entry: String,
    port: i64,
    customer_id: i64,
    product_type: i64,
    country: Option<String>,
    state: Option<String>,
    city: Option<String>,
    ip: Option<String>,
    created_at: i64,
    ends_at: Option<i64>,
}

impl TryFrom<DetailsRow> for EndpointDetails {
    type Error = StoreError;

    fn try_from(row: DetailsRow) -> Result<Self, StoreError> {
        let ip = row.ip.map(|ip| ip.parse().map_err(|_| corrupt(row.id, "holding_id")));
        Ok(Self {
            id: EndpointId::new(row.id),
            entry: entry(row.id, &row.entry)?,
            port: port(row.id, row.port)?,
            customer: CustomerId::new(row.customer_id),
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt(row.id, "product_type"))?,
            place: place(row.id, [row.country, row.state, row.city])?,
            ip: ip.transpose()?,
            created_at: Timestamp::from_ms(row.created_at),
            ends_at: row.ends_at.map(Timestamp::from_ms),
        })
    }
}

/// Which endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointFilter {
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only under this entry.
    pub entry: Option<EntryName>,
    /// Only at this port.
    pub port: Option<u16>,
}

const PAGE: &str = "\
    SELECT endpoint.id, endpoint.entry, endpoint.port, endpoint.customer_id, endpoint.product_type, endpoint.country,
        endpoint.state, endpoint.city, static_ip.ip, endpoint.created_at, endpoint.ends_at
    FROM endpoint
    LEFT JOIN holding ON holding.id = endpoint.holding_id
    LEFT JOIN static_ip ON static_ip.id = holding.static_ip_id
    WHERE endpoint.id > $1 AND endpoint.ended_at IS NULL AND ($2 = 0 OR endpoint.customer_id = $2)
        AND ($3 = '' OR endpoint.entry = $3) AND ($4 = 0 OR endpoint.port = $4)
    ORDER BY endpoint.id
    LIMIT $5";

/// At most so many live endpoints after that number, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn page(
    tx: &mut Tx,
    filter: &EndpointFilter,
    after: i64,
    most: u32,
) -> Result<Vec<EndpointDetails>, StoreError> {
    // No customer and no port has the number 0, and no entry an empty name.
    let customer = filter.customer.map_or(0, CustomerId::get);
    let entry = filter.entry.as_ref().map_or("", EntryName::as_str);
    let port = filter.port.map_or(0, i64::from);
    let found = all!(DetailsRow, tx, PAGE, after, customer, entry, port, i64::from(most))?;
    found.into_iter().map(EndpointDetails::try_from).collect()
}

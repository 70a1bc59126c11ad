//! The inventory as the operator sees it: every address, and who holds it.

use std::net::IpAddr;

use turnpike_domain::country::CountryCode;
use turnpike_domain::exit::ExitName;
use turnpike_domain::ids::{CustomerId, HoldingId, StaticIpId};
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::StaticIpState;
use turnpike_domain::time::Timestamp;

use super::{address, corrupt, country, state};
use crate::db::Tx;
use crate::error::StoreError;

/// An address of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticIpDetails {
    /// Which.
    pub id: StaticIpId,
    /// The address.
    pub ip: IpAddr,
    /// Its kind.
    pub product_type: ProductType,
    /// Where it is.
    pub country: CountryCode,
    /// The state or province.
    pub region: String,
    /// The city.
    pub city: String,
    /// What may be done with it.
    pub state: StaticIpState,
    /// The operator's own words on it.
    pub note: String,
    /// The exit that it is behind; `None` for an address of the gateways' own hosts.
    pub exit: Option<ExitName>,
    /// Who holds it.
    pub holder: Option<Holder>,
}

/// Who holds an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// By which holding.
    pub holding: HoldingId,
    /// Who.
    pub customer: CustomerId,
    /// Until when.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct DetailsRow {
    id: i64,
    ip: String,
    product_type: i64,
    country: String,
    region: String,
    city: String,
    state: i64,
    note: String,
    exit: Option<String>,
    holding_id: Option<i64>,
    customer_id: Option<i64>,
    expires_at: Option<i64>,
}

impl TryFrom<DetailsRow> for StaticIpDetails {
    type Error = StoreError;

    fn try_from(row: DetailsRow) -> Result<Self, StoreError> {
        let holder = row.holding_id.zip(row.customer_id).zip(row.expires_at);
        Ok(Self {
            id: StaticIpId::new(row.id),
            ip: address(row.id, &row.ip)?,
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt(row.id, "product_type"))?,
            country: country(row.id, &row.country)?,
            region: row.region,
            city: row.city,
            state: state(row.id, row.state)?,
            note: row.note,
            exit: row.exit.as_deref().map(ExitName::parse).transpose().map_err(|_| corrupt(row.id, "exit_id"))?,
            holder: holder.map(|((holding, customer), expires_at)| Holder {
                holding: HoldingId::new(holding),
                customer: CustomerId::new(customer),
                expires_at: Timestamp::from_ms(expires_at),
            }),
        })
    }
}

/// Which addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticIpFilter {
    /// Only exactly this one.
    pub ip: Option<IpAddr>,
    /// Only of this kind.
    pub product_type: Option<ProductType>,
    /// Only there.
    pub country: Option<CountryCode>,
    /// Only in this state.
    pub state: Option<StaticIpState>,
    /// Only those that this customer holds.
    pub customer: Option<CustomerId>,
}

const PAGE: &str = "\
    SELECT static_ip.id, ip, static_ip.product_type, static_ip.country, region, city, static_ip.state, note,
        exit.name AS exit, holding.id AS holding_id, holding.customer_id, holding.expires_at
    FROM static_ip LEFT JOIN holding ON holding.static_ip_id = static_ip.id AND holding.ended_at IS NULL
        LEFT JOIN exit ON exit.id = static_ip.exit_id
    WHERE static_ip.id > $1 AND (ip = $2 OR $2 = '') AND (static_ip.product_type = $3 OR $3 = 0)
        AND (static_ip.country = $4 OR $4 = '') AND (static_ip.state = $5 OR $5 < 0) AND (holding.customer_id = $6 OR $6 = 0)
    ORDER BY static_ip.id
    LIMIT $7";

/// At most so many addresses after that number, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn page(
    tx: &mut Tx,
    filter: &StaticIpFilter,
    after: i64,
    most: u32,
) -> Result<Vec<StaticIpDetails>, StoreError> {
    let StaticIpFilter { ip, product_type, country, state, customer } = filter;
    let ip = ip.map(|ip| ip.to_string()).unwrap_or_default();
    let country = country.map(|country| country.to_string()).unwrap_or_default();
    let product_type = product_type.map_or(0, ProductType::number);
    let (state, customer) = (state.map_or(-1, StaticIpState::number), customer.map_or(0, CustomerId::get));
    let found = all!(DetailsRow, tx, PAGE, after, ip, product_type, country, state, customer, i64::from(most))?;
    found.into_iter().map(StaticIpDetails::try_from).collect()
}

const BY_ID: &str = "\
    SELECT static_ip.id, ip, static_ip.product_type, static_ip.country, region, city, static_ip.state, note,
        exit.name AS exit, holding.id AS holding_id, holding.customer_id, holding.expires_at
    FROM static_ip LEFT JOIN holding ON holding.static_ip_id = static_ip.id AND holding.ended_at IS NULL
        LEFT JOIN exit ON exit.id = static_ip.exit_id
    WHERE static_ip.id = $1";

/// One address.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_id(tx: &mut Tx, id: StaticIpId) -> Result<Option<StaticIpDetails>, StoreError> {
    optional!(DetailsRow, tx, BY_ID, id.get())?.map(StaticIpDetails::try_from).transpose()
}

const BY_IP: &str = "SELECT id FROM static_ip WHERE ip = $1";

/// The number of an address.
///
/// # Errors
/// Only the database's own.
pub async fn by_ip(tx: &mut Tx, ip: IpAddr) -> Result<Option<StaticIpId>, StoreError> {
    Ok(optional!((i64,), tx, BY_IP, ip.to_string())?.map(|(id,)| StaticIpId::new(id)))
}

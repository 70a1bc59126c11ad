//! Holdings that have not ended, as their customer's list needs them (contract §4).

use std::net::IpAddr;

use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CustomerId, HoldingId};
use turnpike_domain::product::ProductType;
use turnpike_domain::static_ip::{HoldingStatus, StaticIpState};
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;

use super::corrupt;
use crate::db::Tx;
use crate::error::StoreError;
use crate::package::Stretch;
use crate::static_ip::{address, country, state};

/// An address that a customer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Which holding.
    pub id: HoldingId,
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
    /// What may be done with the address.
    pub state: StaticIpState,
    /// The order it came from.
    pub trade_no: TradeNo,
    /// The customer's own words on it.
    pub remark: String,
    /// Since when.
    pub starts_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct HoldingRow {
    id: i64,
    ip: String,
    product_type: i64,
    country: String,
    region: String,
    city: String,
    state: i64,
    trade_no: String,
    remark: String,
    starts_at: i64,
    expires_at: i64,
}

impl TryFrom<HoldingRow> for Holding {
    type Error = StoreError;

    fn try_from(row: HoldingRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: HoldingId::new(row.id),
            ip: address(row.id, &row.ip)?,
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt(row.id, "product_type"))?,
            country: country(row.id, &row.country)?,
            region: row.region,
            city: row.city,
            state: state(row.id, row.state)?,
            trade_no: TradeNo::parse(&row.trade_no).ok_or(corrupt(row.id, "trade_no"))?,
            remark: row.remark,
            starts_at: Timestamp::from_ms(row.starts_at),
            expires_at: Timestamp::from_ms(row.expires_at),
        })
    }
}

/// Which of a customer's holdings.
#[derive(Clone, Debug, Default)]
pub struct HoldingFilter {
    /// Only this one.
    pub holding: Option<HoldingId>,
    /// Only there.
    pub country: Option<CountryCode>,
    /// Only of this kind.
    pub product_type: Option<ProductType>,
    /// Only from this order.
    pub trade_no: Option<TradeNo>,
    /// Only of this status.
    pub status: Option<HoldingStatus>,
}

/// A filter as parameters, where 0 and the empty text mean that all will do.
struct Parameters<'a> {
    holding: i64,
    country: String,
    product_type: i64,
    trade_no: &'a str,
    status: i64,
}

impl HoldingFilter {
    fn parameters(&self) -> Parameters<'_> {
        Parameters {
            holding: self.holding.map_or(0, HoldingId::get),
            country: self.country.map(|country| country.to_string()).unwrap_or_default(),
            product_type: self.product_type.map_or(0, ProductType::number),
            trade_no: self.trade_no.as_ref().map_or("", TradeNo::as_str),
            status: self.status.map_or(0, HoldingStatus::number),
        }
    }
}

/// What follows says the same as `HoldingStatus::of`, so that a page can be cut out of those of one status.
macro_rules! found {
    ($columns:literal, $end:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM holding
    JOIN static_ip ON static_ip.id = holding.static_ip_id
    JOIN orders ON orders.id = holding.order_id AND orders.customer_id = holding.customer_id
    WHERE holding.customer_id = $1 AND holding.ended_at IS NULL AND (holding.id = $2 OR $2 = 0)
        AND (holding.country = $3 OR $3 = '') AND (holding.product_type = $4 OR $4 = 0)
        AND (orders.trade_no = $5 OR $5 = '')
        AND ($6 = 0 OR $6 = CASE
            WHEN holding.expires_at <= $7 THEN 2
            WHEN static_ip.state = 2 THEN 4
            WHEN holding.expires_at <= $8 THEN 3
            ELSE 1 END)",
            $end
        )
    };
}

const LIST: &str = found!(
    "holding.id, ip, holding.product_type, holding.country, region, city, state, trade_no, remark, starts_at,
        holding.expires_at",
    " ORDER BY holding.id DESC LIMIT $9 OFFSET $10"
);
const COUNT: &str = found!("count(*)", "");

/// A stretch of a customer's holdings, newest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn list(
    tx: &mut Tx,
    customer: CustomerId,
    filter: &HoldingFilter,
    (stretch, now): (Stretch, Timestamp),
) -> Result<Vec<Holding>, StoreError> {
    let Parameters { holding, country, product_type, trade_no, status } = filter.parameters();
    let (customer, soon, now) = (customer.get(), HoldingStatus::soon(now).ms(), now.ms());
    let (most, skip) = (i64::from(stretch.most), i64::try_from(stretch.skip).unwrap_or(i64::MAX));
    let found =
        all!(HoldingRow, tx, LIST, customer, holding, country, product_type, trade_no, status, now, soon, most, skip)?;
    found.into_iter().map(Holding::try_from).collect()
}

/// How many holdings [`list`] would find without a stretch.
///
/// # Errors
/// Only the database's own.
pub async fn count(
    tx: &mut Tx,
    customer: CustomerId,
    filter: &HoldingFilter,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let Parameters { holding, country, product_type, trade_no, status } = filter.parameters();
    let (customer, soon, now) = (customer.get(), HoldingStatus::soon(now).ms(), now.ms());
    let (count,) = one!((i64,), tx, COUNT, customer, holding, country, product_type, trade_no, status, now, soon)?;
    Ok(count.unsigned_abs())
}

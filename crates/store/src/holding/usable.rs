//! Holdings as gateways need them: addresses that a customer may use now.

use turnpike_domain::country::CountryCode;
use turnpike_domain::directory::HeldIp;
use turnpike_domain::exit::ExitPlace;
use turnpike_domain::ids::{CustomerId, ExitId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use super::corrupt;
use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;
use crate::static_ip::address;

#[derive(sqlx::FromRow)]
struct UsableRow {
    id: i64,
    customer_id: i64,
    ip: String,
    product_type: i64,
    country: String,
    region: String,
    city: String,
    expires_at: i64,
    exit_id: Option<i64>,
}

impl TryFrom<UsableRow> for HeldIp {
    type Error = StoreError;

    fn try_from(row: UsableRow) -> Result<Self, StoreError> {
        let country = CountryCode::parse(&row.country).map_err(|_| corrupt(row.id, "country"))?;
        // The inventory takes names that no login can hold; then the country is all that can be asked for.
        let place = ExitPlace::parse(&format!("{country}/{}/{}", row.region, row.city));
        Ok(Self {
            ip: address(row.id, &row.ip)?,
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt(row.id, "product_type"))?,
            place: place.unwrap_or(ExitPlace::of_country(country)),
            expires_at: Timestamp::from_ms(row.expires_at),
            exit: row.exit_id.map(ExitId::new),
        })
    }
}

/// `static_ip.state` 2 is maintenance.
const USABLE: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
    SELECT holding.id, holding.customer_id, ip, holding.product_type, holding.country, region, city, holding.expires_at,
        exit_id
    FROM wanted CROSS JOIN holding CROSS JOIN static_ip
    WHERE holding.customer_id = wanted.id AND holding.ended_at IS NULL AND holding.expires_at > $2
        AND static_ip.id = holding.static_ip_id AND static_ip.state <> 2
    ORDER BY holding.id";

/// What these customers hold and may use now, in no order of customers.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn usable(
    tx: &mut Tx,
    customers: &[CustomerId],
    now: Timestamp,
) -> Result<Vec<(CustomerId, HeldIp)>, StoreError> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<_> = customers.iter().map(|customer| (customer.get(),)).collect();
    let found = all!(UsableRow, tx, USABLE, rows(&wanted)?, now.ms())?;
    found.into_iter().map(|row| Ok((CustomerId::new(row.customer_id), HeldIp::try_from(row)?))).collect()
}

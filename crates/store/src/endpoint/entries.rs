//! Live endpoints as gateways need them.

use turnpike_domain::endpoint::EndpointEntry;
use turnpike_domain::ids::{AccountId, CustomerId, EndpointBatchId, EndpointId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use super::{corrupt, entry, place, port};
use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: i64,
    batch: i64,
    entry: String,
    port: i64,
    customer_id: i64,
    account_id: i64,
    product_type: i64,
    country: Option<String>,
    state: Option<String>,
    city: Option<String>,
    ip: Option<String>,
    ends_at: Option<i64>,
    ended_at: Option<i64>,
}

impl TryFrom<EntryRow> for EndpointEntry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let ip = row.ip.map(|ip| ip.parse().map_err(|_| corrupt(row.id, "holding_id")));
        Ok(Self {
            id: EndpointId::new(row.id),
            batch: EndpointBatchId::new(row.batch),
            entry: entry(row.id, &row.entry)?,
            port: port(row.id, row.port)?,
            customer: CustomerId::new(row.customer_id),
            account: AccountId::new(row.account_id),
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt(row.id, "product_type"))?,
            place: place(row.id, [row.country, row.state, row.city])?,
            ip: ip.transpose()?,
            ends_at: row.ends_at.map(Timestamp::from_ms),
        })
    }
}

const ENTRIES: &str = "\
    SELECT endpoint.id, endpoint.batch, endpoint.entry, endpoint.port, endpoint.customer_id, endpoint.account_id,
        endpoint.product_type, endpoint.country, endpoint.state, endpoint.city, static_ip.ip, endpoint.ends_at,
        endpoint.ended_at
    FROM endpoint
    LEFT JOIN holding ON holding.id = endpoint.holding_id
    LEFT JOIN static_ip ON static_ip.id = holding.static_ip_id
    WHERE endpoint.id > $1 AND endpoint.ended_at IS NULL
    ORDER BY endpoint.id
    LIMIT $2";

/// The first `most` live endpoints after that number, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn entries(tx: &mut Tx, after: EndpointId, most: u32) -> Result<Vec<EndpointEntry>, StoreError> {
    all!(EntryRow, tx, ENTRIES, after.get(), i64::from(most))?.into_iter().map(EndpointEntry::try_from).collect()
}

const OF_BATCHES: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
    SELECT endpoint.id, endpoint.batch, endpoint.entry, endpoint.port, endpoint.customer_id, endpoint.account_id,
        endpoint.product_type, endpoint.country, endpoint.state, endpoint.city, static_ip.ip, endpoint.ends_at,
        endpoint.ended_at
    FROM wanted CROSS JOIN endpoint
    LEFT JOIN holding ON holding.id = endpoint.holding_id
    LEFT JOIN static_ip ON static_ip.id = holding.static_ip_id
    WHERE endpoint.batch = wanted.id
    ORDER BY endpoint.id";

/// What gateways were told of with these batches: endpoints that live, and those that have ended.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn of_batches(
    tx: &mut Tx,
    batches: &[EndpointBatchId],
) -> Result<(Vec<EndpointEntry>, Vec<EndpointId>), StoreError> {
    let (mut live, mut ended) = (Vec::new(), Vec::new());
    if batches.is_empty() {
        return Ok((live, ended));
    }
    let wanted: Vec<_> = batches.iter().map(|batch| (batch.get(),)).collect();
    for row in all!(EntryRow, tx, OF_BATCHES, rows(&wanted)?)? {
        if row.ended_at.is_some() {
            ended.push(EndpointId::new(row.id));
        } else {
            live.push(row.try_into()?);
        }
    }
    Ok((live, ended))
}

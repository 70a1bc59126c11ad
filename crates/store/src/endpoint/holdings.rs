//! The ports by which static IPs are reached: each has one for as long as it is held.

use turnpike_domain::ids::{CustomerId, EndpointBatchId, EndpointId, HoldingId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use super::{Ports, Tenancy, corrupt, placed, port};
use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

const ALLOT: &str = "\
    WITH RECURSIVE ports (port) AS (
        SELECT CAST($2 AS BIGINT) UNION ALL SELECT port + 1 FROM ports WHERE port < CAST($3 AS BIGINT)
    ),
    chosen AS (
        SELECT port, row_number() OVER (ORDER BY (port * CAST($4 AS BIGINT) + CAST($5 AS BIGINT)) % 65537) AS place
        FROM ports
        WHERE port NOT IN (SELECT taken.port FROM endpoint AS taken WHERE taken.entry = $1 AND taken.ended_at IS NULL)
    ),
    held AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS holding_id, CAST(value ->> 1 AS BIGINT) AS place FROM json_each($6)
    )
    INSERT INTO endpoint (entry, port, customer_id, account_id, product_type, holding_id, batch, created_at)
    SELECT $1, chosen.port, $7, $8, $9, held.holding_id, $10, $11
    FROM held JOIN chosen ON chosen.place = held.place
    RETURNING id, port";

/// Gives each of these static IPs a free port of a locked entry: fewer when there are fewer.
///
/// # Errors
/// [`StoreError::Conflict`] when one has a port; the database's own.
pub async fn allot_to_holdings(
    tx: &mut Tx,
    ports: &Ports,
    tenancy: &Tenancy,
    holdings: &[HoldingId],
) -> Result<Vec<(EndpointId, u16)>, StoreError> {
    let Ports { entry, range, shuffle } = ports;
    let Tenancy { customer, account, product_type, batch, created_at } = tenancy;
    let held: Vec<_> = (1_i64..).zip(holdings).map(|(place, holding)| (holding.get(), place)).collect();
    let given = all!(
        (i64, i64),
        tx,
        ALLOT,
        entry.as_str(),
        i64::from(range.first()),
        i64::from(range.last()),
        shuffle.0,
        shuffle.1,
        rows(&held)?,
        customer.get(),
        account.get(),
        product_type.number(),
        batch.get(),
        created_at.ms()
    )?;
    given.into_iter().map(placed).collect()
}

const OF_HOLDINGS: &str = "\
    SELECT holding_id, port FROM endpoint WHERE customer_id = $1 AND holding_id IS NOT NULL AND ended_at IS NULL";

/// The ports by which a customer's static IPs are reached.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn of_holdings(tx: &mut Tx, customer: CustomerId) -> Result<Vec<(HoldingId, u16)>, StoreError> {
    let found = all!((i64, i64), tx, OF_HOLDINGS, customer.get())?;
    found.into_iter().map(|(holding, number)| Ok((HoldingId::new(holding), port(holding, number)?))).collect()
}

const WITHOUT: &str = "\
    SELECT holding.customer_id, holding.product_type, holding.id FROM holding
    WHERE holding.ended_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM endpoint WHERE endpoint.holding_id = holding.id AND endpoint.ended_at IS NULL)
    ORDER BY holding.customer_id, holding.product_type, holding.id
    LIMIT $1";

/// At most so many static IPs that are held and have no port: whose they are, of which kind, and which; by customer and kind.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn without_port(tx: &mut Tx, most: u32) -> Result<Vec<(CustomerId, ProductType, HoldingId)>, StoreError> {
    let found = all!((i64, i64, i64), tx, WITHOUT, i64::from(most))?;
    let known = |(customer, number, id): (i64, i64, i64)| {
        let product_type = ProductType::from_number(number).ok_or(corrupt(id, "product_type"))?;
        Ok((CustomerId::new(customer), product_type, HoldingId::new(id)))
    };
    found.into_iter().map(known).collect()
}

const END: &str = "\
    UPDATE endpoint SET ended_at = $2, batch = $3
    WHERE ended_at IS NULL AND holding_id IS NOT NULL AND ($1 = 0 OR customer_id = $1)
        AND EXISTS (SELECT 1 FROM holding WHERE holding.id = endpoint.holding_id AND holding.ended_at IS NOT NULL)";

/// Ends the endpoints that lead to static IPs which are held no more, of one customer or of all: how many.
///
/// # Errors
/// Only the database's own.
pub async fn end_of_ended_holdings(
    tx: &mut Tx,
    customer: Option<CustomerId>,
    batch: EndpointBatchId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    exec!(tx, END, customer.map_or(0, CustomerId::get), now.ms(), batch.get())
}

const RETELL: &str = "\
    UPDATE endpoint SET batch = $3 WHERE customer_id = $1 AND holding_id = $2 AND ended_at IS NULL";

/// Puts the endpoint of a static IP, behind which there is another address now, into a batch; false when it has none.
///
/// # Errors
/// Only the database's own.
pub async fn retell(
    tx: &mut Tx,
    customer: CustomerId,
    holding: HoldingId,
    batch: EndpointBatchId,
) -> Result<bool, StoreError> {
    Ok(exec!(tx, RETELL, customer.get(), holding.get(), batch.get())? > 0)
}

const END_UNBOUND: &str = "\
    UPDATE endpoint SET ended_at = $2, batch = $3
    WHERE ended_at IS NULL AND holding_id IS NOT NULL AND id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))";

/// Ends those of these endpoints that lead to static IPs, because nobody could listen on them: how many.
///
/// # Errors
/// Only the database's own.
pub async fn end_unbound(
    tx: &mut Tx,
    endpoints: &[EndpointId],
    batch: EndpointBatchId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    exec!(tx, END_UNBOUND, super::numbers(endpoints)?, now.ms(), batch.get())
}

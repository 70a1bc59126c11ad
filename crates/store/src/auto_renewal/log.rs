//! What came of buying things again by themselves.

use turnpike_domain::ids::{AutoRenewalId, CustomerId, OrderId};
use turnpike_domain::time::Timestamp;
use turnpike_domain::trade_no::TradeNo;

use crate::db::Tx;
use crate::error::StoreError;
use crate::package::Stretch;

/// What came of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its number.
    pub id: i64,
    /// Of which.
    pub renewal: AutoRenewalId,
    /// When.
    pub at: Timestamp,
    /// The order, when it was bought.
    pub trade_no: Option<TradeNo>,
    /// A word for what came of it: `renewed`, or why not.
    pub outcome: String,
}

const INSERT: &str = "\
    INSERT INTO auto_renewal_log (auto_renewal_id, customer_id, at, order_id, outcome) VALUES ($1, $2, $3, $4, $5)";

/// Writes down what came of a try: the order, or a word that says why there is none.
///
/// # Errors
/// Only the database's own.
pub async fn insert(
    tx: &mut Tx,
    (renewal, customer): (AutoRenewalId, CustomerId),
    (order, outcome): (Option<OrderId>, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    exec!(tx, INSERT, renewal.get(), customer.get(), now.ms(), order.map(OrderId::get), outcome).map(drop)
}

#[derive(sqlx::FromRow)]
struct AttemptRow {
    id: i64,
    auto_renewal_id: i64,
    at: i64,
    trade_no: Option<String>,
    outcome: String,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = StoreError;

    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        let corrupt = StoreError::Corrupt { table: "auto_renewal_log", column: "order_id", id: row.id };
        let trade_no = match row.trade_no {
            Some(number) => Some(TradeNo::parse(&number).ok_or(corrupt)?),
            None => None,
        };
        let (renewal, at) = (AutoRenewalId::new(row.auto_renewal_id), Timestamp::from_ms(row.at));
        Ok(Self { id: row.id, renewal, at, trade_no, outcome: row.outcome })
    }
}

const LIST: &str = "\
    SELECT log.id, auto_renewal_id, at, trade_no, outcome
    FROM auto_renewal_log AS log
    LEFT JOIN orders ON orders.id = log.order_id AND orders.customer_id = log.customer_id
    WHERE log.customer_id = $1 AND (auto_renewal_id = $2 OR $2 = 0)
    ORDER BY log.id DESC
    LIMIT $3 OFFSET $4";

/// A stretch of what came of a customer's tries, newest first; only of that one, when a number is given.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn list(
    tx: &mut Tx,
    customer: CustomerId,
    only: Option<AutoRenewalId>,
    stretch: Stretch,
) -> Result<Vec<Attempt>, StoreError> {
    let only = only.map_or(0, AutoRenewalId::get);
    let (most, skip) = (i64::from(stretch.most), i64::try_from(stretch.skip).unwrap_or(i64::MAX));
    all!(AttemptRow, tx, LIST, customer.get(), only, most, skip)?.into_iter().map(Attempt::try_from).collect()
}

const COUNT: &str = "\
    SELECT count(*) FROM auto_renewal_log WHERE customer_id = $1 AND (auto_renewal_id = $2 OR $2 = 0)";

/// How many [`list`] would find without a stretch.
///
/// # Errors
/// Only the database's own.
pub async fn count(tx: &mut Tx, customer: CustomerId, only: Option<AutoRenewalId>) -> Result<u64, StoreError> {
    let (count,) = one!((i64,), tx, COUNT, customer.get(), only.map_or(0, AutoRenewalId::get))?;
    Ok(count.unsigned_abs())
}

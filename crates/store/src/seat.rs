//! Seats: how many connections a gateway may have open for an account of a time plan. What a package's plan has is shared
//! out under the package's lock.

use turnpike_domain::ids::{AccountId, CustomerId, Incarnation, NodeId, PackageId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

const ADVANCE: &str = "\
    UPDATE node SET last_contact = $2, seat_round = $4
    WHERE id = $1 AND boot = $3 AND seat_round < $4";

/// Notes that an incarnation was heard of and makes this round, and keeps the gateway's other acts waiting until this
/// transaction ends. False when the gateway is another incarnation's, or when it has made that round or a later one.
///
/// # Errors
/// Only the database's own.
pub async fn advance(tx: &mut Tx, incarnation: Incarnation, round: u64, now: Timestamp) -> Result<bool, StoreError> {
    let column = |counter| i64::try_from(counter).unwrap_or(i64::MAX);
    let (boot, round) = (column(incarnation.boot), column(round));
    Ok(exec!(tx, ADVANCE, incarnation.node.get(), now.ms(), boot, round)? == 1)
}

/// A package that an account may draw on, and what its plan says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Which account.
    pub account: AccountId,
    /// Whose.
    pub customer: CustomerId,
    /// Which package.
    pub package: PackageId,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How many connections at once; `None` is no limit.
    pub tunnels: Option<u32>,
}

const PLANS: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
    SELECT account.id, account.customer_id, package.id, package.expires_at, time_plan.tunnels
    FROM wanted CROSS JOIN account CROSS JOIN package
    LEFT JOIN time_plan ON time_plan.package_id = package.id
    WHERE account.id = wanted.id AND account.deleted_at IS NULL
        AND package.customer_id = account.customer_id AND package.product_type = account.product_type
        AND account.product_type = $2 AND package.starts_at <= $3 AND package.expires_at > $3 AND package.used < package.size
    ORDER BY package.id, account.id
    FOR NO KEY UPDATE OF package";

/// Every time plan that each of these accounts may draw on now, locked until the transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock_plans(tx: &mut Tx, accounts: &[AccountId], now: Timestamp) -> Result<Vec<Plan>, StoreError> {
    let (wanted, product_type) = (ids(accounts)?, ProductType::DynamicTimePlan.number());
    let found = all!((i64, i64, i64, i64, Option<i64>), tx, PLANS, wanted, product_type, now.ms())?;
    let plan = |(account, customer, package, expires_at, tunnels): (i64, i64, i64, i64, Option<i64>)| {
        let corrupt = StoreError::Corrupt { table: "time_plan", column: "tunnels", id: package };
        // More than a number of seats holds is no limit that anybody would notice.
        let tunnels = tunnels.map(|tunnels| u64::try_from(tunnels).map_err(|_| corrupt)).transpose()?;
        Ok(Plan {
            account: AccountId::new(account),
            customer: CustomerId::new(customer),
            package: PackageId::new(package),
            expires_at: Timestamp::from_ms(expires_at),
            tunnels: tunnels.map(|tunnels| u32::try_from(tunnels).unwrap_or(u32::MAX)),
        })
    };
    found.into_iter().map(plan).collect()
}

/// What a gateway has for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Which gateway.
    pub node: NodeId,
    /// For which account.
    pub account: AccountId,
    /// Whose.
    pub customer: CustomerId,
    /// Of which package's plan.
    pub package: PackageId,
    /// How many, at least 1.
    pub seats: u32,
}

const TAKEN: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
    SELECT node_id, account_id, customer_id, package_id, seats
    FROM wanted CROSS JOIN seat
    WHERE seat.package_id = wanted.id";

/// All seats of these packages' plans, which must be locked.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn taken(tx: &mut Tx, packages: &[PackageId]) -> Result<Vec<Seats>, StoreError> {
    let wanted = rows(&packages.iter().map(|package| (package.get(),)).collect::<Vec<_>>())?;
    let found = all!((i64, i64, i64, i64, i64), tx, TAKEN, wanted)?;
    let seats = |(node, account, customer, package, seats)| {
        let corrupt = StoreError::Corrupt { table: "seat", column: "seats", id: account };
        Ok(Seats {
            node: NodeId::new(node),
            account: AccountId::new(account),
            customer: CustomerId::new(customer),
            package: PackageId::new(package),
            seats: u32::try_from(seats).map_err(|_| corrupt)?,
        })
    };
    found.into_iter().map(seats).collect()
}

const CLEAR_ACCOUNTS: &str = "\
    DELETE FROM seat
    WHERE node_id = $1 AND account_id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($2))";

const INSERT: &str = "\
    INSERT INTO seat (node_id, account_id, customer_id, package_id, seats)
    SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT),
        CAST(value ->> 3 AS BIGINT), CAST(value ->> 4 AS BIGINT)
    FROM json_each($1)";

/// What a gateway has for these accounts is this from now on, and nothing for those of them that are not among `seats`.
///
/// # Errors
/// Only the database's own.
pub async fn replace(tx: &mut Tx, node: NodeId, accounts: &[AccountId], seats: &[Seats]) -> Result<(), StoreError> {
    exec!(tx, CLEAR_ACCOUNTS, node.get(), ids(accounts)?)?;
    let row = |one: &Seats| {
        let (account, customer, package) = (one.account.get(), one.customer.get(), one.package.get());
        (one.node.get(), account, customer, package, i64::from(one.seats))
    };
    if !seats.is_empty() {
        exec!(tx, INSERT, rows(&seats.iter().map(row).collect::<Vec<_>>())?)?;
    }
    Ok(())
}

const CLEAR: &str = "DELETE FROM seat WHERE node_id = $1";

/// A gateway has no seats any more: how many accounts it had some for.
///
/// # Errors
/// Only the database's own.
pub async fn clear(tx: &mut Tx, node: NodeId) -> Result<u64, StoreError> {
    exec!(tx, CLEAR, node.get())
}

const SEATED: &str = "\
    SELECT id, seat_round FROM node WHERE id IN (SELECT node_id FROM seat) ORDER BY id";

/// Gateways that have seats, and the last round that each has made.
///
/// # Errors
/// Only the database's own.
pub async fn seated(tx: &mut Tx) -> Result<Vec<(NodeId, u64)>, StoreError> {
    let found = all!((i64, i64), tx, SEATED)?;
    Ok(found.into_iter().map(|(node, round)| (NodeId::new(node), round.unsigned_abs())).collect())
}

const CLEAR_SILENT: &str = "\
    DELETE FROM seat WHERE node_id = $1 AND $2 = (SELECT seat_round FROM node WHERE id = $1)";

/// As [`clear`], unless the gateway has made a round since that one.
///
/// # Errors
/// Only the database's own.
pub async fn clear_silent(tx: &mut Tx, node: NodeId, round: u64) -> Result<u64, StoreError> {
    exec!(tx, CLEAR_SILENT, node.get(), i64::try_from(round).unwrap_or(i64::MAX))
}

fn ids(accounts: &[AccountId]) -> Result<String, StoreError> {
    rows(&accounts.iter().map(|account| (account.get(),)).collect::<Vec<_>>())
}

//! Leases: bytes granted to one gateway for one account out of one package.

use turnpike_domain::ids::{AccountId, CustomerId, LeaseId, NodeId, PackageId};
use turnpike_domain::lapse::Marked;
use turnpike_domain::quota::LeaseBook;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

/// A lease as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenLease {
    /// Which lease.
    pub id: LeaseId,
    /// Whose.
    pub customer: CustomerId,
    /// For which account.
    pub account: AccountId,
    /// Out of which package.
    pub package: PackageId,
    /// What was booked and what can still come.
    pub book: LeaseBook,
    /// Every report but the last renews it, see [`turnpike_domain::lapse`].
    pub lapses_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct LeaseRow {
    id: i64,
    customer_id: i64,
    account_id: i64,
    package_id: i64,
    ceiling: i64,
    used: i64,
    written: i64,
    lapsed: bool,
    lapses_at: i64,
}

impl TryFrom<LeaseRow> for OpenLease {
    type Error = StoreError;

    fn try_from(row: LeaseRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "lease", column, id: row.id };
        Ok(Self {
            id: LeaseId::new(row.id),
            customer: CustomerId::new(row.customer_id),
            account: AccountId::new(row.account_id),
            package: PackageId::new(row.package_id),
            book: LeaseBook {
                ceiling: Bytes::from_column(row.ceiling).ok_or(corrupt("ceiling"))?,
                used: Bytes::from_column(row.used).ok_or(corrupt("used"))?,
                written: Bytes::from_column(row.written).ok_or(corrupt("written"))?,
                lapsed: row.lapsed,
            },
            lapses_at: Timestamp::from_ms(row.lapses_at),
        })
    }
}

const LOCK: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($2))
    SELECT lease.id, customer_id, account_id, package_id, ceiling, used, written, lapsed, lapses_at
    FROM wanted CROSS JOIN lease
    WHERE lease.id = wanted.id AND node_id = $1
    ORDER BY lease.id
    FOR NO KEY UPDATE OF lease";

/// Those of the leases that exist and are this gateway's, by id, locked until the transaction ends. Leases are locked
/// before accounts and packages. `CROSS JOIN` makes SQLite go straight to each lease, not through all of the gateway's.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(tx: &mut Tx, node: NodeId, leases: &[LeaseId]) -> Result<Vec<OpenLease>, StoreError> {
    all!(LeaseRow, tx, LOCK, node.get(), ids(leases)?)?.into_iter().map(OpenLease::try_from).collect()
}

const LOCK_OF_NODE: &str = "\
    SELECT id, customer_id, account_id, package_id, ceiling, used, written, lapsed, lapses_at
    FROM lease WHERE node_id = $1
    ORDER BY id
    FOR NO KEY UPDATE OF lease";

/// All leases of a gateway, by id, locked until the transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock_of_node(tx: &mut Tx, node: NodeId) -> Result<Vec<OpenLease>, StoreError> {
    all!(LeaseRow, tx, LOCK_OF_NODE, node.get())?.into_iter().map(OpenLease::try_from).collect()
}

const OPEN: &str = "\
    SELECT lease.id, lapses_at, escrowed = TRUE AND revoked_at IS NULL AS escrowed
    FROM lease
    JOIN node ON node.id = lease.node_id
    LEFT JOIN node_credential ON node_credential.id = node.credential_id
    WHERE lapsed = FALSE";

/// All leases that have not lapsed. None is in escrow of a machine whose credential is void.
///
/// # Errors
/// Only the database's own.
pub async fn open(tx: &mut Tx) -> Result<Vec<Marked>, StoreError> {
    let open = all!((i64, i64, bool), tx, OPEN)?;
    let marked = |(id, mark, escrowed)| Marked { lease: LeaseId::new(id), mark: Timestamp::from_ms(mark), escrowed };
    Ok(open.into_iter().map(marked).collect())
}

const LOCK_MARKED: &str = "\
    WITH wanted AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS id, CAST(value ->> 1 AS BIGINT) AS mark FROM json_each($1)
    )
    SELECT lease.id, customer_id, account_id, package_id, ceiling, used, written, lapsed, lapses_at
    FROM wanted CROSS JOIN lease
    WHERE lease.id = wanted.id AND lapses_at = mark AND lapsed = FALSE
    ORDER BY lease.id
    FOR NO KEY UPDATE OF lease";

/// Those of the leases that have not lapsed and whose marks are still these, by id, locked until the transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock_marked(tx: &mut Tx, leases: &[Marked]) -> Result<Vec<OpenLease>, StoreError> {
    let wanted: Vec<_> = leases.iter().map(|marked| (marked.lease.get(), marked.mark.ms())).collect();
    all!(LeaseRow, tx, LOCK_MARKED, rows(&wanted)?)?.into_iter().map(OpenLease::try_from).collect()
}

fn ids(leases: &[LeaseId]) -> Result<String, StoreError> {
    rows(&leases.iter().map(|lease| (lease.get(),)).collect::<Vec<_>>())
}

const HELD_BY_NODE: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($2))
    SELECT lease.account_id, CAST(SUM(lease.ceiling - lease.written) AS BIGINT)
    FROM wanted CROSS JOIN lease
    WHERE lease.node_id = $1 AND lease.account_id = wanted.id AND lease.lapsed = FALSE
    GROUP BY lease.account_id";

/// What a gateway may still write for each of these accounts; those for which it holds no lease are left out. `CROSS JOIN` makes
/// SQLite go from the accounts to their leases, not through all leases of the gateway.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn held_by_node(
    tx: &mut Tx,
    node: NodeId,
    accounts: &[AccountId],
) -> Result<Vec<(AccountId, Bytes)>, StoreError> {
    let wanted: Vec<_> = accounts.iter().map(|account| (account.get(),)).collect();
    let held = all!((i64, i64), tx, HELD_BY_NODE, node.get(), rows(&wanted)?)?;
    let amount = |(account, held)| {
        let corrupt = StoreError::Corrupt { table: "lease", column: "ceiling", id: account };
        Ok((AccountId::new(account), Bytes::from_column(held).ok_or(corrupt)?))
    };
    held.into_iter().map(amount).collect()
}

const STORE: &str = "\
    WITH booked AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS customer_id, CAST(value ->> 1 AS BIGINT) AS id,
            CAST(value ->> 2 AS BIGINT) AS ceiling, CAST(value ->> 3 AS BIGINT) AS used,
            CAST(value ->> 4 AS BIGINT) AS written, CAST(value ->> 5 AS BOOLEAN) AS lapsed,
            CAST(value ->> 6 AS BIGINT) AS lapses_at
        FROM json_each($1)
    )
    UPDATE lease SET ceiling = booked.ceiling, used = booked.used, written = booked.written, lapsed = booked.lapsed,
        lapses_at = booked.lapses_at
    FROM booked
    WHERE lease.customer_id = booked.customer_id AND lease.id = booked.id";

/// Writes leases back that were locked in this transaction.
///
/// # Errors
/// Only the database's own.
pub async fn store(tx: &mut Tx, leases: &[&OpenLease]) -> Result<(), StoreError> {
    let row = |lease: &&OpenLease| {
        let LeaseBook { ceiling, used, written, lapsed } = &lease.book;
        let (customer, id, mark) = (lease.customer.get(), lease.id.get(), lease.lapses_at.ms());
        (customer, id, ceiling.to_column(), used.to_column(), written.to_column(), *lapsed, mark)
    };
    if !leases.is_empty() {
        exec!(tx, STORE, rows(&leases.iter().map(row).collect::<Vec<_>>())?)?;
    }
    Ok(())
}

const REMOVE: &str = "\
    WITH done AS (
        SELECT CAST(value ->> 0 AS BIGINT) AS customer_id, CAST(value ->> 1 AS BIGINT) AS id FROM json_each($1)
    )
    DELETE FROM lease WHERE (customer_id, id) IN (SELECT customer_id, id FROM done)";

/// Removes leases that are done.
///
/// # Errors
/// Only the database's own.
pub async fn remove(tx: &mut Tx, leases: &[&OpenLease]) -> Result<(), StoreError> {
    if !leases.is_empty() {
        let done: Vec<_> = leases.iter().map(|lease| (lease.customer.get(), lease.id.get())).collect();
        exec!(tx, REMOVE, rows(&done)?)?;
    }
    Ok(())
}

/// A lease to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLease {
    /// Whose.
    pub customer: CustomerId,
    /// For which account; at most one of them in a batch.
    pub account: AccountId,
    /// Out of which package.
    pub package: PackageId,
    /// How many bytes.
    pub bytes: Bytes,
    /// Its first mark.
    pub lapses_at: Timestamp,
    /// Whether it stays held after its gateway fell silent.
    pub escrowed: bool,
}

const INSERT: &str = "\
    INSERT INTO lease (node_id, customer_id, account_id, package_id, ceiling, lapses_at, escrowed)
    SELECT $1, CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT),
        CAST(value ->> 3 AS BIGINT), CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BOOLEAN)
    FROM json_each($2)
    RETURNING account_id, id";

/// Adds leases of one gateway: which account got which.
///
/// # Errors
/// Only the database's own.
pub async fn insert(tx: &mut Tx, node: NodeId, leases: &[NewLease]) -> Result<Vec<(AccountId, LeaseId)>, StoreError> {
    let row = |lease: &NewLease| {
        let (customer, account, package) = (lease.customer.get(), lease.account.get(), lease.package.get());
        (customer, account, package, lease.bytes.to_column(), lease.lapses_at.ms(), lease.escrowed)
    };
    if leases.is_empty() {
        return Ok(Vec::new());
    }
    let added: Vec<_> = leases.iter().map(row).collect();
    let ids = all!((i64, i64), tx, INSERT, node.get(), rows(&added)?)?;
    Ok(ids.into_iter().map(|(account, id)| (AccountId::new(account), LeaseId::new(id))).collect())
}

const END_ESCROW: &str = "UPDATE lease SET escrowed = FALSE WHERE node_id = $1 AND lapsed = FALSE AND escrowed = TRUE";

/// Leases of a gateway whose spool file will not come back are in escrow no more: how many.
///
/// # Errors
/// Only the database's own.
pub async fn end_escrow(tx: &mut Tx, node: NodeId) -> Result<u64, StoreError> {
    exec!(tx, END_ESCROW, node.get())
}

const FORGET_LAPSED: &str = "\
    DELETE FROM lease
    WHERE id IN (SELECT id FROM lease WHERE lapsed = TRUE AND lapses_at < $1 ORDER BY lapses_at LIMIT $2)";

/// Drops at most `most` leases that lapsed before `before`: how many.
///
/// # Errors
/// Only the database's own.
pub async fn forget_lapsed(tx: &mut Tx, before: Timestamp, most: u32) -> Result<u64, StoreError> {
    exec!(tx, FORGET_LAPSED, before.ms(), i64::from(most))
}

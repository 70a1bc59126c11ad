//! Customers: who they are, and what the operator allows them.

use std::collections::HashMap;

use turnpike_domain::directory::{CustomerEntry, HeldIp};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;

use crate::allow_list::address;
use crate::db::Tx;
use crate::error::StoreError;
use crate::holding;
use crate::rows::rows;

/// A customer, as its own calls need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Which customer.
    pub id: CustomerId,
    /// Its address, in lower case.
    pub email: String,
    /// Whether the operator has verified who it is.
    pub verified: bool,
    /// Whether the operator has suspended it.
    pub suspended: bool,
}

#[derive(sqlx::FromRow)]
struct CustomerRow {
    id: i64,
    email: String,
    verified: bool,
    suspended: bool,
}

impl From<CustomerRow> for Customer {
    fn from(row: CustomerRow) -> Self {
        Self { id: CustomerId::new(row.id), email: row.email, verified: row.verified, suspended: row.suspended }
    }
}

const INSERT: &str = "INSERT INTO customer (email, login_hash, created_at) VALUES ($1, $2, $3) RETURNING id";

/// Adds a customer, neither verified nor suspended.
///
/// # Errors
/// [`StoreError::Conflict`] when the address is taken.
pub async fn insert(tx: &mut Tx, email: &str, login_hash: &str, now: Timestamp) -> Result<CustomerId, StoreError> {
    let (id,) = one!((i64,), tx, INSERT, email, login_hash, now.ms())?;
    Ok(CustomerId::new(id))
}

const BY_ID: &str = "SELECT id, email, verified, suspended FROM customer WHERE id = $1";

/// One customer.
///
/// # Errors
/// Only the database's own.
pub async fn by_id(tx: &mut Tx, customer: CustomerId) -> Result<Option<Customer>, StoreError> {
    Ok(optional!(CustomerRow, tx, BY_ID, customer.get())?.map(Customer::from))
}

const ALL: &str = "SELECT id, email, verified, suspended FROM customer ORDER BY id";

/// All customers, by number.
///
/// # Errors
/// Only the database's own.
pub async fn all(tx: &mut Tx) -> Result<Vec<Customer>, StoreError> {
    Ok(all!(CustomerRow, tx, ALL)?.into_iter().map(Customer::from).collect())
}

const BY_EMAIL: &str = "SELECT id, email, verified, suspended FROM customer WHERE email = $1";

/// The customer with that address, given in lower case.
///
/// # Errors
/// Only the database's own.
pub async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<Customer>, StoreError> {
    Ok(optional!(CustomerRow, tx, BY_EMAIL, email)?.map(Customer::from))
}

const BY_APP_KEY: &str = "\
    SELECT customer.id, email, verified, suspended
    FROM app_key JOIN customer ON customer.id = app_key.customer_id
    WHERE app_key.mac = $1";

/// The customer whose `app_key` has this keyed hash.
///
/// # Errors
/// Only the database's own.
pub async fn by_app_key(tx: &mut Tx, mac: [u8; 32]) -> Result<Option<Customer>, StoreError> {
    Ok(optional!(CustomerRow, tx, BY_APP_KEY, mac.as_slice())?.map(Customer::from))
}

const LOGIN_HASH: &str = "SELECT login_hash FROM customer WHERE id = $1";

/// The slow hash of a customer's login password.
///
/// # Errors
/// Only the database's own.
pub async fn login_hash(tx: &mut Tx, customer: CustomerId) -> Result<Option<String>, StoreError> {
    Ok(optional!((String,), tx, LOGIN_HASH, customer.get())?.map(|(hash,)| hash))
}

const VERIFY: &str = "UPDATE customer SET verified = TRUE WHERE id = $1";

/// Marks a customer as verified; false when there is none.
///
/// # Errors
/// Only the database's own.
pub async fn verify(tx: &mut Tx, customer: CustomerId) -> Result<bool, StoreError> {
    Ok(exec!(tx, VERIFY, customer.get())? == 1)
}

const SET_SUSPENDED: &str = "UPDATE customer SET suspended = $2 WHERE id = $1";

/// Suspends a customer or lets it go on; false when there is none.
///
/// # Errors
/// Only the database's own.
pub async fn set_suspended(tx: &mut Tx, customer: CustomerId, suspended: bool) -> Result<bool, StoreError> {
    Ok(exec!(tx, SET_SUSPENDED, customer.get(), suspended)? == 1)
}

const SET_LIMITS: &str = "UPDATE customer SET max_tunnels = $2, max_connections_per_second = $3 WHERE id = $1";

/// Sets what a gateway lets a customer do at once; `None` is no limit. False when there is no such customer.
///
/// # Errors
/// Only the database's own.
pub async fn set_limits(
    tx: &mut Tx,
    customer: CustomerId,
    max_tunnels: Option<u32>,
    max_connections_per_second: Option<u32>,
) -> Result<bool, StoreError> {
    let (tunnels, connections) = (max_tunnels.map(i64::from), max_connections_per_second.map(i64::from));
    Ok(exec!(tx, SET_LIMITS, customer.get(), tunnels, connections)? == 1)
}

const RAISE_PACKAGES_VERSION: &str = "UPDATE customer SET packages_version = packages_version + 1 WHERE id = $1";

/// Makes gateways forget that a customer's traffic was used up; false when there is no such customer.
///
/// # Errors
/// Only the database's own.
pub async fn raise_packages_version(tx: &mut Tx, customer: CustomerId) -> Result<bool, StoreError> {
    Ok(exec!(tx, RAISE_PACKAGES_VERSION, customer.get())? == 1)
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: i64,
    verified: bool,
    suspended: bool,
    max_tunnels: Option<i64>,
    max_connections_per_second: Option<i64>,
    packages_version: i64,
    sources: Option<String>,
}

impl TryFrom<EntryRow> for CustomerEntry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let limit = |value: Option<i64>, column| {
            let corrupt = |_| StoreError::Corrupt { table: "customer", column, id: row.id };
            value.map(u32::try_from).transpose().map_err(corrupt)
        };
        let sources = row.sources.iter().flat_map(|list| list.split(','));
        let mut sources: Vec<_> = sources.map(|ip| address(row.id, ip)).collect::<Result<_, _>>()?;
        sources.sort_unstable();
        Ok(Self {
            id: CustomerId::new(row.id),
            verified: row.verified,
            suspended: row.suspended,
            max_tunnels: limit(row.max_tunnels, "max_tunnels")?,
            max_connections_per_second: limit(row.max_connections_per_second, "max_connections_per_second")?,
            packages_version: row.packages_version,
            sources,
            static_ips: Vec::new(),
        })
    }
}

const ENTRIES: &str = "\
    SELECT id, verified, suspended, max_tunnels, max_connections_per_second, packages_version,
        (SELECT string_agg(ip, ',') FROM allowed_source WHERE customer_id = customer.id) AS sources
    FROM customer
    WHERE id > $1
    ORDER BY id
    LIMIT $2";

/// The first `most` customers after that number, by number, as gateways need them.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn entries(
    tx: &mut Tx,
    after: CustomerId,
    most: u32,
    now: Timestamp,
) -> Result<Vec<CustomerEntry>, StoreError> {
    let found = all!(EntryRow, tx, ENTRIES, after.get(), i64::from(most))?;
    with_static_ips(tx, found, now).await
}

const ENTRIES_OF: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
    SELECT customer.id, verified, suspended, max_tunnels, max_connections_per_second, packages_version,
        (SELECT string_agg(ip, ',') FROM allowed_source WHERE customer_id = customer.id) AS sources
    FROM wanted CROSS JOIN customer
    WHERE customer.id = wanted.id";

/// Those of the given customers that exist, as gateways need them.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn entries_of(
    tx: &mut Tx,
    customers: &[CustomerId],
    now: Timestamp,
) -> Result<Vec<CustomerEntry>, StoreError> {
    let wanted: Vec<_> = customers.iter().map(|customer| (customer.get(),)).collect();
    let found = all!(EntryRow, tx, ENTRIES_OF, rows(&wanted)?)?;
    with_static_ips(tx, found, now).await
}

async fn with_static_ips(tx: &mut Tx, found: Vec<EntryRow>, now: Timestamp) -> Result<Vec<CustomerEntry>, StoreError> {
    let mut entries = found.into_iter().map(CustomerEntry::try_from).collect::<Result<Vec<_>, _>>()?;
    let customers: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    let mut held: HashMap<CustomerId, Vec<HeldIp>> = HashMap::new();
    for (customer, ip) in holding::usable(tx, &customers, now).await? {
        held.entry(customer).or_default().push(ip);
    }
    for entry in &mut entries {
        entry.static_ips = held.remove(&entry.id).unwrap_or_default();
    }
    Ok(entries)
}

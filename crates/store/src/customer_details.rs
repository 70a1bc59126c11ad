//! Customers as the operator sees them.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;

use crate::customer::Customer;
use crate::customer_profile::OwnQuotas;
use crate::db::Tx;
use crate::error::StoreError;

/// All that the operator may see and set of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerDetails {
    /// Who.
    pub customer: Customer,
    /// Its telephone number; empty when none is known.
    pub phone: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// Tunnels open at once on a gateway; `None` is no limit.
    pub max_tunnels: Option<u32>,
    /// New connections a second on a gateway; `None` is no limit.
    pub max_connections_per_second: Option<u32>,
    /// How many accounts and addresses it may have, where that is not the configured number.
    pub quotas: OwnQuotas,
}

#[derive(sqlx::FromRow)]
struct DetailsRow {
    id: i64,
    email: String,
    phone: String,
    verified: bool,
    suspended: bool,
    created_at: i64,
    max_tunnels: Option<i64>,
    max_connections_per_second: Option<i64>,
    most_accounts: Option<i64>,
    most_sources: Option<i64>,
}

impl TryFrom<DetailsRow> for CustomerDetails {
    type Error = StoreError;

    fn try_from(row: DetailsRow) -> Result<Self, StoreError> {
        let number = |value: Option<i64>, column| {
            let corrupt = |_| StoreError::Corrupt { table: "customer", column, id: row.id };
            value.map(u32::try_from).transpose().map_err(corrupt)
        };
        Ok(Self {
            phone: row.phone,
            created_at: Timestamp::from_ms(row.created_at),
            max_tunnels: number(row.max_tunnels, "max_tunnels")?,
            max_connections_per_second: number(row.max_connections_per_second, "max_connections_per_second")?,
            quotas: OwnQuotas {
                accounts: number(row.most_accounts, "most_accounts")?,
                sources: number(row.most_sources, "most_sources")?,
            },
            customer: Customer {
                id: CustomerId::new(row.id),
                email: row.email,
                verified: row.verified,
                suspended: row.suspended,
            },
        })
    }
}

const BY_ID: &str = "\
    SELECT id, email, phone, verified, suspended, created_at, max_tunnels, max_connections_per_second, most_accounts,
        most_sources
    FROM customer WHERE id = $1";

/// One customer.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_id(tx: &mut Tx, customer: CustomerId) -> Result<Option<CustomerDetails>, StoreError> {
    optional!(DetailsRow, tx, BY_ID, customer.get())?.map(CustomerDetails::try_from).transpose()
}

const LOCK: &str = "\
    SELECT id, email, phone, verified, suspended, created_at, max_tunnels, max_connections_per_second, most_accounts,
        most_sources
    FROM customer WHERE id = $1
    FOR NO KEY UPDATE";

/// As [`by_id`]; until the transaction ends nobody else changes the customer.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(tx: &mut Tx, customer: CustomerId) -> Result<Option<CustomerDetails>, StoreError> {
    optional!(DetailsRow, tx, LOCK, customer.get())?.map(CustomerDetails::try_from).transpose()
}

/// Which customers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// Only with exactly this address, in lower case.
    pub email: Option<String>,
    /// Only those that are verified, or only those that are not.
    pub verified: Option<bool>,
    /// Only those that are suspended, or only those that are not.
    pub suspended: Option<bool>,
}

const PAGE: &str = "\
    SELECT id, email, phone, verified, suspended, created_at, max_tunnels, max_connections_per_second, most_accounts,
        most_sources
    FROM customer
    WHERE id > $1 AND (email = $2 OR $2 = '') AND verified = coalesce($3, verified)
        AND suspended = coalesce($4, suspended)
    ORDER BY id
    LIMIT $5";

/// At most so many customers after that number, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn page(
    tx: &mut Tx,
    filter: &CustomerFilter,
    after: i64,
    most: u32,
) -> Result<Vec<CustomerDetails>, StoreError> {
    let CustomerFilter { email, verified, suspended } = filter;
    let email = email.as_deref().unwrap_or_default();
    let found = all!(DetailsRow, tx, PAGE, after, email, *verified, *suspended, i64::from(most))?;
    found.into_iter().map(CustomerDetails::try_from).collect()
}

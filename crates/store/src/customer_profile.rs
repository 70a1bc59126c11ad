//! What a customer sees of itself, how many things it may have, and what its sessions rest on.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;

use crate::customer::Customer;
use crate::db::Tx;
use crate::error::StoreError;

/// A customer as it sees itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its address, in lower case.
    pub email: String,
    /// Its telephone number; empty when none is known.
    pub phone: String,
    /// Whether the operator has verified who it is.
    pub verified: bool,
    /// Whether the operator has suspended it.
    pub suspended: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

const PROFILE: &str = "SELECT email, phone, verified, suspended, created_at FROM customer WHERE id = $1";

/// A customer's profile.
///
/// # Errors
/// Only the database's own.
pub async fn profile(tx: &mut Tx, customer: CustomerId) -> Result<Option<Profile>, StoreError> {
    let found = optional!((String, String, bool, bool, i64), tx, PROFILE, customer.get())?;
    Ok(found.map(|(email, phone, verified, suspended, at)| {
        let created_at = Timestamp::from_ms(at);
        Profile { email, phone, verified, suspended, created_at }
    }))
}

/// How many accounts and addresses a customer may have; `None` is the configured number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnQuotas {
    /// Live proxy accounts.
    pub accounts: Option<u32>,
    /// Addresses on the allow list.
    pub sources: Option<u32>,
}

fn quotas(customer: CustomerId, accounts: Option<i64>, sources: Option<i64>) -> Result<OwnQuotas, StoreError> {
    let number = |value: Option<i64>, column| {
        let corrupt = |_| StoreError::Corrupt { table: "customer", column, id: customer.get() };
        value.map(u32::try_from).transpose().map_err(corrupt)
    };
    Ok(OwnQuotas { accounts: number(accounts, "most_accounts")?, sources: number(sources, "most_sources")? })
}

const QUOTAS: &str = "SELECT most_accounts, most_sources FROM customer WHERE id = $1";

/// A customer's own quotas.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn own_quotas(tx: &mut Tx, customer: CustomerId) -> Result<Option<OwnQuotas>, StoreError> {
    let found = optional!((Option<i64>, Option<i64>), tx, QUOTAS, customer.get())?;
    found.map(|(accounts, sources)| quotas(customer, accounts, sources)).transpose()
}

const LOCK_QUOTAS: &str = "SELECT most_accounts, most_sources FROM customer WHERE id = $1 FOR NO KEY UPDATE";

/// As [`own_quotas`]; until the transaction ends nobody else adds what they count.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock_quotas(tx: &mut Tx, customer: CustomerId) -> Result<Option<OwnQuotas>, StoreError> {
    let found = optional!((Option<i64>, Option<i64>), tx, LOCK_QUOTAS, customer.get())?;
    found.map(|(accounts, sources)| quotas(customer, accounts, sources)).transpose()
}

const SET_QUOTAS: &str = "UPDATE customer SET most_accounts = $2, most_sources = $3 WHERE id = $1";

/// Sets a customer's own quotas; false when there is no such customer.
///
/// # Errors
/// Only the database's own.
pub async fn set_quotas(tx: &mut Tx, customer: CustomerId, quotas: OwnQuotas) -> Result<bool, StoreError> {
    let (accounts, sources) = (quotas.accounts.map(i64::from), quotas.sources.map(i64::from));
    Ok(exec!(tx, SET_QUOTAS, customer.get(), accounts, sources)? == 1)
}

/// What a session of a customer rests on: it ends when one of these changes.
#[derive(Clone, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub customer: Customer,
    /// The slow hash of the login password.
    pub login_hash: String,
    /// How often all its sessions were ended.
    pub sessions: i64,
}

#[derive(sqlx::FromRow)]
struct StandingRow {
    email: String,
    verified: bool,
    suspended: bool,
    login_hash: String,
    sessions: i64,
}

const STANDING: &str = "SELECT email, verified, suspended, login_hash, sessions FROM customer WHERE id = $1";

/// What a customer's sessions rest on.
///
/// # Errors
/// Only the database's own.
pub async fn standing(tx: &mut Tx, customer: CustomerId) -> Result<Option<Standing>, StoreError> {
    let found = optional!(StandingRow, tx, STANDING, customer.get())?;
    Ok(found.map(|row| {
        let StandingRow { email, verified, suspended, login_hash, sessions } = row;
        Standing { customer: Customer { id: customer, email, verified, suspended }, login_hash, sessions }
    }))
}

#[derive(sqlx::FromRow)]
struct LoginRow {
    id: i64,
    email: String,
    verified: bool,
    suspended: bool,
    login_hash: String,
    sessions: i64,
    sealed: Vec<u8>,
}

const LOGIN: &str = "\
    SELECT customer.id, email, verified, suspended, login_hash, sessions, app_key.sealed
    FROM customer JOIN app_key ON app_key.customer_id = customer.id
    WHERE email = $1";

/// What a login is checked against and gives: the standing and the sealed `app_key` of the customer with that address,
/// given in lower case. One statement, whether there is such a customer or not.
///
/// # Errors
/// Only the database's own.
pub async fn login(tx: &mut Tx, email: &str) -> Result<Option<(Standing, Vec<u8>)>, StoreError> {
    let found = optional!(LoginRow, tx, LOGIN, email)?;
    Ok(found.map(|row| {
        let LoginRow { id, email, verified, suspended, login_hash, sessions, sealed } = row;
        let customer = Customer { id: CustomerId::new(id), email, verified, suspended };
        (Standing { customer, login_hash, sessions }, sealed)
    }))
}

const SET_LOGIN_HASH: &str = "UPDATE customer SET login_hash = $2 WHERE id = $1";

/// Sets what a customer's login password is checked against, which ends its sessions; false when there is no such customer.
///
/// # Errors
/// Only the database's own.
pub async fn set_login_hash(tx: &mut Tx, customer: CustomerId, login_hash: &str) -> Result<bool, StoreError> {
    Ok(exec!(tx, SET_LOGIN_HASH, customer.get(), login_hash)? == 1)
}

const END_SESSIONS: &str = "UPDATE customer SET sessions = sessions + 1 WHERE id = $1";

/// Ends every session of a customer; false when there is none.
///
/// # Errors
/// Only the database's own.
pub async fn end_sessions(tx: &mut Tx, customer: CustomerId) -> Result<bool, StoreError> {
    Ok(exec!(tx, END_SESSIONS, customer.get())? == 1)
}

//! Proxy accounts as their customer and the gateways see them. What they have used is in [`crate::account_quota`].

mod change;
pub mod details;
mod entry;
mod nameless;
mod oldest;

use turnpike_domain::account::Username;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::secret::PasswordMac;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::{Bytes, LimitGb};

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::{hex, rows};

pub use change::{AccountChange, ChangedAccount, change, delete, set_enabled, set_limit, set_password, set_remark};
pub use entry::{entries, entries_of};
pub use nameless::nameless;
pub use oldest::{OldestAccount, oldest};

/// A live account, as its customer's list needs it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Which account.
    pub id: AccountId,
    /// The name in the gateway's login.
    pub username: Username,
    /// The password, sealed.
    pub password_sealed: Vec<u8>,
    /// The customer's own words on it.
    pub remark: String,
    /// The package type it draws on.
    pub product_type: ProductType,
    /// For its life.
    pub limit: LimitGb,
    /// For one calendar day.
    pub daily_limit: LimitGb,
    /// Whether its customer has it enabled.
    pub enabled: bool,
    /// Booked over its life.
    pub used: Bytes,
    /// When it was added.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: i64,
    username: String,
    password_sealed: Vec<u8>,
    remark: String,
    product_type: i64,
    limit_gb: i64,
    daily_limit_gb: i64,
    enabled: bool,
    used: i64,
    created_at: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AccountId::new(row.id),
            username: username(row.id, &row.username)?,
            password_sealed: row.password_sealed,
            remark: row.remark,
            product_type: product_type(row.id, row.product_type)?,
            limit: limit(row.id, "limit_gb", row.limit_gb)?,
            daily_limit: limit(row.id, "daily_limit_gb", row.daily_limit_gb)?,
            enabled: row.enabled,
            used: Bytes::from_column(row.used).ok_or(corrupt(row.id, "used"))?,
            created_at: Timestamp::from_ms(row.created_at),
        })
    }
}

pub(crate) const fn corrupt(id: i64, column: &'static str) -> StoreError {
    StoreError::Corrupt { table: "account", column, id }
}

/// A name as it is kept: nothing for an account without one.
pub(crate) fn username(id: i64, text: &str) -> Result<Username, StoreError> {
    if text.is_empty() {
        return Ok(Username::NAMELESS);
    }
    Username::parse(text).map_err(|_| corrupt(id, "username"))
}

pub(crate) fn product_type(id: i64, number: i64) -> Result<ProductType, StoreError> {
    ProductType::from_number(number).ok_or(corrupt(id, "product_type"))
}

pub(crate) fn limit(id: i64, column: &'static str, gigabytes: i64) -> Result<LimitGb, StoreError> {
    u32::try_from(gigabytes).ok().and_then(LimitGb::new).ok_or(corrupt(id, column))
}

const LIST: &str = "\
    SELECT id, username, password_sealed, remark, product_type, limit_gb, daily_limit_gb, enabled, used, created_at
    FROM account
    WHERE customer_id = $1 AND deleted_at IS NULL AND (product_type = $2 OR $2 = 0) AND id < $3
    ORDER BY id DESC
    LIMIT $4";

/// At most so many of a customer's live accounts, newest first, those that are older than `before`.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn list(
    tx: &mut Tx,
    customer: CustomerId,
    product_type: Option<ProductType>,
    (before, most): (AccountId, u32),
) -> Result<Vec<Account>, StoreError> {
    // No product type has the number 0.
    let number = product_type.map_or(0, ProductType::number);
    let found = all!(AccountRow, tx, LIST, customer.get(), number, before.get(), i64::from(most))?;
    found.into_iter().map(Account::try_from).collect()
}

const COUNT_LIVE: &str = "SELECT count(*) FROM account WHERE customer_id = $1 AND deleted_at IS NULL";

/// How many live accounts a customer has.
///
/// # Errors
/// Only the database's own.
pub async fn count_live(tx: &mut Tx, customer: CustomerId) -> Result<u64, StoreError> {
    let (count,) = one!((i64,), tx, COUNT_LIVE, customer.get())?;
    Ok(u64::try_from(count).unwrap_or(0))
}

const TAKEN: &str = "\
    WITH wanted AS (SELECT value ->> 0 AS username FROM json_each($1))
    SELECT account.username
    FROM wanted CROSS JOIN account
    WHERE account.username = wanted.username AND account.deleted_at IS NULL
    LIMIT 1";

/// One of these names that a live account of any customer bears.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn taken(tx: &mut Tx, usernames: &[Username]) -> Result<Option<Username>, StoreError> {
    let taken = optional!((String,), tx, TAKEN, names(usernames)?)?;
    taken.map(|(name,)| username(0, &name)).transpose()
}

fn names(usernames: &[Username]) -> Result<String, StoreError> {
    rows(&usernames.iter().map(|username| (username.as_str(),)).collect::<Vec<_>>())
}

/// A name and its password, hashed and sealed.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The name in the gateway's login.
    pub username: Username,
    /// What the password in the login is checked against.
    pub password_mac: PasswordMac,
    /// The password, sealed.
    pub password_sealed: Vec<u8>,
}

/// What all accounts of one batch have in common.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The customer's own words on them.
    pub remark: Remark,
    /// The package type they draw on.
    pub product_type: ProductType,
    /// For their life.
    pub limit: LimitGb,
    /// For one calendar day.
    pub daily_limit: LimitGb,
    /// When they are added.
    pub created_at: Timestamp,
}

const INSERT: &str = "\
    WITH added AS (
        SELECT value ->> 0 AS username, unhex(value ->> 1) AS mac, unhex(value ->> 2) AS sealed FROM json_each($2)
    )
    INSERT INTO account (customer_id, username, password_mac, password_sealed, remark, product_type, limit_gb,
        daily_limit_gb, created_at)
    SELECT $1, username, mac, sealed, $3, $4, $5, $6, $7 FROM added
    RETURNING id";

/// Adds accounts, enabled and with nothing used.
///
/// # Errors
/// [`StoreError::Conflict`] when a name is taken.
pub async fn insert(
    tx: &mut Tx,
    customer: CustomerId,
    credentials: &[Credentials],
    terms: &Terms,
) -> Result<Vec<AccountId>, StoreError> {
    let added: Vec<_> = credentials
        .iter()
        .map(|one| (one.username.as_str(), hex(&one.password_mac.to_bytes()), hex(&one.password_sealed)))
        .collect();
    let (limit, daily_limit) = (i64::from(terms.limit.get()), i64::from(terms.daily_limit.get()));
    let (remark, product_type) = (terms.remark.as_str(), terms.product_type.number());
    let (customer, at) = (customer.get(), terms.created_at.ms());
    let ids = all!((i64,), tx, INSERT, customer, rows(&added)?, remark, product_type, limit, daily_limit, at)?;
    Ok(ids.into_iter().map(|(id,)| AccountId::new(id)).collect())
}

const LOCK: &str = "\
    WITH wanted AS (SELECT value ->> 0 AS username FROM json_each($2))
    SELECT account.id, account.username
    FROM wanted CROSS JOIN account
    WHERE account.username = wanted.username AND account.customer_id = $1 AND account.deleted_at IS NULL
    ORDER BY account.id
    FOR NO KEY UPDATE OF account";

/// Those of the named accounts that live and are this customer's, locked until the transaction ends. `CROSS JOIN` makes
/// SQLite go name by name, not through all of the customer's accounts.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(
    tx: &mut Tx,
    customer: CustomerId,
    usernames: &[Username],
) -> Result<Vec<(AccountId, Username)>, StoreError> {
    let found = all!((i64, String), tx, LOCK, customer.get(), names(usernames)?)?;
    found.into_iter().map(|(id, name)| Ok((AccountId::new(id), username(id, &name)?))).collect()
}

fn ids(accounts: &[AccountId]) -> Result<String, StoreError> {
    rows(&accounts.iter().map(|account| (account.get(),)).collect::<Vec<_>>())
}

//! Accounts as the operator sees them: without their passwords.

use turnpike_domain::account::Username;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::{Bytes, LimitGb};

use super::{corrupt, limit, product_type, username};
use crate::db::Tx;
use crate::error::StoreError;

/// A live account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDetails {
    /// Which account.
    pub id: AccountId,
    /// Whose.
    pub customer: CustomerId,
    /// The name in the gateway's login.
    pub username: Username,
    /// The customer's own words on it.
    pub remark: String,
    /// The package type it draws on.
    pub product_type: ProductType,
    /// For its life.
    pub limit: LimitGb,
    /// For one calendar day.
    pub daily_limit: LimitGb,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether it may use UDP.
    pub udp: bool,
    /// Booked over its life.
    pub used: Bytes,
    /// When it was added.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct DetailsRow {
    id: i64,
    customer_id: i64,
    username: String,
    remark: String,
    product_type: i64,
    limit_gb: i64,
    daily_limit_gb: i64,
    enabled: bool,
    udp: bool,
    used: i64,
    created_at: i64,
}

impl TryFrom<DetailsRow> for AccountDetails {
    type Error = StoreError;

    fn try_from(row: DetailsRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AccountId::new(row.id),
            customer: CustomerId::new(row.customer_id),
            username: username(row.id, &row.username)?,
            remark: row.remark,
            product_type: product_type(row.id, row.product_type)?,
            limit: limit(row.id, "limit_gb", row.limit_gb)?,
            daily_limit: limit(row.id, "daily_limit_gb", row.daily_limit_gb)?,
            enabled: row.enabled,
            udp: row.udp,
            used: Bytes::from_column(row.used).ok_or(corrupt(row.id, "used"))?,
            created_at: Timestamp::from_ms(row.created_at),
        })
    }
}

const BY_NAME: &str = "\
    SELECT id, customer_id, username, remark, product_type, limit_gb, daily_limit_gb, enabled, udp, used, created_at
    FROM account
    WHERE customer_id = $1 AND username = $2 AND deleted_at IS NULL";

/// A customer's live account of that name.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_name(
    tx: &mut Tx,
    customer: CustomerId,
    username: &Username,
) -> Result<Option<AccountDetails>, StoreError> {
    let found = optional!(DetailsRow, tx, BY_NAME, customer.get(), username.as_str())?;
    found.map(AccountDetails::try_from).transpose()
}

const OWNER: &str = "SELECT customer_id FROM account WHERE username = $1 AND deleted_at IS NULL";

/// Whose the live account of that name is. Only for those who may know of everybody's.
///
/// # Errors
/// Only the database's own.
pub async fn owner(tx: &mut Tx, username: &Username) -> Result<Option<CustomerId>, StoreError> {
    let found = optional!((i64,), tx, OWNER, username.as_str())?;
    Ok(found.map(|(customer,)| CustomerId::new(customer)))
}

const SEALED: &str = "\
    SELECT password_sealed FROM account WHERE customer_id = $1 AND username = $2 AND deleted_at IS NULL";

/// The sealed password of a customer's live account.
///
/// # Errors
/// Only the database's own.
pub async fn sealed(tx: &mut Tx, customer: CustomerId, username: &Username) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(optional!((Vec<u8>,), tx, SEALED, customer.get(), username.as_str())?.map(|(sealed,)| sealed))
}

/// Which of a customer's accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Only of this type.
    pub product_type: Option<ProductType>,
    /// Only those that are enabled, or only those that are not.
    pub enabled: Option<bool>,
}

const PAGE: &str = "\
    SELECT id, customer_id, username, remark, product_type, limit_gb, daily_limit_gb, enabled, udp, used, created_at
    FROM account
    WHERE customer_id = $1 AND deleted_at IS NULL AND id > $2 AND (product_type = $3 OR $3 = 0)
        AND enabled = coalesce($4, enabled)
    ORDER BY id
    LIMIT $5";

/// At most so many of a customer's live accounts after that number, by number.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn page(
    tx: &mut Tx,
    customer: CustomerId,
    filter: AccountFilter,
    after: i64,
    most: u32,
) -> Result<Vec<AccountDetails>, StoreError> {
    let number = filter.product_type.map_or(0, ProductType::number);
    let found = all!(DetailsRow, tx, PAGE, customer.get(), after, number, filter.enabled, i64::from(most))?;
    found.into_iter().map(AccountDetails::try_from).collect()
}

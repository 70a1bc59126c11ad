//! What a customer changes on its accounts. None of it touches an account that is deleted or somebody else's.

use turnpike_domain::account::Username;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::remark::Remark;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::{Bytes, LimitGb};

use super::{Credentials, ids};
use crate::db::Tx;
use crate::error::StoreError;

const DELETE: &str = "\
    UPDATE account SET deleted_at = $3
    WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($2))
        AND +customer_id = $1 AND deleted_at IS NULL";

/// Takes accounts off the list: how many. Their names are free again, their usage stays. The plus sign keeps SQLite
/// from going through all of the customer's accounts.
///
/// # Errors
/// Only the database's own.
pub async fn delete(
    tx: &mut Tx,
    customer: CustomerId,
    accounts: &[AccountId],
    now: Timestamp,
) -> Result<u64, StoreError> {
    exec!(tx, DELETE, customer.get(), ids(accounts)?, now.ms())
}

const SET_ENABLED: &str = "\
    UPDATE account SET enabled = $3
    WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($2))
        AND +customer_id = $1 AND deleted_at IS NULL";

/// Enables or disables accounts: how many there were.
///
/// # Errors
/// Only the database's own.
pub async fn set_enabled(
    tx: &mut Tx,
    customer: CustomerId,
    accounts: &[AccountId],
    enabled: bool,
) -> Result<u64, StoreError> {
    exec!(tx, SET_ENABLED, customer.get(), ids(accounts)?, enabled)
}

const SET_PASSWORD: &str = "\
    UPDATE account SET password_mac = $3, password_sealed = $4
    WHERE customer_id = $1 AND username = $2 AND deleted_at IS NULL
    RETURNING id";

/// Changes a password; `None` when this customer has no such account.
///
/// # Errors
/// Only the database's own.
pub async fn set_password(
    tx: &mut Tx,
    customer: CustomerId,
    credentials: &Credentials,
) -> Result<Option<AccountId>, StoreError> {
    let (mac, sealed) = (credentials.password_mac.to_bytes(), credentials.password_sealed.as_slice());
    let name = credentials.username.as_str();
    let changed = optional!((i64,), tx, SET_PASSWORD, customer.get(), name, mac.as_slice(), sealed)?;
    Ok(changed.map(|(id,)| AccountId::new(id)))
}

const SET_REMARK: &str = "\
    UPDATE account SET remark = $3
    WHERE customer_id = $1 AND username = $2 AND deleted_at IS NULL
    RETURNING id";

/// Changes a remark; `None` when this customer has no such account.
///
/// # Errors
/// Only the database's own.
pub async fn set_remark(
    tx: &mut Tx,
    customer: CustomerId,
    username: &Username,
    remark: &Remark,
) -> Result<Option<AccountId>, StoreError> {
    let changed = optional!((i64,), tx, SET_REMARK, customer.get(), username.as_str(), remark.as_str())?;
    Ok(changed.map(|(id,)| AccountId::new(id)))
}

const SET_LIMIT: &str = "\
    UPDATE account SET limit_gb = $3
    WHERE customer_id = $1 AND username = $2 AND deleted_at IS NULL
    RETURNING id";

/// Changes the limit for an account's life; `None` when this customer has no such account.
///
/// # Errors
/// Only the database's own.
pub async fn set_limit(
    tx: &mut Tx,
    customer: CustomerId,
    username: &Username,
    limit: LimitGb,
) -> Result<Option<AccountId>, StoreError> {
    let changed = optional!((i64,), tx, SET_LIMIT, customer.get(), username.as_str(), i64::from(limit.get()))?;
    Ok(changed.map(|(id,)| AccountId::new(id)))
}

/// What changes on an account; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// A new password, hashed and sealed.
    pub credentials: Option<Credentials>,
    /// The customer's own words on it.
    pub remark: Option<Remark>,
    /// For its life.
    pub limit: Option<LimitGb>,
    /// For one calendar day.
    pub daily_limit: Option<LimitGb>,
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// Whether it may use UDP.
    pub udp: Option<bool>,
}

/// An account after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedAccount {
    /// Which account.
    pub id: AccountId,
    /// For its life.
    pub limit: LimitGb,
    /// For one calendar day.
    pub daily_limit: LimitGb,
    /// Booked over its life.
    pub used: Bytes,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether it may use UDP.
    pub udp: bool,
}

const CHANGE: &str = "\
    UPDATE account SET
        password_mac = coalesce($3, password_mac), password_sealed = coalesce($4, password_sealed),
        remark = coalesce($5, remark), limit_gb = coalesce($6, limit_gb), daily_limit_gb = coalesce($7, daily_limit_gb),
        enabled = coalesce($8, enabled), udp = coalesce($9, udp)
    WHERE customer_id = $1 AND username = $2 AND deleted_at IS NULL
    RETURNING id, limit_gb, daily_limit_gb, used, enabled, udp";

/// Changes several things of an account at once; `None` when this customer has no such account.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn change(
    tx: &mut Tx,
    customer: CustomerId,
    username: &Username,
    change: &AccountChange,
) -> Result<Option<ChangedAccount>, StoreError> {
    let AccountChange { credentials, remark, limit, daily_limit, enabled, udp } = change;
    let mac = credentials.as_ref().map(|credentials| credentials.password_mac.to_bytes().to_vec());
    let sealed = credentials.as_ref().map(|credentials| credentials.password_sealed.as_slice());
    let (name, remark) = (username.as_str(), remark.as_ref().map(Remark::as_str));
    let gigabytes = |limit: &Option<LimitGb>| limit.map(|limit| i64::from(limit.get()));
    let (limit_gb, daily) = (gigabytes(limit), gigabytes(daily_limit));
    let changed = optional!(
        (i64, i64, i64, i64, bool, bool),
        tx,
        CHANGE,
        customer.get(),
        name,
        mac,
        sealed,
        remark,
        limit_gb,
        daily,
        *enabled,
        *udp
    )?;
    changed
        .map(|(id, limit_gb, daily_limit_gb, used, enabled, udp)| {
            let used = Bytes::from_column(used).ok_or(super::corrupt(id, "used"))?;
            let limit = super::limit(id, "limit_gb", limit_gb)?;
            let daily_limit = super::limit(id, "daily_limit_gb", daily_limit_gb)?;
            Ok(ChangedAccount { id: AccountId::new(id), limit, daily_limit, used, enabled, udp })
        })
        .transpose()
}

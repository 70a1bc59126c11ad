//! What a customer has used by now, for whoever watches it rise.

use turnpike_domain::account::Username;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;

use crate::account::{corrupt, product_type};
use crate::db::Tx;
use crate::error::StoreError;

const TOTAL: &str = "SELECT CAST(coalesce(sum(used), 0) AS BIGINT) FROM package WHERE customer_id = $1";

/// Everything a customer has ever used: what is booked to its packages, which never go. It is booked to accounts and to
/// usage in the same transactions.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn total(tx: &mut Tx, customer: CustomerId) -> Result<Bytes, StoreError> {
    let (used,) = one!((i64,), tx, TOTAL, customer.get())?;
    Bytes::from_column(used).ok_or(StoreError::Corrupt { table: "package", column: "used", id: customer.get() })
}

/// An account that was used lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeteredAccount {
    /// Which account.
    pub id: AccountId,
    /// Its name.
    pub username: Username,
    /// The package type it draws on.
    pub product_type: ProductType,
    /// Booked over its life.
    pub used: Bytes,
}

const ACTIVE: &str = "\
    WITH active AS (SELECT DISTINCT account_id FROM usage WHERE customer_id = $1 AND starts_at >= $2)
    SELECT account.id, account.username, account.product_type, account.used
    FROM active CROSS JOIN account
    WHERE account.id = active.account_id AND account.customer_id = $1 AND NOT account.nameless
    ORDER BY account.id
    LIMIT $3";

/// At most `most` of a customer's accounts that something was booked to since a moment, by number, deleted ones too;
/// none without a name.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn active_since(
    tx: &mut Tx,
    customer: CustomerId,
    since: Timestamp,
    most: u32,
) -> Result<Vec<MeteredAccount>, StoreError> {
    let found = all!((i64, String, i64, i64), tx, ACTIVE, customer.get(), since.ms(), i64::from(most))?;
    let account = |(id, name, number, used): (i64, String, i64, i64)| {
        Ok(MeteredAccount {
            id: AccountId::new(id),
            username: Username::parse(&name).map_err(|_| corrupt(id, "username"))?,
            product_type: product_type(id, number)?,
            used: Bytes::from_column(used).ok_or(corrupt(id, "used"))?,
        })
    };
    found.into_iter().map(account).collect()
}

//! Live accounts as gateways need them.

use turnpike_domain::directory::AccountEntry;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::secret::PasswordMac;

use super::{corrupt, ids, limit, product_type, username};
use crate::db::Tx;
use crate::error::StoreError;

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: i64,
    customer_id: i64,
    username: String,
    password_mac: Vec<u8>,
    product_type: i64,
    enabled: bool,
    limit_gb: i64,
    daily_limit_gb: i64,
}

impl TryFrom<EntryRow> for AccountEntry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let mac = row.password_mac.try_into().map_err(|_| corrupt(row.id, "password_mac"))?;
        Ok(Self {
            id: AccountId::new(row.id),
            customer: CustomerId::new(row.customer_id),
            username: username(row.id, &row.username)?,
            password: PasswordMac::from_bytes(mac),
            product_type: product_type(row.id, row.product_type)?,
            enabled: row.enabled,
            limit: limit(row.id, "limit_gb", row.limit_gb)?,
            daily_limit: limit(row.id, "daily_limit_gb", row.daily_limit_gb)?,
        })
    }
}

const ENTRIES: &str = "\
    SELECT id, customer_id, username, password_mac, product_type, enabled, limit_gb, daily_limit_gb
    FROM account
    WHERE id > $1 AND (deleted_at IS NULL OR nameless)
    ORDER BY id
    LIMIT $2";

/// The first `most` live accounts after that number, by number, as gateways need them; those without a name are among them.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn entries(tx: &mut Tx, after: AccountId, most: u32) -> Result<Vec<AccountEntry>, StoreError> {
    all!(EntryRow, tx, ENTRIES, after.get(), i64::from(most))?.into_iter().map(AccountEntry::try_from).collect()
}

const ENTRIES_OF: &str = "\
    WITH wanted AS (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1))
    SELECT account.id, customer_id, username, password_mac, product_type, enabled, limit_gb, daily_limit_gb
    FROM wanted CROSS JOIN account
    WHERE account.id = wanted.id AND (deleted_at IS NULL OR nameless)";

/// Those of the given accounts that live or have no name, as gateways need them.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn entries_of(tx: &mut Tx, accounts: &[AccountId]) -> Result<Vec<AccountEntry>, StoreError> {
    all!(EntryRow, tx, ENTRIES_OF, ids(accounts)?)?.into_iter().map(AccountEntry::try_from).collect()
}

//! Traffic by account, for the operator.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;

use crate::db::Tx;
use crate::error::StoreError;

/// What one account used, or all accounts of one customer, name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountUsage {
    /// Whose.
    pub customer: CustomerId,
    /// The customer's address.
    pub email: String,
    /// The account's name; empty for traffic without an account.
    pub username: String,
    /// The package type it was taken from.
    pub product_type: ProductType,
    /// How much.
    pub used: Bytes,
}

#[derive(sqlx::FromRow)]
struct AccountUsageRow {
    customer_id: i64,
    email: String,
    username: String,
    product_type: i64,
    bytes: i64,
}

const BY_ACCOUNT: &str = "\
    SELECT usage.customer_id, customer.email, COALESCE(account.username, '') AS username, usage.product_type,
        CAST(SUM(usage.bytes) AS BIGINT) AS bytes
    FROM usage
    JOIN customer ON customer.id = usage.customer_id
    LEFT JOIN account ON account.customer_id = usage.customer_id AND account.id = usage.account_id
    WHERE ($1 = 0 OR usage.customer_id = $1) AND usage.starts_at >= $2 AND usage.starts_at <= $3
    GROUP BY usage.customer_id, customer.email, COALESCE(account.username, ''), usage.product_type
    ORDER BY usage.customer_id, username, usage.product_type";

/// What was used in a window, both ends included, by customer, account name and type; of one customer or of all.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_account(
    tx: &mut Tx,
    customer: Option<CustomerId>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<AccountUsage>, StoreError> {
    let whose = customer.map_or(0, CustomerId::get);
    let used = all!(AccountUsageRow, tx, BY_ACCOUNT, whose, from.ms(), to.ms())?;
    used.into_iter().map(TryInto::try_into).collect()
}

impl TryFrom<AccountUsageRow> for AccountUsage {
    type Error = StoreError;

    fn try_from(row: AccountUsageRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "usage", column, id: row.customer_id };
        Ok(Self {
            customer: CustomerId::new(row.customer_id),
            product_type: ProductType::from_number(row.product_type).ok_or(corrupt("product_type"))?,
            used: Bytes::from_column(row.bytes).ok_or(corrupt("bytes"))?,
            email: row.email,
            username: row.username,
        })
    }
}

//! A customer's oldest live account of a type: the one that static IPs are told with.

use turnpike_domain::account::Username;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::product::ProductType;

use super::username;
use crate::db::Tx;
use crate::error::StoreError;

/// An account's name and sealed password.
#[derive(Clone, Debug)]
pub struct OldestAccount {
    /// The name in the gateway's login.
    pub username: Username,
    /// The password, sealed.
    pub password_sealed: Vec<u8>,
}

const OLDEST: &str = "\
    SELECT id, username, password_sealed FROM account
    WHERE customer_id = $1 AND product_type = $2 AND deleted_at IS NULL
    ORDER BY id
    LIMIT 1";

/// A customer's oldest live account of a type.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn oldest(
    tx: &mut Tx,
    customer: CustomerId,
    product_type: ProductType,
) -> Result<Option<OldestAccount>, StoreError> {
    let found = optional!((i64, String, Vec<u8>), tx, OLDEST, customer.get(), product_type.number())?;
    let account = |(id, name, password_sealed): (i64, String, Vec<u8>)| {
        Ok(OldestAccount { username: username(id, &name)?, password_sealed })
    };
    found.map(account).transpose()
}

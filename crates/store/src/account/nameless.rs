//! The accounts that traffic without a login is booked to: one a customer and type, which nobody is shown or logs in to.

use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

const FIND: &str = "SELECT id FROM account WHERE customer_id = $1 AND product_type = $2 AND nameless";
/// Its password is compared with nothing: only accounts that bear a name are looked up by logins.
const MAKE: &str = "\
    INSERT INTO account (customer_id, username, password_mac, password_sealed, remark, product_type, limit_gb,
        daily_limit_gb, created_at, deleted_at, nameless)
    VALUES ($1, '', $3, $4, '', $2, 0, 0, $5, $5, TRUE)
    RETURNING id";

/// A customer's account without a name for a type, and whether it was made now.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else made it meanwhile; the database's own.
pub async fn nameless(
    tx: &mut Tx,
    customer: CustomerId,
    product_type: ProductType,
    now: Timestamp,
) -> Result<(AccountId, bool), StoreError> {
    if let Some((id,)) = optional!((i64,), tx, FIND, customer.get(), product_type.number())? {
        return Ok((AccountId::new(id), false));
    }
    let (mac, sealed): (&[u8], &[u8]) = (&[0; 32], &[]);
    let (id,) = one!((i64,), tx, MAKE, customer.get(), product_type.number(), mac, sealed, now.ms())?;
    Ok((AccountId::new(id), true))
}

//! What an installation's money is, for good.

use turnpike_domain::money::Currency;

use crate::db::Tx;
use crate::error::StoreError;

const FIND: &str = "SELECT currency FROM shop WHERE id = 1";
const LAY_DOWN: &str = "INSERT INTO shop (id, currency) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";

/// The currency that was laid down; `None` before the first start.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn currency(tx: &mut Tx) -> Result<Option<Currency>, StoreError> {
    let corrupt = StoreError::Corrupt { table: "shop", column: "currency", id: 1 };
    match optional!((String,), tx, FIND)? {
        Some((text,)) => Currency::parse(&text).map(Some).ok_or(corrupt),
        None => Ok(None),
    }
}

/// Lays the currency down, unless there is one.
///
/// # Errors
/// Only the database's own.
pub async fn lay_down(tx: &mut Tx, currency: &Currency) -> Result<(), StoreError> {
    exec!(tx, LAY_DOWN, currency.as_str())?;
    Ok(())
}

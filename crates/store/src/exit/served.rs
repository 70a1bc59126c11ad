//! Which places can be served now.

use turnpike_domain::exit::{ExitPlace, ExitState};
use turnpike_domain::product::ProductType;

use super::row;
use crate::db::Tx;
use crate::error::StoreError;

const ANY: &str = "SELECT id FROM exit LIMIT 1";

/// Whether the operator has made any exit. Until then gateways leave by their own host, and serve whoever wishes no place.
///
/// # Errors
/// Only the database's own.
pub async fn are_there_any(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(optional!((i64,), tx, ANY)?.is_some())
}

const SERVED: &str = "SELECT DISTINCT places, product_types FROM exit WHERE state = $1";

/// Where exits that take connections are, and whom they serve there: lists of places, each with types of accounts. What gateways
/// find out about exits' health is not in the store, so it does not count here.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn served(tx: &mut Tx) -> Result<Vec<(Vec<ExitPlace>, Vec<ProductType>)>, StoreError> {
    let found = all!((String, String), tx, SERVED, ExitState::Active.number())?;
    found.into_iter().map(|(places, types)| Ok((row::places(0, &places)?, row::product_types(0, &types)?))).collect()
}

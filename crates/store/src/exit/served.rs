//! Which places can be served now.

use turnpike_domain::exit::{ExitPlace, ExitState};
use turnpike_domain::place::PlaceWish;
use turnpike_domain::product::ProductType;

use super::row;
use crate::db::Tx;
use crate::error::StoreError;

const ANY: &str = "SELECT id FROM exit LIMIT 1";
const PLACES: &str = "\
    SELECT DISTINCT places, product_types FROM exit
    WHERE state = $1 AND ($2 = '' OR EXISTS (SELECT 1 FROM json_each(exit.places) WHERE value ->> 0 = $2))";

/// Whether an exit that takes connections serves a place to accounts of a type. While no exit was ever made, gateways leave by
/// their own host, and serve whoever wishes no place.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn serves(tx: &mut Tx, product_type: ProductType, wish: &PlaceWish) -> Result<bool, StoreError> {
    if optional!((i64,), tx, ANY)?.is_none() {
        return Ok(wish.is_anywhere());
    }
    // A code as it is kept; other spellings of a country are none.
    let country = wish.country.as_ref().map(|country| country.as_str().to_ascii_uppercase()).unwrap_or_default();
    for (places, types) in all!((String, String), tx, PLACES, ExitState::Active.number(), country)? {
        if row::product_types(0, &types)?.contains(&product_type)
            && row::places(0, &places)?.iter().any(|place| place.serves(wish))
        {
            return Ok(true);
        }
    }
    Ok(false)
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

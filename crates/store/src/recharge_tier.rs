//! From which amount on more is paid in than was paid.

use turnpike_domain::money::Money;
use turnpike_domain::recharge::{Ratio, Tier};

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

const ALL: &str = "SELECT amount, ratio FROM recharge_tier ORDER BY amount";

/// All tiers, by amount.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn all(tx: &mut Tx) -> Result<Vec<Tier>, StoreError> {
    let tier = |(amount, ratio)| {
        let corrupt = |column| StoreError::Corrupt { table: "recharge_tier", column, id: amount };
        let ratio = u32::try_from(ratio).ok().and_then(Ratio::from_ten_thousandths).ok_or(corrupt("ratio"))?;
        Ok(Tier { amount: Money::from_minor(amount).ok_or(corrupt("amount"))?, ratio })
    };
    all!((i64, i64), tx, ALL)?.into_iter().map(tier).collect()
}

const CLEAR: &str = "DELETE FROM recharge_tier";
const FILL: &str = "\
    INSERT INTO recharge_tier (amount, ratio)
    SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT) FROM json_each($1)";

/// Puts these tiers in the place of all there are.
///
/// # Errors
/// [`StoreError::Conflict`] for two of one amount.
pub async fn replace(tx: &mut Tx, tiers: &[Tier]) -> Result<(), StoreError> {
    let list: Vec<_> = tiers.iter().map(|tier| (tier.amount.minor(), tier.ratio.ten_thousandths())).collect();
    exec!(tx, CLEAR)?;
    exec!(tx, FILL, rows(&list)?)?;
    Ok(())
}

//! Coupons, and how often they were used: by all together and by each customer.

use turnpike_domain::catalogue::Product;
use turnpike_domain::coupon::{Coupon, CouponCode, CouponRefusal, NewCoupon, Percent, Reduction};
use turnpike_domain::ids::{CouponId, CustomerId};
use turnpike_domain::money::Money;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::package::Stretch;

#[derive(sqlx::FromRow)]
struct CouponRow {
    id: i64,
    code: String,
    name: String,
    percent: Option<i64>,
    amount: Option<i64>,
    scope: String,
    starts_at: i64,
    expires_at: i64,
    most_uses: Option<i64>,
    most_uses_each: Option<i64>,
    customer_id: Option<i64>,
    uses: i64,
    listed: bool,
    enabled: bool,
}

impl TryFrom<CouponRow> for Coupon {
    type Error = StoreError;

    fn try_from(row: CouponRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "coupon", column, id: row.id };
        let count = |number: i64, column| u32::try_from(number).map_err(|_| corrupt(column));
        let terms = NewCoupon {
            code: CouponCode::parse(&row.code).map_err(|_| corrupt("code"))?,
            name: row.name,
            reduction: reduction(row.percent, row.amount).ok_or(corrupt("percent"))?,
            scope: serde_json::from_str(&row.scope).map_err(|_| corrupt("scope"))?,
            starts_at: Timestamp::from_ms(row.starts_at),
            expires_at: Timestamp::from_ms(row.expires_at),
            most_uses: row.most_uses.map(|most| count(most, "most_uses")).transpose()?,
            most_uses_each: row.most_uses_each.map(|most| count(most, "most_uses_each")).transpose()?,
            customer: row.customer_id.map(CustomerId::new),
            listed: row.listed,
        };
        Ok(Self { id: CouponId::new(row.id), terms, uses: count(row.uses, "uses")?, enabled: row.enabled })
    }
}

fn reduction(percent: Option<i64>, amount: Option<i64>) -> Option<Reduction> {
    match (percent, amount) {
        (Some(percent), None) => Percent::from_hundredths(u16::try_from(percent).ok()?).map(Reduction::Percent),
        (None, Some(amount)) => Money::from_minor(amount).map(Reduction::Amount),
        _ => None,
    }
}

/// A reduction as the columns `percent` and `amount`.
fn columns(reduction: Reduction) -> (Option<i64>, Option<i64>) {
    match reduction {
        Reduction::Percent(percent) => (Some(i64::from(percent.hundredths())), None),
        Reduction::Amount(amount) => (None, Some(amount.minor())),
    }
}

const INSERT: &str = "\
    INSERT INTO coupon (code, name, percent, amount, scope, starts_at, expires_at, most_uses, most_uses_each, customer_id,
        listed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    RETURNING id";

/// Keeps a new coupon, enabled and not yet used.
///
/// # Errors
/// [`StoreError::Conflict`] when its code is taken.
pub async fn insert(tx: &mut Tx, coupon: &NewCoupon) -> Result<CouponId, StoreError> {
    let NewCoupon { code, name, scope, starts_at, expires_at, customer, listed, .. } = coupon;
    let (percent, amount) = columns(coupon.reduction);
    let (most, each) = (coupon.most_uses.map(i64::from), coupon.most_uses_each.map(i64::from));
    let (scope, customer) = (serde_json::to_string(scope)?, customer.map(CustomerId::get));
    let (id,) = one!(
        (i64,),
        tx,
        INSERT,
        code.as_str(),
        name.as_str(),
        percent,
        amount,
        scope.as_str(),
        starts_at.ms(),
        expires_at.ms(),
        most,
        each,
        customer,
        *listed
    )?;
    Ok(CouponId::new(id))
}

const UPDATE: &str = "\
    UPDATE coupon SET name = $2, starts_at = $3, expires_at = $4, most_uses = $5, most_uses_each = $6, listed = $7,
        enabled = $8
    WHERE id = $1";

/// Changes what may be changed of a coupon that was locked in this transaction: not its code, nor what it takes off,
/// nor for whom and on what.
///
/// # Errors
/// The database's own, such as for a use more than there may be.
pub async fn update(tx: &mut Tx, coupon: &Coupon) -> Result<(), StoreError> {
    let Coupon { id, terms, enabled, .. } = coupon;
    let (most, each) = (terms.most_uses.map(i64::from), terms.most_uses_each.map(i64::from));
    let (starts_at, expires_at) = (terms.starts_at.ms(), terms.expires_at.ms());
    exec!(tx, UPDATE, id.get(), terms.name.as_str(), starts_at, expires_at, most, each, terms.listed, *enabled)?;
    Ok(())
}

const BY_ID: &str = "\
    SELECT id, code, name, percent, amount, scope, starts_at, expires_at, most_uses, most_uses_each, customer_id, uses,
        listed, enabled
    FROM coupon WHERE id = $1";

/// One coupon.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_id(tx: &mut Tx, coupon: CouponId) -> Result<Option<Coupon>, StoreError> {
    optional!(CouponRow, tx, BY_ID, coupon.get())?.map(Coupon::try_from).transpose()
}

const LOCK: &str = "\
    SELECT id, code, name, percent, amount, scope, starts_at, expires_at, most_uses, most_uses_each, customer_id, uses,
        listed, enabled
    FROM coupon WHERE id = $1
    FOR NO KEY UPDATE";

/// As [`by_id`]; until the transaction ends nobody else uses or changes the coupon.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock(tx: &mut Tx, coupon: CouponId) -> Result<Option<Coupon>, StoreError> {
    optional!(CouponRow, tx, LOCK, coupon.get())?.map(Coupon::try_from).transpose()
}

const BY_CODE: &str = "\
    SELECT id, code, name, percent, amount, scope, starts_at, expires_at, most_uses, most_uses_each, customer_id, uses,
        listed, enabled
    FROM coupon WHERE code = $1";

/// The coupon of that code.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_code(tx: &mut Tx, code: &CouponCode) -> Result<Option<Coupon>, StoreError> {
    optional!(CouponRow, tx, BY_CODE, code.as_str())?.map(Coupon::try_from).transpose()
}

const PAGE: &str = "\
    SELECT id, code, name, percent, amount, scope, starts_at, expires_at, most_uses, most_uses_each, customer_id, uses,
        listed, enabled
    FROM coupon WHERE id > $1 AND (code = $2 OR $2 = '')
    ORDER BY id
    LIMIT $3";

/// At most so many coupons after that number, by number; only the one of that code if one is given.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn page(tx: &mut Tx, code: Option<&CouponCode>, after: i64, most: u32) -> Result<Vec<Coupon>, StoreError> {
    let code = code.map_or("", CouponCode::as_str);
    all!(CouponRow, tx, PAGE, after, code, i64::from(most))?.into_iter().map(Coupon::try_from).collect()
}

const OFFERED: &str = "\
    SELECT id, code, name, percent, amount, scope, starts_at, expires_at, most_uses, most_uses_each, customer_id, uses,
        listed, enabled
    FROM coupon
    WHERE listed AND enabled AND (customer_id IS NULL OR customer_id = $1) AND starts_at <= $2 AND expires_at > $2
        AND (most_uses IS NULL OR uses < most_uses)
        AND (most_uses_each IS NULL OR most_uses_each > coalesce((
            SELECT used.uses FROM coupon_use AS used WHERE used.coupon_id = coupon.id AND used.customer_id = $1
        ), 0))
    ORDER BY id DESC
    LIMIT $3 OFFSET $4";

/// A stretch of the listed coupons that a customer can use now, newest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn offered(
    tx: &mut Tx,
    customer: CustomerId,
    now: Timestamp,
    stretch: Stretch,
) -> Result<Vec<Coupon>, StoreError> {
    let (most, skip) = (i64::from(stretch.most), i64::try_from(stretch.skip).unwrap_or(i64::MAX));
    let found = all!(CouponRow, tx, OFFERED, customer.get(), now.ms(), most, skip)?;
    found.into_iter().map(Coupon::try_from).collect()
}

const COUNT_OFFERED: &str = "\
    SELECT count(*) FROM coupon
    WHERE listed AND enabled AND (customer_id IS NULL OR customer_id = $1) AND starts_at <= $2 AND expires_at > $2
        AND (most_uses IS NULL OR uses < most_uses)
        AND (most_uses_each IS NULL OR most_uses_each > coalesce((
            SELECT used.uses FROM coupon_use AS used WHERE used.coupon_id = coupon.id AND used.customer_id = $1
        ), 0))";

/// How many coupons [`offered`] would find without a stretch.
///
/// # Errors
/// Only the database's own.
pub async fn count_offered(tx: &mut Tx, customer: CustomerId, now: Timestamp) -> Result<u64, StoreError> {
    let (count,) = one!((i64,), tx, COUNT_OFFERED, customer.get(), now.ms())?;
    Ok(count.unsigned_abs())
}

const USES_OF: &str = "SELECT uses FROM coupon_use WHERE coupon_id = $1 AND customer_id = $2";

/// How often a customer has used a coupon.
///
/// # Errors
/// Only the database's own.
pub async fn uses_of(tx: &mut Tx, coupon: CouponId, customer: CustomerId) -> Result<u32, StoreError> {
    let found = optional!((i64,), tx, USES_OF, coupon.get(), customer.get())?;
    Ok(found.map_or(0, |(uses,)| u32::try_from(uses).unwrap_or(u32::MAX)))
}

/// Who wants to use a coupon for what, and when.
#[derive(Clone, Copy, Debug)]
pub struct CouponUse<'a> {
    /// The code that was given.
    pub code: &'a CouponCode,
    /// By whom.
    pub customer: CustomerId,
    /// For which product.
    pub product: &'a Product,
    /// When.
    pub now: Timestamp,
}

/// The coupon, if it could be taken now. Nothing is taken or locked.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn look_at(tx: &mut Tx, wanted: CouponUse<'_>) -> Result<Result<Coupon, CouponRefusal>, StoreError> {
    let Some(coupon) = by_code(tx, wanted.code).await? else { return Ok(Err(CouponRefusal::Unknown)) };
    if let Err(refusal) = coupon.check(wanted.customer, wanted.product, wanted.now) {
        return Ok(Err(refusal));
    }
    let uses = uses_of(tx, coupon.id, wanted.customer).await?;
    let may = coupon.terms.most_uses_each.is_none_or(|most| uses < most);
    Ok(if may { Ok(coupon) } else { Err(CouponRefusal::UsedByCustomer) })
}

const LOCK_BY_CODE: &str = "\
    SELECT id, code, name, percent, amount, scope, starts_at, expires_at, most_uses, most_uses_each, customer_id, uses,
        listed, enabled
    FROM coupon WHERE code = $1
    FOR NO KEY UPDATE";
const COUNT_UP: &str = "\
    UPDATE coupon SET uses = uses + 1 WHERE id = $1 AND (most_uses IS NULL OR uses < most_uses)";
const COUNT_UP_EACH: &str = "\
    INSERT INTO coupon_use (coupon_id, customer_id, uses) VALUES ($1, $2, 1)
    ON CONFLICT (coupon_id, customer_id) DO UPDATE SET uses = coupon_use.uses + 1 WHERE coupon_use.uses < $3";

/// Takes a use of the coupon: two that want the last one come one after the other, and the second is refused. When it is
/// refused nothing has changed.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn take(tx: &mut Tx, wanted: CouponUse<'_>) -> Result<Result<Coupon, CouponRefusal>, StoreError> {
    let CouponUse { code, customer, product, now } = wanted;
    let locked = optional!(CouponRow, tx, LOCK_BY_CODE, code.as_str())?.map(Coupon::try_from).transpose()?;
    let Some(coupon) = locked else { return Ok(Err(CouponRefusal::Unknown)) };
    if let Err(refusal) = coupon.check(customer, product, now) {
        return Ok(Err(refusal));
    }
    let each = coupon.terms.most_uses_each.map_or(i64::MAX, i64::from);
    if exec!(tx, COUNT_UP_EACH, coupon.id.get(), customer.get(), each)? != 1 {
        return Ok(Err(CouponRefusal::UsedByCustomer));
    }
    exec!(tx, COUNT_UP, coupon.id.get())?;
    Ok(Ok(Coupon { uses: coupon.uses.saturating_add(1), ..coupon }))
}

const COUNT_DOWN: &str = "UPDATE coupon SET uses = uses - 1 WHERE id = $1";
const COUNT_DOWN_EACH: &str = "UPDATE coupon_use SET uses = uses - 1 WHERE coupon_id = $1 AND customer_id = $2";

/// Gives a use back that was taken: its order was closed before it was paid.
///
/// # Errors
/// The database's own, such as for a use that was never taken.
pub async fn give_back(tx: &mut Tx, coupon: CouponId, customer: CustomerId) -> Result<(), StoreError> {
    exec!(tx, COUNT_DOWN, coupon.get())?;
    exec!(tx, COUNT_DOWN_EACH, coupon.get(), customer.get())?;
    Ok(())
}

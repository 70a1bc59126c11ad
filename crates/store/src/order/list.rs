//! Lists of orders: a customer's pages, and the operator's.
//!
//! Whatever a page passes over is read in an index alone; only what stands on it is fetched.

use turnpike_domain::ids::{CustomerId, OrderId};
use turnpike_domain::order::OrderStatus;
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;

use super::Order;
use super::row::{OrderRow, columns};
use crate::db::Tx;
use crate::error::StoreError;
use crate::package::Stretch;

/// Which orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only those that stand there.
    pub status: Option<OrderStatus>,
    /// Only of this type.
    pub product_type: Option<ProductType>,
    /// Only made from then on.
    pub from: Option<Timestamp>,
    /// Only made until then, that moment included.
    pub to: Option<Timestamp>,
}

impl OrderFilter {
    /// Whether it lets this order through.
    pub fn takes(&self, order: &Order) -> bool {
        self.status.is_none_or(|status| status == order.status)
            && self.product_type.is_none_or(|product_type| product_type == order.product_type)
            && self.from.is_none_or(|from| from <= order.created_at)
            && self.to.is_none_or(|to| order.created_at <= to)
    }

    /// As parameters, where -1 and 0 mean that all will do.
    fn parameters(&self) -> (i64, i64, i64, i64) {
        (
            self.status.map_or(-1, OrderStatus::number),
            self.product_type.map_or(0, ProductType::number),
            self.from.map_or(i64::MIN, Timestamp::ms),
            self.to.map_or(i64::MAX, Timestamp::ms),
        )
    }
}

/// A page of those of the orders of `$1` that a condition leaves, by the names that it calls the table for counting and
/// for choosing, and the parameters behind those of the condition. The plus sign keeps both databases from anything but
/// fetching each order of the page by its number.
macro_rules! page {
    ($counted:literal, $chosen:literal, $most:literal, $skip:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", (SELECT count(*) FROM orders AS counted WHERE counted.customer_id = $1",
            $counted,
            ") AS total
            FROM (SELECT id FROM orders WHERE customer_id = $1",
            $chosen,
            " ORDER BY id DESC LIMIT ",
            $most,
            " OFFSET ",
            $skip,
            ") AS page JOIN orders ON orders.id = page.id
            WHERE +orders.customer_id = $1
            ORDER BY page.id DESC"
        )
    };
}

/// Without a filter nothing is asked of what is passed over.
const PAGE: &str = page!("", "", "$2", "$3");
const FILTERED_PAGE: &str = page!(
    " AND (counted.status = $2 OR $2 = -1) AND (counted.product_type = $3 OR $3 = 0)
        AND counted.created_at >= $4 AND counted.created_at <= $5",
    " AND (status = $2 OR $2 = -1) AND (product_type = $3 OR $3 = 0) AND created_at >= $4 AND created_at <= $5",
    "$6",
    "$7"
);

#[derive(sqlx::FromRow)]
struct PageRow {
    #[sqlx(flatten)]
    order: OrderRow,
    total: i64,
}

/// A stretch of a customer's orders, newest first, and how many there are without a stretch; both as of one moment.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn page(
    tx: &mut Tx,
    customer: CustomerId,
    filter: &OrderFilter,
    stretch: Stretch,
) -> Result<(Vec<Order>, u64), StoreError> {
    let (most, skip) = (i64::from(stretch.most), i64::try_from(stretch.skip).unwrap_or(i64::MAX));
    let found = if *filter == OrderFilter::default() {
        all!(PageRow, tx, PAGE, customer.get(), most, skip)?
    } else {
        let (status, product_type, from, to) = filter.parameters();
        all!(PageRow, tx, FILTERED_PAGE, customer.get(), status, product_type, from, to, most, skip)?
    };
    let total = match found.first() {
        Some(row) => row.total.unsigned_abs(),
        None if stretch.skip == 0 && stretch.most > 0 => 0,
        // Past the end, where no row tells.
        None => count(tx, customer, filter).await?,
    };
    Ok((found.into_iter().map(|row| Order::try_from(row.order)).collect::<Result<_, _>>()?, total))
}

const COUNT: &str = "\
    SELECT count(*) FROM orders
    WHERE customer_id = $1 AND (status = $2 OR $2 = -1) AND (product_type = $3 OR $3 = 0)
        AND created_at >= $4 AND created_at <= $5";

async fn count(tx: &mut Tx, customer: CustomerId, filter: &OrderFilter) -> Result<u64, StoreError> {
    let (status, product_type, from, to) = filter.parameters();
    let (count,) = one!((i64,), tx, COUNT, customer.get(), status, product_type, from, to)?;
    Ok(count.unsigned_abs())
}

const ALL: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM orders
    WHERE id < $1 AND (status = $2 OR $2 = -1) AND (product_type = $3 OR $3 = 0)
        AND created_at >= $4 AND created_at <= $5
    ORDER BY id DESC
    LIMIT $6"
);
const ALL_OF_CUSTOMER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM orders
    WHERE customer_id = $7 AND id < $1 AND (status = $2 OR $2 = -1) AND (product_type = $3 OR $3 = 0)
        AND created_at >= $4 AND created_at <= $5
    ORDER BY id DESC
    LIMIT $6"
);

/// At most so many orders that were made before that one, newest first: one customer's, or everybody's for the operator.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn before(
    tx: &mut Tx,
    customer: Option<CustomerId>,
    filter: &OrderFilter,
    before: OrderId,
    most: u32,
) -> Result<Vec<Order>, StoreError> {
    let (status, product_type, from, to) = filter.parameters();
    let (before, most) = (before.get(), i64::from(most));
    let found = match customer {
        Some(customer) => {
            all!(OrderRow, tx, ALL_OF_CUSTOMER, before, status, product_type, from, to, most, customer.get())?
        }
        None => all!(OrderRow, tx, ALL, before, status, product_type, from, to, most)?,
    };
    found.into_iter().map(Order::try_from).collect()
}

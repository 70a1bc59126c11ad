//! The journal page by page, and what each book comes to.

use turnpike_domain::ids::{CustomerId, EntryId, OrderId};
use turnpike_domain::ledger::{Book, Posting};
use turnpike_domain::money::Money;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedEntry {
    /// Its number.
    pub id: EntryId,
    /// When it was booked.
    pub at: Timestamp,
    /// What it was made for, such as `order:17:pay`.
    pub cause: String,
    /// The order it belongs to.
    pub order: Option<OrderId>,
    /// What people read on it.
    pub detail: String,
    /// What moved.
    pub postings: Vec<Posting>,
}

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only those that touch this customer's wallet.
    pub customer: Option<CustomerId>,
    /// Only those of this order.
    pub order: Option<OrderId>,
    /// Only from then on.
    pub from: Option<Timestamp>,
    /// Only until then, that moment included.
    pub to: Option<Timestamp>,
}

const ALL: &str = "\
    SELECT id, at, cause, order_id, detail FROM entry
    WHERE id < $1 AND at >= $2 AND at <= $3
    ORDER BY id DESC
    LIMIT $4";
const OF_CUSTOMER: &str = "\
    SELECT entry.id, entry.at, entry.cause, entry.order_id, entry.detail
    FROM posting JOIN entry ON entry.id = posting.entry_id
    WHERE posting.customer_id = $5 AND posting.entry_id < $1 AND entry.at >= $2 AND entry.at <= $3
    ORDER BY posting.entry_id DESC
    LIMIT $4";
const OF_ORDER: &str = "\
    SELECT id, at, cause, order_id, detail FROM entry
    WHERE order_id = $5 AND id < $1 AND at >= $2 AND at <= $3
    ORDER BY id DESC
    LIMIT $4";

type EntryRow = (i64, i64, String, Option<i64>, String);

/// At most so many entries before that one, newest first. An order is asked for before a customer.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn before(
    tx: &mut Tx,
    filter: &EntryFilter,
    before: EntryId,
    most: u32,
) -> Result<Vec<BookedEntry>, StoreError> {
    let from = filter.from.map_or(i64::MIN, Timestamp::ms);
    let to = filter.to.map_or(i64::MAX, Timestamp::ms);
    let (before, most) = (before.get(), i64::from(most));
    let found = match (filter.order, filter.customer) {
        (Some(order), _) => all!(EntryRow, tx, OF_ORDER, before, from, to, most, order.get())?,
        (None, Some(customer)) => all!(EntryRow, tx, OF_CUSTOMER, before, from, to, most, customer.get())?,
        (None, None) => all!(EntryRow, tx, ALL, before, from, to, most)?,
    };
    let mut entries: Vec<_> = found.into_iter().map(bare).collect();
    fill(tx, &mut entries).await?;
    Ok(entries)
}

fn bare((id, at, cause, order, detail): EntryRow) -> BookedEntry {
    let (id, at, order) = (EntryId::new(id), Timestamp::from_ms(at), order.map(OrderId::new));
    BookedEntry { id, at, cause, order, detail, postings: Vec::new() }
}

const POSTINGS: &str = "\
    SELECT entry_id, book, customer_id, amount FROM posting
    WHERE entry_id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))
    ORDER BY entry_id, book, customer_id";

async fn fill(tx: &mut Tx, entries: &mut [BookedEntry]) -> Result<(), StoreError> {
    let wanted: Vec<_> = entries.iter().map(|entry| (entry.id.get(),)).collect();
    for (entry, book, customer, amount) in all!((i64, i64, i64, i64), tx, POSTINGS, rows(&wanted)?)? {
        let corrupt = |column| StoreError::Corrupt { table: "posting", column, id: entry };
        let book = Book::from_columns(book, customer).ok_or(corrupt("book"))?;
        let amount = Money::from_minor(amount).ok_or(corrupt("amount"))?;
        if let Some(found) = entries.iter_mut().find(|one| one.id.get() == entry) {
            found.postings.push(Posting { book, amount });
        }
    }
    Ok(())
}

const TOTALS: &str = "SELECT book, CAST(sum(amount) AS BIGINT) FROM posting GROUP BY book ORDER BY book";

/// What each book comes to, by its number; wallets together.
///
/// # Errors
/// Only the database's own.
pub async fn totals(tx: &mut Tx) -> Result<Vec<(i64, i64)>, StoreError> {
    all!((i64, i64), tx, TOTALS)
}

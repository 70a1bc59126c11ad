//! The journal, and the wallets that follow it. [`book`] is the only way in: what it writes balances, and no wallet falls
//! below zero.

mod page;

use turnpike_domain::ids::{CustomerId, OrderId};
use turnpike_domain::ledger::{Book, Entry};
use turnpike_domain::money::Money;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;
use crate::rows::rows;

pub use page::{BookedEntry, EntryFilter, before, totals};

/// What came of booking an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It is in the journal, and the wallets show it. An entry that moves nothing leaves no trace.
    Done,
    /// A wallet has too little for it, or would hold more than there can be: nothing was written.
    Short,
}

const INSERT: &str = "INSERT INTO entry (at, cause, order_id, detail) VALUES ($1, $2, $3, $4) RETURNING id";
const INSERT_POSTINGS: &str = "\
    INSERT INTO posting (entry_id, book, customer_id, amount)
    SELECT $1, CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT)
    FROM json_each($2)";

/// Writes an entry into the journal, after the wallets it touches: whoever is second at a wallet gets the later number.
///
/// # Errors
/// [`StoreError::Conflict`] when its cause was booked before, [`StoreError::Corrupt`], or the database's own.
pub async fn book(tx: &mut Tx, entry: &Entry, detail: &str, at: Timestamp) -> Result<Booked, StoreError> {
    if entry.postings().is_empty() {
        return Ok(Booked::Done);
    }
    for posting in entry.postings() {
        if let Book::Wallet(customer) = posting.book
            && !add(tx, customer, posting.amount).await?
        {
            return Ok(Booked::Short);
        }
    }
    let (cause, order) = (entry.cause().to_string(), entry.order().map(OrderId::get));
    let (id,) = one!((i64,), tx, INSERT, at.ms(), cause.as_str(), order, detail)?;
    let column = |book: Book| (book.number(), book.customer().map_or(0, CustomerId::get));
    let postings: Vec<_> = entry
        .postings()
        .iter()
        .map(|posting| {
            let (book, customer) = column(posting.book);
            (book, customer, posting.amount.minor())
        })
        .collect();
    exec!(tx, INSERT_POSTINGS, id, rows(&postings)?)?;
    Ok(Booked::Done)
}

const TAKE: &str = "UPDATE wallet SET balance = balance + $2 WHERE customer_id = $1 AND balance + $2 >= 0";
const GIVE: &str = "\
    INSERT INTO wallet (customer_id, balance) VALUES ($1, $2)
    ON CONFLICT (customer_id) DO UPDATE SET balance = wallet.balance + $2
    WHERE wallet.balance + $2 <= $3";

/// Changes a wallet; false when it has too little, or would hold more than there can be.
async fn add(tx: &mut Tx, customer: CustomerId, amount: Money) -> Result<bool, StoreError> {
    let (customer, minor) = (customer.get(), amount.minor());
    let changed = if amount.is_negative() {
        exec!(tx, TAKE, customer, minor)?
    } else {
        exec!(tx, GIVE, customer, minor, Money::MOST.minor())?
    };
    Ok(changed == 1)
}

const BALANCE: &str = "SELECT balance FROM wallet WHERE customer_id = $1";

/// What a customer has to spend.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn balance(tx: &mut Tx, customer: CustomerId) -> Result<Money, StoreError> {
    let found = optional!((i64,), tx, BALANCE, customer.get())?;
    amount("wallet", customer.get(), found.map_or(0, |(minor,)| minor))
}

const LOCK_BALANCE: &str = "SELECT balance FROM wallet WHERE customer_id = $1 FOR NO KEY UPDATE";

/// What a customer has to spend; nobody else changes it before this transaction ends.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn lock_balance(tx: &mut Tx, customer: CustomerId) -> Result<Money, StoreError> {
    let found = optional!((i64,), tx, LOCK_BALANCE, customer.get())?;
    amount("wallet", customer.get(), found.map_or(0, |(minor,)| minor))
}

const BONUS: &str = "\
    SELECT CAST(coalesce(-sum(posting.amount), 0) AS BIGINT)
    FROM entry JOIN posting ON posting.entry_id = entry.id
    WHERE entry.order_id = $1 AND posting.book = $2";

/// The bonus that came with a recharge and was not taken back.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn bonus(tx: &mut Tx, recharge: OrderId) -> Result<Money, StoreError> {
    let (minor,) = one!((i64,), tx, BONUS, recharge.get(), Book::Bonus.number())?;
    amount("posting", recharge.get(), minor)
}

fn amount(table: &'static str, id: i64, minor: i64) -> Result<Money, StoreError> {
    Money::from_minor(minor).ok_or(StoreError::Corrupt { table, column: "balance", id })
}

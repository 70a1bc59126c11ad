//! The journal's entries: what moves money, and between which books. An entry that does not balance cannot be made.
//!
//! Wallets and deposits are what the operator owes, so they are positive; what came in from outside is negative in
//! `Received`. All books of an installation add up to nothing, always.

mod moves;

use crate::ids::{CustomerId, EventId, OrderId};
use crate::money::Money;

pub use moves::Paying;

/// The longest name of an adjustment.
pub const LONGEST_KEY: usize = 200;

/// An account of the ledger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Book {
    /// What a customer has to spend.
    Wallet(CustomerId),
    /// What came in from outside, less what went back.
    Received,
    /// What was sold, less what was refunded.
    Sales,
    /// What recharges were topped up with.
    Bonus,
    /// What the operator gave or took by hand.
    Adjustment,
    /// What came in for an order and waits until that is paid in full, or closed.
    Deposit,
}

impl Book {
    /// The book's number in the store.
    pub const fn number(self) -> i64 {
        match self {
            Self::Wallet(_) => 1,
            Self::Received => 2,
            Self::Sales => 3,
            Self::Bonus => 4,
            Self::Adjustment => 5,
            Self::Deposit => 6,
        }
    }

    /// Whose book it is.
    pub const fn customer(self) -> Option<CustomerId> {
        match self {
            Self::Wallet(customer) => Some(customer),
            _ => None,
        }
    }

    /// The book with that number, and for wallets of that customer; `None` when there is none.
    pub const fn from_columns(number: i64, customer: i64) -> Option<Self> {
        match (number, customer) {
            (1, customer) if customer > 0 => Some(Self::Wallet(CustomerId::new(customer))),
            (2, 0) => Some(Self::Received),
            (3, 0) => Some(Self::Sales),
            (4, 0) => Some(Self::Bonus),
            (5, 0) => Some(Self::Adjustment),
            (6, 0) => Some(Self::Deposit),
            _ => None,
        }
    }

    /// In a word, for people and exports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wallet(_) => "wallet",
            Self::Received => "received",
            Self::Sales => "sales",
            Self::Bonus => "bonus",
            Self::Adjustment => "adjustment",
            Self::Deposit => "deposit",
        }
    }
}

/// What an entry was made for. No two entries have the same cause, so nothing is booked twice.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    /// An order was paid.
    Payment(OrderId),
    /// An order was refunded.
    Refund(OrderId),
    /// An order was closed, and what had come in for it went to the wallet.
    DepositBack(OrderId),
    /// Money came in from outside.
    Event(EventId),
    /// The operator gave or took, under a name of the operator's own that is used once.
    Adjustment(String),
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Payment(order) => write!(f, "order:{order}:pay"),
            Self::Refund(order) => write!(f, "order:{order}:refund"),
            Self::DepositBack(order) => write!(f, "order:{order}:deposit-back"),
            Self::Event(event) => write!(f, "event:{event}"),
            Self::Adjustment(key) => write!(f, "adjust:{key}"),
        }
    }
}

/// What is added to a book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Posting {
    /// Which book.
    pub book: Book,
    /// How much is added to it; never nothing.
    pub amount: Money,
}

/// Amounts that move together, adding up to nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    cause: Cause,
    order: Option<OrderId>,
    postings: Vec<Posting>,
}

impl Entry {
    /// An entry over these amounts. Several for one book become one; nothing moves where they come to nothing.
    ///
    /// # Errors
    /// When they do not balance, or a sum is out of range.
    pub fn new(
        cause: Cause,
        order: Option<OrderId>,
        amounts: impl IntoIterator<Item = (Book, Money)>,
    ) -> Result<Self, LedgerError> {
        let mut postings: Vec<Posting> = Vec::new();
        for (book, amount) in amounts {
            match postings.iter_mut().find(|posting| posting.book == book) {
                Some(posting) => posting.amount = posting.amount.plus(amount).ok_or(LedgerError::OutOfRange)?,
                None => postings.push(Posting { book, amount }),
            }
        }
        postings.retain(|posting| !posting.amount.is_zero());
        let sum = Money::sum(postings.iter().map(|posting| posting.amount)).ok_or(LedgerError::OutOfRange)?;
        if sum.is_zero() { Ok(Self { cause, order, postings }) } else { Err(LedgerError::Unbalanced { sum }) }
    }

    /// What it was made for.
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The order it belongs to.
    pub const fn order(&self) -> Option<OrderId> {
        self.order
    }

    /// What moves; may be empty.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }
}

/// Why amounts make no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Money would come from nowhere, or vanish.
    #[error("the amounts of an entry add up to {sum}, not to nothing")]
    Unbalanced {
        /// What is too much.
        sum: Money,
    },
    /// A sum is larger than there can be.
    #[error("the amounts of an entry are out of range")]
    OutOfRange,
    /// An adjustment's name is empty, too long, or has other characters than printable ASCII ones.
    #[error("an adjustment's name must have 1 to {LONGEST_KEY} printable ASCII characters")]
    Key,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORDER: OrderId = OrderId::new(17);

    fn money(minor: i64) -> Money {
        Money::from_minor(minor).unwrap()
    }

    #[test]
    fn what_does_not_balance_is_no_entry() {
        let entry = Entry::new(Cause::Payment(ORDER), None, [(Book::Sales, money(5)), (Book::Received, money(-4))]);
        assert_eq!(entry, Err(LedgerError::Unbalanced { sum: money(1) }));
    }

    #[test]
    fn several_amounts_of_a_book_become_one() {
        let amounts =
            [(Book::Deposit, money(-8)), (Book::Sales, money(5)), (Book::Sales, money(3)), (Book::Bonus, money(0))];
        let entry = Entry::new(Cause::Payment(ORDER), Some(ORDER), amounts).unwrap();
        let postings: Vec<_> = entry.postings().iter().map(|posting| (posting.book, posting.amount.minor())).collect();
        assert_eq!(postings, [(Book::Deposit, -8), (Book::Sales, 8)]);
    }

    #[test]
    fn causes_are_written_so_that_none_is_another() {
        let causes = [
            Cause::Payment(ORDER),
            Cause::Refund(ORDER),
            Cause::DepositBack(ORDER),
            Cause::Event(EventId::new(17)),
            Cause::Adjustment("17".to_owned()),
        ];
        assert_eq!(
            causes.map(|cause| cause.to_string()),
            ["order:17:pay", "order:17:refund", "order:17:deposit-back", "event:17", "adjust:17"]
        );
    }

    #[test]
    fn books_are_found_by_their_columns() {
        let customer = CustomerId::new(7);
        for book in [Book::Wallet(customer), Book::Received, Book::Sales, Book::Bonus, Book::Adjustment, Book::Deposit]
        {
            let owner = book.customer().map_or(0, CustomerId::get);
            assert_eq!(Book::from_columns(book.number(), owner), Some(book));
            assert_eq!(Book::from_columns(book.number(), if owner == 0 { 7 } else { 0 }), None);
        }
        assert_eq!(Book::from_columns(7, 0), None);
    }

    proptest! {
        #[test]
        fn an_entry_exists_exactly_when_its_amounts_come_to_nothing(
            amounts in proptest::collection::vec((0_usize..4, -50_i64..50), 0..8),
        ) {
            let books = [Book::Received, Book::Sales, Book::Bonus, Book::Deposit];
            let sum: i64 = amounts.iter().map(|(_, minor)| minor).sum();
            let entry = Entry::new(
                Cause::Payment(ORDER),
                None,
                amounts.iter().map(|(book, minor)| (books[*book], money(*minor))),
            );
            prop_assert_eq!(entry.is_ok(), sum == 0);
            if let Ok(entry) = entry {
                prop_assert_eq!(entry.postings().iter().map(|posting| posting.amount.minor()).sum::<i64>(), 0);
                prop_assert!(entry.postings().iter().all(|posting| !posting.amount.is_zero()));
            }
        }
    }
}

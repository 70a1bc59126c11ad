//! Entries of the journal, as acts book them.

use turnpike_domain::ledger::{Book, Entry, LedgerError};
use turnpike_domain::time::Timestamp;
use turnpike_store::Tx;
use turnpike_store::journal::{self, Booked};

use crate::error::ServiceError;
use crate::shop_error::ShopError;

/// Books an entry, under what people read on it.
///
/// # Errors
/// [`ShopError::Ledger`] when it is none, or a wallet would hold more than there can be; [`ShopError::BalanceTooLow`];
/// [`turnpike_store::StoreError::Conflict`] when its cause was booked before.
pub(crate) async fn book(
    tx: &mut Tx,
    entry: Result<Entry, LedgerError>,
    detail: &str,
    at: Timestamp,
) -> Result<(), ServiceError> {
    let entry = entry.map_err(ShopError::Ledger)?;
    let takes = |entry: &Entry| {
        let mut postings = entry.postings().iter();
        postings.any(|posting| matches!(posting.book, Book::Wallet(_)) && posting.amount.is_negative())
    };
    match journal::book(tx, &entry, detail, at).await? {
        Booked::Done => Ok(()),
        Booked::Short if takes(&entry) => Err(ShopError::BalanceTooLow.into()),
        Booked::Short => Err(ShopError::Ledger(LedgerError::OutOfRange).into()),
    }
}

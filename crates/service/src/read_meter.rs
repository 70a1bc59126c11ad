//! What a customer has used by now: the same books as everywhere, read often.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_domain::units::Bytes;
use turnpike_store::Tx;
use turnpike_store::usage::meter;

pub use turnpike_store::usage::meter::MeteredAccount;

use crate::error::ServiceError;
use crate::service::Service;

/// A booking may commit so long after the moment it is dated to, and clocks of two machines may be so far apart.
const SLACK: Span = Span::from_secs(120);
/// Accounts that one reading tells of at most.
const MOST_ACCOUNTS: u32 = 1000;

/// A reading of a customer's meter, all of it from one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    /// When it was read.
    pub at: Timestamp,
    /// Everything the customer has ever used.
    pub total: Bytes,
    /// Accounts that were used lately, with all they have ever used.
    pub accounts: Vec<MeteredAccount>,
}

impl Service {
    /// Everything the customer has ever used. Cheap: a customer has few packages.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn total_used(&self, customer: CustomerId) -> Result<Bytes, ServiceError> {
        Ok(self.store.read(async |tx| meter::total(tx, customer).await).await?)
    }

    /// Reads the meter; accounts are told of that something was booked to since `since`, and some more.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn read_meter(&self, customer: CustomerId, since: Timestamp) -> Result<Meter, ServiceError> {
        let at = self.now();
        let look = async |tx: &mut Tx| {
            let total = meter::total(tx, customer).await?;
            let accounts = meter::active_since(tx, customer, since.minus(SLACK), MOST_ACCOUNTS).await?;
            Ok(Meter { at, total, accounts })
        };
        self.store.snapshot(look).await
    }
}

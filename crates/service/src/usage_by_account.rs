//! The operator sees what was used, by account.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_store::usage;
pub use turnpike_store::usage::AccountUsage;

use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// What was booked from `from` to `to`, both included, by customer, account and package type; of one customer or of
    /// all. Accounts that used nothing are left out; accounts of one name and type are one row.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn usage_by_account(
        &self,
        customer: Option<CustomerId>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<AccountUsage>, ServiceError> {
        Ok(self.store.read(async |tx| usage::by_account(tx, customer, from, to).await).await?)
    }
}

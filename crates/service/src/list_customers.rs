//! The operator lists customers.

use turnpike_store::customer;

use crate::authenticate::CustomerView;
use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// All customers, by number.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn list_customers(&self) -> Result<Vec<CustomerView>, ServiceError> {
        let customers = self.store.read(async |tx| customer::all(tx).await).await?;
        Ok(customers.into_iter().map(CustomerView::from).collect())
    }
}

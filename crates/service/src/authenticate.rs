//! Who calls, by `app_key`.

use turnpike_domain::ids::CustomerId;
use turnpike_store::customer::{self, Customer};

use crate::error::ServiceError;
use crate::service::Service;

/// A customer, as its own calls need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerView {
    /// Which customer.
    pub id: CustomerId,
    /// Its address.
    pub email: String,
    /// Whether the operator has verified who it is.
    pub verified: bool,
    /// Whether the operator has suspended it.
    pub suspended: bool,
}

impl From<Customer> for CustomerView {
    fn from(customer: Customer) -> Self {
        let Customer { id, email, verified, suspended } = customer;
        Self { id, email, verified, suspended }
    }
}

impl Service {
    /// The customer that holds this `app_key`. It is found by keyed hash, so how long the search takes tells nothing
    /// of keys that are nearly right.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn authenticate(&self, app_key: &str) -> Result<Option<CustomerView>, ServiceError> {
        let mac = self.shared.vault.app_key_mac(app_key);
        let found = self.store.read(async |tx| customer::by_app_key(tx, mac).await).await?;
        Ok(found.map(CustomerView::from))
    }
}

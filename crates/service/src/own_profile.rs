//! What a customer sees of itself: its profile, its key, its traffic in all.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_store::{Tx, app_key, customer_profile};

pub use turnpike_store::customer_profile::Profile;

use crate::error::ServiceError;
use crate::service::Service;

/// A customer's `app_key`, in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnKey {
    /// The key.
    pub app_key: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnKey").field("created_at", &self.created_at).finish_non_exhaustive()
    }
}

impl Service {
    /// A customer's profile.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn profile(&self, customer: CustomerId) -> Result<Profile, ServiceError> {
        let found = self.store.read(async |tx| customer_profile::profile(tx, customer).await).await?;
        found.ok_or(ServiceError::NoSuchCustomer)
    }

    /// A customer's `app_key`, for the customer itself. There is one.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`]; [`ServiceError::Vault`] when it does not open.
    pub async fn own_key(&self, customer: CustomerId) -> Result<OwnKey, ServiceError> {
        let found = self.store.read(async |tx: &mut Tx| app_key::sealed_since(tx, customer).await).await?;
        let (sealed, created_at) = found.ok_or(ServiceError::NoSuchCustomer)?;
        Ok(OwnKey { app_key: self.shared.vault.open_app_key(customer, &sealed)?, created_at })
    }
}

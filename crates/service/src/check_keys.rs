//! Whether the master key is the one that the store's secrets are sealed with.

use turnpike_store::app_key;

use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// Opens one sealed secret of the store; one without any takes every key. A wrong key would refuse every login, and
    /// seal new secrets that the true one could not open.
    ///
    /// # Errors
    /// [`ServiceError::Vault`] when it does not open.
    pub async fn check_keys(&self) -> Result<(), ServiceError> {
        if let Some((customer, sealed)) = self.store.read(async |tx| app_key::any_sealed(tx).await).await? {
            self.shared.vault.open_app_key(customer, &sealed)?;
        }
        Ok(())
    }
}

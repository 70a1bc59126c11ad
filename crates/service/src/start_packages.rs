//! Packages whose validity has just begun are announced, so that gateways that found no traffic ask again.

use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::{StoreError, Tx, customer, package};

use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// Announces packages that have begun: how many.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn start_packages(&self) -> Result<usize, ServiceError> {
        Ok(self.store.write(self.now(), |now, tx| Box::pin(start(*now, tx))).await?)
    }
}

async fn start(now: Timestamp, tx: &mut Tx) -> Result<usize, StoreError> {
    let mut started = package::announce_started(tx, now).await?;
    let count = started.len();
    started.sort_unstable();
    started.dedup();
    for customer in started {
        customer::raise_packages_version(tx, customer).await?;
        tx.announce(Changed::Customer(customer), now);
    }
    Ok(count)
}

//! The operator states that it has verified who a customer is.

use turnpike_domain::ids::CustomerId;
use turnpike_store::audit::AuditEntry;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit, customer};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// Verifies a customer. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`].
    pub async fn verify_customer(&self, actor: &Actor, customer: CustomerId) -> Result<(), ServiceError> {
        let audit = actor.did("customer.verify", customer, String::new(), self.now());
        self.store.write((customer, audit), |(customer, audit), tx| Box::pin(verify(*customer, audit, tx))).await
    }
}

pub(crate) async fn verify(customer: CustomerId, audit: &AuditEntry, tx: &mut Tx) -> Result<(), ServiceError> {
    if !customer::verify(tx, customer).await? {
        return Err(ServiceError::NoSuchCustomer);
    }
    tx.announce(Changed::Customer(customer), audit.at);
    audit::insert(tx, audit).await?;
    Ok(())
}

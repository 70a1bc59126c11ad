//! The operator suspends a customer, or lets it go on.

use turnpike_domain::ids::CustomerId;
use turnpike_store::audit::AuditEntry;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit, customer, customer_profile};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

pub(crate) struct Switch {
    pub(crate) customer: CustomerId,
    pub(crate) suspended: bool,
    pub(crate) audit: AuditEntry,
}

impl Service {
    /// Suspends a customer: it changes nothing any more, its accounts are refused at every gateway, and its sessions
    /// end. Doing it again changes nothing but for sessions begun since.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`].
    pub async fn suspend_customer(&self, actor: &Actor, customer: CustomerId) -> Result<(), ServiceError> {
        let audit = actor.did("customer.suspend", customer, String::new(), self.now());
        let switch = Switch { customer, suspended: true, audit };
        self.store.write(switch, |switch, tx| Box::pin(set(switch, tx))).await
    }

    /// Lets a suspended customer go on. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`].
    pub async fn resume_customer(&self, actor: &Actor, customer: CustomerId) -> Result<(), ServiceError> {
        let audit = actor.did("customer.resume", customer, String::new(), self.now());
        let switch = Switch { customer, suspended: false, audit };
        self.store.write(switch, |switch, tx| Box::pin(set(switch, tx))).await
    }
}

pub(crate) async fn set(switch: &Switch, tx: &mut Tx) -> Result<(), ServiceError> {
    let Switch { customer, suspended, audit } = switch;
    if !customer::set_suspended(tx, *customer, *suspended).await? {
        return Err(ServiceError::NoSuchCustomer);
    }
    if *suspended {
        customer_profile::end_sessions(tx, *customer).await?;
    }
    tx.announce(Changed::Customer(*customer), audit.at);
    audit::insert(tx, audit).await?;
    Ok(())
}

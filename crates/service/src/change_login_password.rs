//! The operator gives a customer another login password, as when the old one was lost.

use turnpike_domain::ids::CustomerId;
use turnpike_store::audit::AuditEntry;
use turnpike_store::customer_details::{self, CustomerDetails};
use turnpike_store::{Tx, audit, customer_profile};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::login_password::LoginPassword;
use crate::service::Service;

struct Change {
    customer: CustomerId,
    login_hash: String,
    audit: AuditEntry,
}

impl Service {
    /// Gives a customer another login password. Its sessions end; its `app_key` and its proxy accounts stay as they are.
    ///
    /// # Errors
    /// [`ServiceError::LoginPassword`], [`ServiceError::NoSuchCustomer`].
    pub async fn change_login_password(
        &self,
        actor: &Actor,
        customer: CustomerId,
        password: &str,
    ) -> Result<CustomerDetails, ServiceError> {
        let password = LoginPassword::parse(password)?;
        let login_hash = self.shared.login_passwords.hash(self.random(), password).await?;
        let audit = actor.did("customer.password", customer, String::new(), self.now());
        self.store.write(Change { customer, login_hash, audit }, |change, tx| Box::pin(set(change, tx))).await
    }
}

async fn set(change: &Change, tx: &mut Tx) -> Result<CustomerDetails, ServiceError> {
    let Change { customer, login_hash, audit } = change;
    if !customer_profile::set_login_hash(tx, *customer, login_hash).await? {
        return Err(ServiceError::NoSuchCustomer);
    }
    audit::insert(tx, audit).await?;
    customer_details::by_id(tx, *customer).await?.ok_or(ServiceError::NoSuchCustomer)
}

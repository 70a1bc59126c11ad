//! The operator adds a customer.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit, customer};

use crate::actor::Actor;
use crate::app_key;
use crate::email::Email;
use crate::error::{ServiceError, look_again};
use crate::login_password::LoginPassword;
use crate::service::Service;

/// A customer that was just added.
#[derive(Clone, PartialEq, Eq)]
pub struct AddedCustomer {
    /// Which customer.
    pub id: CustomerId,
    /// Its `app_key`, in clear.
    pub app_key: String,
}

pub(crate) struct Addition {
    pub(crate) service: Service,
    pub(crate) actor: Actor,
    pub(crate) email: Email,
    pub(crate) login_hash: String,
    pub(crate) now: Timestamp,
}

impl Service {
    /// Adds a customer, which is not verified yet, and gives it an `app_key`.
    ///
    /// # Errors
    /// [`ServiceError::Email`], [`ServiceError::LoginPassword`], [`ServiceError::EmailTaken`].
    pub async fn add_customer(
        &self,
        actor: &Actor,
        email: &str,
        password: &str,
    ) -> Result<AddedCustomer, ServiceError> {
        let email = Email::parse(email)?;
        let password = LoginPassword::parse(password)?;
        let login_hash = self.shared.login_passwords.hash(self.random(), password).await?;
        let addition = Addition { service: self.clone(), actor: actor.clone(), email, login_hash, now: self.now() };
        self.store.write(addition, |addition, tx| Box::pin(add(addition, tx))).await
    }
}

pub(crate) async fn add(addition: &Addition, tx: &mut Tx) -> Result<AddedCustomer, ServiceError> {
    let Addition { service, actor, email, login_hash, now } = addition;
    if customer::by_email(tx, email.as_str()).await?.is_some() {
        return Err(ServiceError::EmailTaken);
    }
    let id = customer::insert(tx, email.as_str(), login_hash, *now).await.map_err(look_again)?;
    let app_key = app_key::give(service, tx, id, *now).await?;
    tx.announce(Changed::Customer(id), *now);
    audit::insert(tx, &actor.did("customer.add", id, email.as_str().to_owned(), *now)).await?;
    Ok(AddedCustomer { id, app_key })
}

impl std::fmt::Debug for AddedCustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddedCustomer").field("id", &self.id).finish_non_exhaustive()
    }
}

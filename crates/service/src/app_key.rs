//! The operator shows or renews a customer's `app_key`.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_store::audit::AuditEntry;
use turnpike_store::{Tx, app_key, audit, customer};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::service::Service;
use crate::source::draw;

/// An act on a customer's key, with what it needs.
struct KeyAct {
    service: Service,
    customer: CustomerId,
    audit: AuditEntry,
}

impl Service {
    /// A customer's `app_key`, in clear. That it was shown goes into the audit.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`]; [`ServiceError::Vault`] when it does not open.
    pub async fn show_app_key(&self, actor: &Actor, customer: CustomerId) -> Result<String, ServiceError> {
        let act = self.key_act(actor, "customer.show-key", customer);
        self.store.write(act, |act, tx| Box::pin(show(act, tx))).await
    }

    /// Gives a customer a new `app_key`; the old one is void at once.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`].
    pub async fn renew_app_key(&self, actor: &Actor, customer: CustomerId) -> Result<String, ServiceError> {
        let act = self.key_act(actor, "customer.renew-key", customer);
        self.store.write(act, |act, tx| Box::pin(renew(act, tx))).await
    }

    fn key_act(&self, actor: &Actor, name: &str, customer: CustomerId) -> KeyAct {
        let audit = actor.did(name, customer, String::new(), self.now());
        KeyAct { service: self.clone(), customer, audit }
    }
}

async fn show(act: &KeyAct, tx: &mut Tx) -> Result<String, ServiceError> {
    let sealed = app_key::sealed(tx, act.customer).await?.ok_or(ServiceError::NoSuchCustomer)?;
    audit::insert(tx, &act.audit).await?;
    Ok(act.service.shared.vault.open_app_key(act.customer, &sealed)?)
}

async fn renew(act: &KeyAct, tx: &mut Tx) -> Result<String, ServiceError> {
    customer::by_id(tx, act.customer).await?.ok_or(ServiceError::NoSuchCustomer)?;
    audit::insert(tx, &act.audit).await?;
    give(&act.service, tx, act.customer, act.audit.at).await
}

/// Draws a key of 32 lower-case hex characters (contract §0.2), keeps it and shows it.
pub(crate) async fn give(
    service: &Service,
    tx: &mut Tx,
    customer: CustomerId,
    now: Timestamp,
) -> Result<String, ServiceError> {
    let key = hex::encode(draw::<16>(service.random()));
    let vault = &service.shared.vault;
    let sealed = vault.seal_app_key(service.random(), customer, &key)?;
    app_key::put(tx, customer, vault.app_key_mac(&key), &sealed, now).await.map_err(look_again)?;
    Ok(key)
}

//! A customer changes a proxy account's password (contract §1).

use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_store::account::{self, Credentials};
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::{Service, require_active};

struct Change {
    customer: CustomerId,
    credentials: Credentials,
    now: Timestamp,
}

impl Service {
    /// Changes a password. Gateways end what the old one opened.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Unverified`], [`ServiceError::Suspended`].
    pub async fn change_password(
        &self,
        customer: CustomerId,
        username: &Username,
        password: AccountPassword,
    ) -> Result<(), ServiceError> {
        let credentials = self.shared.vault.credentials(self.random(), customer, *username, &password)?;
        let change = Change { customer, credentials, now: self.now() };
        self.store.write(change, |change, tx| Box::pin(apply(change, tx))).await
    }
}

async fn apply(change: &Change, tx: &mut Tx) -> Result<(), ServiceError> {
    let Change { customer, credentials, now } = change;
    require_active(tx, *customer).await?;
    let username = credentials.username;
    let changed = account::set_password(tx, *customer, credentials).await?;
    tx.announce(Changed::Account(changed.ok_or(ServiceError::NotFound(username))?), *now);
    let detail = username.to_string();
    audit::insert(tx, &Actor::Customer(*customer).did("account.change-password", *customer, detail, *now)).await?;
    Ok(())
}

//! A customer deletes proxy accounts for good (contract §1). Their usage stays in every total.

use turnpike_domain::account::Username;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, account, audit};

use crate::actor::Actor;
use crate::add_accounts::list;
use crate::error::ServiceError;
use crate::service::Service;

pub(crate) struct Deletion {
    pub(crate) actor: Actor,
    pub(crate) customer: CustomerId,
    pub(crate) usernames: Vec<Username>,
    pub(crate) now: Timestamp,
}

impl Service {
    /// Deletes accounts, all of them or none. Their names are free again; what gateways still hold leases for is
    /// settled as it comes in.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] names one that is not this customer's; [`ServiceError::Unverified`];
    /// [`ServiceError::Suspended`].
    pub async fn delete_accounts(&self, customer: CustomerId, usernames: &[Username]) -> Result<(), ServiceError> {
        let (actor, usernames) = (Actor::Customer(customer), usernames.to_vec());
        let deletion = Deletion { actor, customer, usernames, now: self.now() };
        self.store.write(deletion, |deletion, tx| Box::pin(delete(deletion, tx))).await
    }
}

pub(crate) async fn delete(deletion: &Deletion, tx: &mut Tx) -> Result<(), ServiceError> {
    let Deletion { actor, customer, usernames, now } = deletion;
    actor.may_change(tx, *customer).await?;
    let accounts = lock_all(tx, *customer, usernames).await?;
    account::delete(tx, *customer, &accounts, *now).await?;
    for account in accounts {
        tx.announce(Changed::Account(account), *now);
    }
    audit::insert(tx, &actor.did("accounts.delete", *customer, list(usernames), *now)).await?;
    Ok(())
}

/// The named accounts, locked; an error when one of them is not this customer's.
pub(crate) async fn lock_all(
    tx: &mut Tx,
    customer: CustomerId,
    usernames: &[Username],
) -> Result<Vec<AccountId>, ServiceError> {
    let found = account::lock(tx, customer, usernames).await?;
    match usernames.iter().find(|wanted| !found.iter().any(|(_, name)| name == *wanted)) {
        Some(missing) => Err(ServiceError::NotFound(*missing)),
        None => Ok(found.into_iter().map(|(account, _)| account).collect()),
    }
}

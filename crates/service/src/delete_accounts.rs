//! A customer deletes proxy accounts for good (contract §1). Their usage stays in every total.

use turnpike_domain::account::Username;
use turnpike_domain::ids::{AccountId, CustomerId};
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, account, audit};

use crate::actor::Actor;
use crate::add_accounts::list;
use crate::error::ServiceError;
use crate::service::{Service, require_active};

struct Deletion {
    customer: CustomerId,
    usernames: Vec<Username>,
    now: Timestamp,
}

impl Service {
    /// Deletes accounts, all of them or none. Their names are free again; what gateways still hold leases for is
    /// settled as it comes in.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] names one that is not this customer's; [`ServiceError::Unverified`];
    /// [`ServiceError::Suspended`].
    pub async fn delete_accounts(&self, customer: CustomerId, usernames: &[Username]) -> Result<(), ServiceError> {
        let deletion = Deletion { customer, usernames: usernames.to_vec(), now: self.now() };
        self.store.write(deletion, |deletion, tx| Box::pin(delete(deletion, tx))).await
    }
}

async fn delete(deletion: &Deletion, tx: &mut Tx) -> Result<(), ServiceError> {
    let Deletion { customer, usernames, now } = deletion;
    require_active(tx, *customer).await?;
    let accounts = lock_all(tx, *customer, usernames).await?;
    account::delete(tx, *customer, &accounts, *now).await?;
    for account in accounts {
        tx.announce(Changed::Account(account), *now);
    }
    audit::insert(tx, &Actor::Customer(*customer).did("accounts.delete", *customer, list(usernames), *now)).await?;
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

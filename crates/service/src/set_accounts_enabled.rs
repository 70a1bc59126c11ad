//! A customer enables or disables proxy accounts (contract §1).

use turnpike_domain::account::Username;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, account, audit};

use crate::actor::Actor;
use crate::add_accounts::list;
use crate::delete_accounts::lock_all;
use crate::error::ServiceError;
use crate::service::{Service, require_active};

struct Switch {
    customer: CustomerId,
    usernames: Vec<Username>,
    enabled: bool,
    now: Timestamp,
}

impl Service {
    /// Enables or disables accounts, all of them or none. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] names one that is not this customer's; [`ServiceError::Unverified`];
    /// [`ServiceError::Suspended`].
    pub async fn set_accounts_enabled(
        &self,
        customer: CustomerId,
        usernames: &[Username],
        enabled: bool,
    ) -> Result<(), ServiceError> {
        let switch = Switch { customer, usernames: usernames.to_vec(), enabled, now: self.now() };
        self.store.write(switch, |switch, tx| Box::pin(set(switch, tx))).await
    }
}

async fn set(switch: &Switch, tx: &mut Tx) -> Result<(), ServiceError> {
    let Switch { customer, usernames, enabled, now } = switch;
    require_active(tx, *customer).await?;
    let accounts = lock_all(tx, *customer, usernames).await?;
    account::set_enabled(tx, *customer, &accounts, *enabled).await?;
    for account in accounts {
        tx.announce(Changed::Account(account), *now);
    }
    let act = if *enabled { "accounts.enable" } else { "accounts.disable" };
    audit::insert(tx, &Actor::Customer(*customer).did(act, *customer, list(usernames), *now)).await?;
    Ok(())
}

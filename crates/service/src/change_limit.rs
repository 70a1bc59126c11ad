//! A customer changes a proxy account's limit (contract §1).

use turnpike_domain::account::Username;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::LimitGb;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, account, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::{Service, require_active};

struct Change {
    customer: CustomerId,
    username: Username,
    limit: LimitGb,
    now: Timestamp,
}

impl Service {
    /// Changes the limit for an account's life. Gateways hand back what they hold and have not used.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Unverified`], [`ServiceError::Suspended`].
    pub async fn change_limit(
        &self,
        customer: CustomerId,
        username: &Username,
        limit: LimitGb,
    ) -> Result<(), ServiceError> {
        let change = Change { customer, username: *username, limit, now: self.now() };
        self.store.write(change, |change, tx| Box::pin(apply(change, tx))).await
    }
}

async fn apply(change: &Change, tx: &mut Tx) -> Result<(), ServiceError> {
    let Change { customer, username, limit, now } = change;
    require_active(tx, *customer).await?;
    let changed = account::set_limit(tx, *customer, username, *limit).await?;
    tx.announce(Changed::Account(changed.ok_or(ServiceError::NotFound(*username))?), *now);
    let detail = format!("{username} to {} GB", limit.get());
    audit::insert(tx, &Actor::Customer(*customer).did("account.change-limit", *customer, detail, *now)).await?;
    Ok(())
}

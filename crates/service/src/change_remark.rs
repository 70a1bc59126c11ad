//! A customer changes its own words on a proxy account (contract §1). No gateway needs to know.

use turnpike_domain::account::Username;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::remark::Remark;
use turnpike_domain::time::Timestamp;
use turnpike_store::{Tx, account, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::{Service, require_active};

struct Change {
    customer: CustomerId,
    username: Username,
    remark: Remark,
    now: Timestamp,
}

impl Service {
    /// Changes a remark.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Unverified`], [`ServiceError::Suspended`].
    pub async fn change_remark(
        &self,
        customer: CustomerId,
        username: &Username,
        remark: Remark,
    ) -> Result<(), ServiceError> {
        let change = Change { customer, username: *username, remark, now: self.now() };
        self.store.write(change, |change, tx| Box::pin(apply(change, tx))).await
    }
}

async fn apply(change: &Change, tx: &mut Tx) -> Result<(), ServiceError> {
    let Change { customer, username, remark, now } = change;
    require_active(tx, *customer).await?;
    account::set_remark(tx, *customer, username, remark).await?.ok_or(ServiceError::NotFound(*username))?;
    let detail = username.to_string();
    audit::insert(tx, &Actor::Customer(*customer).did("account.change-remark", *customer, detail, *now)).await?;
    Ok(())
}

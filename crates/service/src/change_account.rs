//! A customer changes several things of a proxy account at once (contract §8, `proxy-account/change`).

use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::remark::Remark;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::LimitGb;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, account, audit};

pub use turnpike_store::account::ChangedAccount;

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

/// What is to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// The password in the gateway's login.
    pub password: Option<AccountPassword>,
    /// The customer's own words on it.
    pub remark: Option<Remark>,
    /// For its life.
    pub limit: Option<LimitGb>,
    /// For one calendar day.
    pub daily_limit: Option<LimitGb>,
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// Whether it may use UDP.
    pub udp: Option<bool>,
}

pub(crate) struct Change {
    actor: Actor,
    customer: CustomerId,
    username: Username,
    wish: account::AccountChange,
    detail: String,
    now: Timestamp,
}

impl Service {
    /// Changes an account, all at once or nothing, and says how it stands then.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Unverified`], [`ServiceError::Suspended`].
    pub async fn change_account(
        &self,
        customer: CustomerId,
        username: &Username,
        wish: AccountChange,
    ) -> Result<ChangedAccount, ServiceError> {
        let change = self.account_change(Actor::Customer(customer), customer, username, wish)?;
        self.store.write(change, |change, tx| Box::pin(apply(change, tx))).await
    }

    /// Hashes and seals what is to change.
    pub(crate) fn account_change(
        &self,
        actor: Actor,
        customer: CustomerId,
        username: &Username,
        wish: AccountChange,
    ) -> Result<Change, ServiceError> {
        let detail = detail(username, &wish);
        let AccountChange { password, remark, limit, daily_limit, enabled, udp } = wish;
        let seal =
            |password: &AccountPassword| self.shared.vault.credentials(self.random(), customer, *username, password);
        let credentials = password.as_ref().map(seal).transpose()?;
        let wish = account::AccountChange { credentials, remark, limit, daily_limit, enabled, udp };
        Ok(Change { actor, customer, username: *username, wish, detail, now: self.now() })
    }
}

pub(crate) async fn apply(change: &Change, tx: &mut Tx) -> Result<ChangedAccount, ServiceError> {
    let Change { actor, customer, username, wish, detail, now } = change;
    actor.may_change(tx, *customer).await?;
    let changed = account::change(tx, *customer, username, wish).await?;
    let changed = changed.ok_or(ServiceError::NotFound(*username))?;
    tx.announce(Changed::Account(changed.id), *now);
    audit::insert(tx, &actor.did("account.change", *customer, detail.clone(), *now)).await?;
    Ok(changed)
}

/// Which things change, for the audit.
fn detail(username: &Username, wish: &AccountChange) -> String {
    let gigabytes = |name: &str, limit: Option<LimitGb>| limit.map(|limit| format!("{name} {} GB", limit.get()));
    let flag = |name: &str, on: Option<bool>| on.map(|on| format!("{name} {on}"));
    let changes = [
        wish.password.as_ref().map(|_| "password".to_owned()),
        wish.remark.as_ref().map(|_| "remark".to_owned()),
        gigabytes("limit", wish.limit),
        gigabytes("daily limit", wish.daily_limit),
        flag("enabled", wish.enabled),
        flag("udp", wish.udp),
    ];
    format!("{username}: {}", changes.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

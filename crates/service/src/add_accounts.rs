//! A customer adds proxy accounts, all of a batch or none (contract §1).

use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::product::ProductType;
use turnpike_domain::remark::Remark;
use turnpike_domain::units::LimitGb;
use turnpike_store::account::{self, Credentials, Terms};
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit, customer_profile};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::service::Service;

/// A batch of accounts to be.
#[derive(Clone, Debug)]
pub struct NewAccounts {
    /// Names and passwords.
    pub pairs: Vec<(Username, AccountPassword)>,
    /// The customer's own words on them.
    pub remark: Remark,
    /// The package type they draw on. The customer need not own one.
    pub product_type: ProductType,
    /// For their life.
    pub limit: LimitGb,
    /// For one calendar day.
    pub daily_limit: LimitGb,
}

impl NewAccounts {
    /// Without a remark and without limits.
    pub fn of(pairs: Vec<(Username, AccountPassword)>, product_type: ProductType) -> Self {
        let (limit, daily_limit) = (LimitGb::UNLIMITED, LimitGb::UNLIMITED);
        Self { pairs, remark: Remark::default(), product_type, limit, daily_limit }
    }
}

/// The batch, hashed and sealed.
pub(crate) struct Addition {
    service: Service,
    actor: Actor,
    customer: CustomerId,
    credentials: Vec<Credentials>,
    terms: Terms,
}

impl Service {
    /// Adds accounts, enabled and with nothing used.
    ///
    /// # Errors
    /// [`ServiceError::NameTaken`], when a live account of whoever has one of the names;
    /// [`ServiceError::TooManyAccounts`]; [`ServiceError::TypeTakesNoAccounts`]; [`ServiceError::Unverified`]; [`ServiceError::Suspended`].
    pub async fn add_accounts(&self, customer: CustomerId, accounts: NewAccounts) -> Result<(), ServiceError> {
        let addition = self.addition(Actor::Customer(customer), customer, accounts)?;
        self.store.write(addition, |addition, tx| Box::pin(add(addition, tx))).await
    }

    /// Hashes and seals a batch.
    pub(crate) fn addition(
        &self,
        actor: Actor,
        customer: CustomerId,
        accounts: NewAccounts,
    ) -> Result<Addition, ServiceError> {
        let NewAccounts { pairs, remark, product_type, limit, daily_limit } = accounts;
        if !product_type.takes_accounts() {
            return Err(ServiceError::TypeTakesNoAccounts);
        }
        let seal = |(username, password): &(Username, AccountPassword)| {
            self.shared.vault.credentials(self.random(), customer, *username, password)
        };
        let credentials = pairs.iter().map(seal).collect::<Result<_, _>>()?;
        let terms = Terms { remark, product_type, limit, daily_limit, created_at: self.now() };
        Ok(Addition { service: self.clone(), actor, customer, credentials, terms })
    }
}

pub(crate) async fn add(addition: &Addition, tx: &mut Tx) -> Result<(), ServiceError> {
    let Addition { service, actor, customer, credentials, terms } = addition;
    actor.may_change(tx, *customer).await?;
    let most = service.most_accounts(customer_profile::lock_quotas(tx, *customer).await?)?;
    let names: Vec<_> = credentials.iter().map(|one| one.username).collect();
    if let Some(name) = account::taken(tx, &names).await? {
        return Err(ServiceError::NameTaken(name));
    }
    for added in account::insert(tx, *customer, credentials, terms).await.map_err(look_again)? {
        tx.announce(Changed::Account(added), terms.created_at);
    }
    if account::count_live(tx, *customer).await? > u64::from(most) {
        return Err(ServiceError::TooManyAccounts(most));
    }
    let detail = list(&names);
    audit::insert(tx, &actor.did("accounts.add", *customer, detail, terms.created_at)).await?;
    Ok(())
}

/// Names for an audit row.
pub(crate) fn list(names: &[Username]) -> String {
    names.iter().map(Username::as_str).collect::<Vec<_>>().join(",")
}

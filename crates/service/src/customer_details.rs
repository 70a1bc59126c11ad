//! The operator sees customers with all that it may set of them, and sets several things at once.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_store::customer_details::{self, CustomerDetails, CustomerFilter};
use turnpike_store::customer_profile::OwnQuotas;
use turnpike_store::{Tx, audit, customer_profile};

use crate::actor::Actor;
use crate::add_customer::{self, Addition};
use crate::email::Email;
use crate::error::ServiceError;
use crate::limit_customer::{self, Limits};
use crate::login_password::LoginPassword;
use crate::service::Service;
use crate::suspend_customer::{self, Switch};
use crate::verify_customer;

/// What becomes of a limit or a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitChange {
    /// It stays.
    #[default]
    Stays,
    /// There is none any more; for a quota the configured number holds.
    Lifted,
    /// It is this.
    Set(u32),
}

impl LimitChange {
    fn is_change(self) -> bool {
        self != Self::Stays
    }

    pub(crate) fn after(self, before: Option<u32>) -> Option<u32> {
        match self {
            Self::Stays => before,
            Self::Lifted => None,
            Self::Set(limit) => Some(limit),
        }
    }
}

/// What is to change; what is not named stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerChange {
    /// That the customer's identity was checked; it cannot be unchecked.
    pub verified: bool,
    /// Whether it is suspended.
    pub suspended: Option<bool>,
    /// Tunnels open at once on a gateway.
    pub max_tunnels: LimitChange,
    /// New connections a second on a gateway.
    pub max_connections_per_second: LimitChange,
    /// Live proxy accounts.
    pub most_accounts: LimitChange,
    /// Addresses on the allow list.
    pub most_sources: LimitChange,
}

struct Changing {
    actor: Actor,
    customer: CustomerId,
    change: CustomerChange,
    now: Timestamp,
}

impl Service {
    /// One customer.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn customer_details(&self, customer: CustomerId) -> Result<CustomerDetails, ServiceError> {
        self.store.read(async |tx: &mut Tx| details(tx, customer).await).await
    }

    /// At most so many customers after that one, by number.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn page_customers(
        &self,
        filter: &CustomerFilter,
        after: Option<CustomerId>,
        most: u32,
    ) -> Result<Vec<CustomerDetails>, ServiceError> {
        let after = after.map_or(0, CustomerId::get);
        Ok(self.store.read(async |tx: &mut Tx| customer_details::page(tx, filter, after, most).await).await?)
    }

    /// Adds a customer as [`Service::add_customer`] does, verifies it at once when told to, and shows it.
    ///
    /// # Errors
    /// As [`Service::add_customer`].
    pub async fn open_customer(
        &self,
        actor: &Actor,
        (email, password): (&str, &str),
        verified: bool,
    ) -> Result<CustomerDetails, ServiceError> {
        let email = Email::parse(email)?;
        let password = LoginPassword::parse(password)?;
        let login_hash = self.shared.login_passwords.hash(self.random(), password).await?;
        let addition = Addition { service: self.clone(), actor: actor.clone(), email, login_hash, now: self.now() };
        self.store.write((addition, verified), |(addition, verified), tx| Box::pin(open(addition, *verified, tx))).await
    }

    /// Changes several things of a customer, all or none, each with an audit row of its own, and shows it then.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn change_customer(
        &self,
        actor: &Actor,
        customer: CustomerId,
        change: CustomerChange,
    ) -> Result<CustomerDetails, ServiceError> {
        let changing = Changing { actor: actor.clone(), customer, change, now: self.now() };
        self.store.write(changing, |changing, tx| Box::pin(apply(changing, tx))).await
    }
}

async fn details(tx: &mut Tx, customer: CustomerId) -> Result<CustomerDetails, ServiceError> {
    customer_details::by_id(tx, customer).await?.ok_or(ServiceError::NoSuchCustomer)
}

async fn open(addition: &Addition, verified: bool, tx: &mut Tx) -> Result<CustomerDetails, ServiceError> {
    let added = add_customer::add(addition, tx).await?;
    if verified {
        let audit = addition.actor.did("customer.verify", added.id, String::new(), addition.now);
        verify_customer::verify(added.id, &audit, tx).await?;
    }
    details(tx, added.id).await
}

async fn apply(changing: &Changing, tx: &mut Tx) -> Result<CustomerDetails, ServiceError> {
    let Changing { actor, customer, change, now } = changing;
    let before = customer_details::lock(tx, *customer).await?.ok_or(ServiceError::NoSuchCustomer)?;
    if change.verified {
        let audit = actor.did("customer.verify", *customer, String::new(), *now);
        verify_customer::verify(*customer, &audit, tx).await?;
    }
    if let Some(suspended) = change.suspended {
        let act = if suspended { "customer.suspend" } else { "customer.resume" };
        let audit = actor.did(act, *customer, String::new(), *now);
        suspend_customer::set(&Switch { customer: *customer, suspended, audit }, tx).await?;
    }
    if change.max_tunnels.is_change() || change.max_connections_per_second.is_change() {
        let max_tunnels = change.max_tunnels.after(before.max_tunnels);
        let rate = change.max_connections_per_second.after(before.max_connections_per_second);
        let audit = actor.did("customer.limit", *customer, limit_customer::detail(max_tunnels, rate), *now);
        let limits = Limits { customer: *customer, max_tunnels, max_connections_per_second: rate, audit };
        limit_customer::set(&limits, tx).await?;
    }
    if change.most_accounts.is_change() || change.most_sources.is_change() {
        let accounts = change.most_accounts.after(before.quotas.accounts);
        set_quotas(changing, OwnQuotas { accounts, sources: change.most_sources.after(before.quotas.sources) }, tx)
            .await?;
    }
    details(tx, *customer).await
}

async fn set_quotas(changing: &Changing, quotas: OwnQuotas, tx: &mut Tx) -> Result<(), ServiceError> {
    let Changing { actor, customer, now, .. } = changing;
    if !customer_profile::set_quotas(tx, *customer, quotas).await? {
        return Err(ServiceError::NoSuchCustomer);
    }
    let shown = |quota: Option<u32>| quota.map_or_else(|| "as configured".to_owned(), |quota| quota.to_string());
    let detail = format!("accounts {}, allowed sources {}", shown(quotas.accounts), shown(quotas.sources));
    Ok(audit::insert(tx, &actor.did("customer.quota", *customer, detail, *now)).await?)
}

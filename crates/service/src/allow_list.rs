//! A customer's allow list: addresses that may connect without credentials where the operator has opened a port for
//! them (contract §8).

use std::net::IpAddr;

use turnpike_domain::ids::CustomerId;
use turnpike_domain::remark::Remark;
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, allow_list, audit, customer_profile};

pub use turnpike_store::allow_list::AllowedSource;

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

/// Addresses that are to be added.
#[derive(Clone, Debug)]
pub struct NewSources {
    /// In their canonical form.
    pub sources: Vec<IpAddr>,
    /// The customer's own words on them.
    pub remark: Remark,
}

struct Addition {
    service: Service,
    actor: Actor,
    customer: CustomerId,
    wish: NewSources,
    now: Timestamp,
}

struct Deletion {
    actor: Actor,
    customer: CustomerId,
    sources: Vec<IpAddr>,
    now: Timestamp,
}

impl Service {
    /// The whole list, newest first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn list_sources(&self, customer: CustomerId) -> Result<Vec<AllowedSource>, ServiceError> {
        Ok(self.store.read(async |tx| allow_list::list(tx, customer).await).await?)
    }

    /// Adds addresses, all of them or none. Adding one again only changes its remark, when one is given.
    ///
    /// # Errors
    /// [`ServiceError::TooManySources`], when the list would hold more than the customer's quota;
    /// [`ServiceError::Suspended`].
    pub async fn add_sources(&self, customer: CustomerId, wish: NewSources) -> Result<(), ServiceError> {
        self.add_sources_as(&Actor::Customer(customer), customer, wish).await
    }

    /// As [`Service::add_sources`], for whoever acts.
    ///
    /// # Errors
    /// As [`Service::add_sources`]; [`ServiceError::NoSuchCustomer`].
    pub async fn add_sources_as(
        &self,
        actor: &Actor,
        customer: CustomerId,
        wish: NewSources,
    ) -> Result<(), ServiceError> {
        let addition = Addition { service: self.clone(), actor: actor.clone(), customer, wish, now: self.now() };
        self.store.write(addition, |addition, tx| Box::pin(add(addition, tx))).await
    }

    /// Deletes addresses, all of them or none. Connections from there that are open go on.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchSource`] names one that is not on this customer's list; [`ServiceError::Suspended`].
    pub async fn delete_sources(&self, customer: CustomerId, sources: Vec<IpAddr>) -> Result<(), ServiceError> {
        self.delete_sources_as(&Actor::Customer(customer), customer, sources).await
    }

    /// As [`Service::delete_sources`], for whoever acts.
    ///
    /// # Errors
    /// As [`Service::delete_sources`]; [`ServiceError::NoSuchCustomer`].
    pub async fn delete_sources_as(
        &self,
        actor: &Actor,
        customer: CustomerId,
        sources: Vec<IpAddr>,
    ) -> Result<(), ServiceError> {
        let deletion = Deletion { actor: actor.clone(), customer, sources, now: self.now() };
        self.store.write(deletion, |deletion, tx| Box::pin(delete(deletion, tx))).await
    }
}

async fn add(addition: &Addition, tx: &mut Tx) -> Result<(), ServiceError> {
    let Addition { service, actor, customer, wish, now } = addition;
    actor.may_change_unverified(tx, *customer).await?;
    let most = service.most_sources(customer_profile::lock_quotas(tx, *customer).await?)?;
    allow_list::insert(tx, *customer, &wish.sources, &wish.remark, *now).await?;
    if allow_list::count(tx, *customer).await? > u64::from(most) {
        return Err(ServiceError::TooManySources(most));
    }
    tx.announce(Changed::Customer(*customer), *now);
    let detail = listed(&wish.sources);
    audit::insert(tx, &actor.did("allow-list.add", *customer, detail, *now)).await?;
    Ok(())
}

async fn delete(deletion: &Deletion, tx: &mut Tx) -> Result<(), ServiceError> {
    let Deletion { actor, customer, sources, now } = deletion;
    actor.may_change_unverified(tx, *customer).await?;
    let deleted = allow_list::delete(tx, *customer, sources).await?;
    if let Some(missing) = sources.iter().find(|source| !deleted.contains(source)) {
        return Err(ServiceError::NoSuchSource(*missing));
    }
    tx.announce(Changed::Customer(*customer), *now);
    let detail = listed(sources);
    audit::insert(tx, &actor.did("allow-list.delete", *customer, detail, *now)).await?;
    Ok(())
}

fn listed(sources: &[IpAddr]) -> String {
    sources.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

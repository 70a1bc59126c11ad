//! The operator limits what a customer may do at once on a gateway.

use turnpike_domain::ids::CustomerId;
use turnpike_store::audit::AuditEntry;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit, customer};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

pub(crate) struct Limits {
    pub(crate) customer: CustomerId,
    pub(crate) max_tunnels: Option<u32>,
    pub(crate) max_connections_per_second: Option<u32>,
    pub(crate) audit: AuditEntry,
}

impl Service {
    /// Limits the tunnels that are open at once and the new connections a second, over all of a customer's accounts,
    /// on each gateway. `None` is no limit.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`].
    pub async fn limit_customer(
        &self,
        actor: &Actor,
        customer: CustomerId,
        max_tunnels: Option<u32>,
        max_connections_per_second: Option<u32>,
    ) -> Result<(), ServiceError> {
        let audit = actor.did("customer.limit", customer, detail(max_tunnels, max_connections_per_second), self.now());
        let limits = Limits { customer, max_tunnels, max_connections_per_second, audit };
        self.store.write(limits, |limits, tx| Box::pin(set(limits, tx))).await
    }
}

/// Both limits, for the audit.
pub(crate) fn detail(max_tunnels: Option<u32>, max_connections_per_second: Option<u32>) -> String {
    let shown = |limit: Option<u32>| limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
    let (tunnels, connections) = (shown(max_tunnels), shown(max_connections_per_second));
    format!("tunnels {tunnels}, connections per second {connections}")
}

pub(crate) async fn set(limits: &Limits, tx: &mut Tx) -> Result<(), ServiceError> {
    let Limits { customer, max_tunnels, max_connections_per_second, audit } = limits;
    if !customer::set_limits(tx, *customer, *max_tunnels, *max_connections_per_second).await? {
        return Err(ServiceError::NoSuchCustomer);
    }
    tx.announce(Changed::Customer(*customer), audit.at);
    audit::insert(tx, audit).await?;
    Ok(())
}

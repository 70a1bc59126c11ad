//! The operator says that a gateway is gone for good, and its spool file with it.

use turnpike_domain::ids::NodeId;
use turnpike_store::{audit, lease, node};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// Ends the escrow of what a gateway held: how many leases. They lapse as soon as it has been silent for validity and
    /// grace, so one that lives loses nothing. What it delivered and never reported, at most one window for each account
    /// and what was on its way, may then be delivered once more. If the spool file does come back, what it proves is booked
    /// where there is room.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchGateway`] when it was never heard of.
    pub async fn give_up_gateway(&self, actor: &Actor, gateway: NodeId) -> Result<u64, ServiceError> {
        let audit = actor.did_overall("node.give_up", gateway.to_string(), self.now());
        self.store
            .write((gateway, audit), |(gateway, audit), tx| {
                Box::pin(async move {
                    if node::boot(tx, *gateway).await?.is_none() {
                        return Err(ServiceError::NoSuchGateway);
                    }
                    let leases = lease::end_escrow(tx, *gateway).await?;
                    audit::insert(tx, audit).await?;
                    Ok(leases)
                })
            })
            .await
    }
}

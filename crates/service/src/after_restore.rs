//! The operator has put the store back to an earlier moment. What happened since then did not happen, but others
//! remember it: gateways, customers with sessions, whoever noted a number.

use turnpike_domain::time::Timestamp;
use turnpike_store::audit::{self, AuditEntry};
use turnpike_store::{Tx, restore};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

struct AfterRestore {
    actor: Actor,
    now: Timestamp,
}

impl Service {
    /// Makes the store safe to serve from: every lease is void, every gateway that runs is fenced until it is started
    /// again, the change feed begins anew far beyond any place that was ever reached, every session of a customer is
    /// ended, and no number is given a second time. Once more does no harm. Returns how many leases became void.
    ///
    /// # Errors
    /// Only the store's; nothing was done then.
    pub async fn after_restore(&self, actor: &Actor) -> Result<u64, ServiceError> {
        let act = AfterRestore { actor: actor.clone(), now: self.now() };
        self.store.write(act, |act, tx| Box::pin(make_safe(act, tx))).await
    }
}

async fn make_safe(act: &AfterRestore, tx: &mut Tx) -> Result<u64, ServiceError> {
    let voided = restore::void_leases(tx).await?;
    restore::fence_nodes(tx).await?;
    restore::renew_feed(tx).await?;
    restore::end_sessions(tx).await?;
    restore::raise_numbers(tx).await?;
    let detail = format!("{voided} leases void");
    let entry: AuditEntry = act.actor.did_overall("store.restored", detail, act.now);
    audit::insert(tx, &entry).await?;
    Ok(voided)
}

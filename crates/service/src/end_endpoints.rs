//! How endpoints end: when their time is over, and when the operator says so; and who has which now.

use turnpike_domain::endpoint::EntryName;
use turnpike_domain::ids::EndpointId;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::endpoint::details::{self, EndpointDetails, EndpointFilter};
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit, endpoint};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

/// How many endpoints one transaction ends.
const BATCH: u32 = 2_000;
/// A port is free only so long after its end: by then every gateway's clock has come to it.
const REST: Span = Span::from_secs(2);
/// How long endpoints that have ended are kept: longer than any change is.
const KEPT_FOR: Span = Span::from_days(2);

struct Ending {
    service: Service,
    actor: Actor,
    endpoints: Vec<EndpointId>,
    now: Timestamp,
}

impl Service {
    /// Frees the ports of endpoints whose time is over, and forgets those that have long ended: how many were freed.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn end_endpoints(&self) -> Result<u64, ServiceError> {
        let now = self.now();
        let mut freed = 0;
        loop {
            let ended =
                self.store.write(now, |now, tx| Box::pin(endpoint::end_expired(tx, now.minus(REST), *now, BATCH)));
            let ended = ended.await?;
            freed += ended;
            if ended < u64::from(BATCH) {
                break;
            }
        }
        let before = now.minus(KEPT_FOR);
        self.store.write(before, |before, tx| Box::pin(endpoint::trim(tx, *before))).await?;
        Ok(freed)
    }

    /// Ends endpoints before their time: those that lived. Their connections are reset.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchEndpoint`] names one that does not live; nothing is ended then.
    pub async fn end_endpoints_as(&self, actor: &Actor, endpoints: Vec<EndpointId>) -> Result<(), ServiceError> {
        let ending = Ending { service: self.clone(), actor: actor.clone(), endpoints, now: self.now() };
        self.store.write(ending, |ending, tx| Box::pin(end(ending, tx))).await
    }

    /// At most so many live endpoints after that number, by number.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn endpoints(
        &self,
        filter: &EndpointFilter,
        after: i64,
        most: u32,
    ) -> Result<Vec<EndpointDetails>, ServiceError> {
        Ok(self.store.read(async |tx| details::page(tx, filter, after, most).await).await?)
    }

    /// How many ports are given out, by entry.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn count_endpoints(&self) -> Result<Vec<(EntryName, u64)>, ServiceError> {
        Ok(self.store.read(async |tx| endpoint::count_by_entry(tx).await).await?)
    }
}

async fn end(ending: &Ending, tx: &mut Tx) -> Result<(), ServiceError> {
    let Ending { service, actor, endpoints, now } = ending;
    let batch = service.draw_batch();
    endpoint::open_batch(tx, batch, *now).await?;
    let ended = endpoint::end(tx, endpoints, batch, *now).await?;
    let lived = |id: &&EndpointId| ended.iter().any(|(other, _)| other == *id);
    if let Some(missing) = endpoints.iter().find(|id| !lived(id)) {
        return Err(ServiceError::NoSuchEndpoint(*missing));
    }
    for (id, customer) in ended {
        audit::insert(tx, &actor.did("endpoint.end", customer, id.to_string(), *now)).await?;
    }
    tx.announce(Changed::Endpoints(batch), *now);
    Ok(())
}

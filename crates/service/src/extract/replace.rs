//! Ports that a gateway could not bind, because somebody else on its host has them, are given back and others taken.

use tokio::time::Instant;
use turnpike_domain::ids::{EndpointBatchId, EndpointId};
use turnpike_store::feed::Changed;
use turnpike_store::{StoreError, Tx, endpoint};

use super::{Work, allot};
use crate::bindings::Awaited;
use crate::error::ServiceError;
use crate::service::Service;

/// How often others are taken.
const ROUNDS: usize = 4;

/// Endpoints that are given out, with their ports.
type Given = Vec<(EndpointId, u16)>;

impl Service {
    /// Waits until a gateway listens on what was given out: the ports, and others for those that it could not bind.
    ///
    /// # Errors
    /// [`ServiceError::EntryUnserved`] when none does by then; everything is given back.
    pub(super) async fn listening(
        &self,
        work: Work,
        given: Given,
        (waiting, until): (Awaited, Instant),
    ) -> Result<Vec<u16>, ServiceError> {
        let (mut waiting, mut fresh, mut good) = (waiting, given, Given::new());
        for round in 0..ROUNDS {
            let Some(bound) = waiting.bound(until).await? else {
                fresh.extend(good);
                self.give_back(&work, fresh.iter().map(|(id, _)| *id).collect()).await?;
                return Err(ServiceError::EntryUnserved);
            };
            let (failed, well): (Given, Given) = fresh.into_iter().partition(|(id, _)| bound.failed.contains(id));
            good.extend(well);
            if failed.is_empty() {
                break;
            }
            tracing::warn!(entry = %work.name, ports = failed.len(), "a gateway could not bind ports that were given out");
            let failed = failed.into_iter().map(|(id, _)| id).collect();
            if round + 1 == ROUNDS {
                self.give_back(&work, failed).await?;
                break;
            }
            waiting = self.await_batch();
            fresh = self.exchange(&work, failed, waiting.batch).await?;
            if fresh.is_empty() {
                break;
            }
        }
        if good.is_empty() {
            Err(ServiceError::NoFreePort)
        } else {
            Ok(good.into_iter().map(|(_, port)| port).collect())
        }
    }

    /// Ends endpoints.
    async fn give_back(&self, work: &Work, endpoints: Vec<EndpointId>) -> Result<(), StoreError> {
        let work = Work { batch: self.draw_batch(), ..work.clone() };
        self.store
            .write((work, endpoints), |(work, endpoints), tx| Box::pin(end(work, endpoints, work.batch, tx)))
            .await
    }

    /// Ends endpoints and gives out others, never the ports of those.
    async fn exchange(
        &self,
        work: &Work,
        failed: Vec<EndpointId>,
        batch: EndpointBatchId,
    ) -> Result<Given, ServiceError> {
        let (fresh, ended) = (Work { batch, ..work.clone() }, self.draw_batch());
        let count = u32::try_from(failed.len()).unwrap_or(u32::MAX);
        self.store
            .write((fresh, failed, ended), move |(fresh, failed, ended), tx| {
                Box::pin(async move {
                    // The others first, so that none of these comes again.
                    let given = allot(fresh, count, tx).await?;
                    end(fresh, failed, *ended, tx).await?;
                    Ok(given)
                })
            })
            .await
    }
}

async fn end(work: &Work, endpoints: &[EndpointId], batch: EndpointBatchId, tx: &mut Tx) -> Result<(), StoreError> {
    endpoint::open_batch(tx, batch, work.now).await?;
    endpoint::end(tx, endpoints, batch, work.now).await?;
    tx.announce(Changed::Endpoints(batch), work.now);
    Ok(())
}

//! What gateways say of the ports they were told to listen on: whoever gave them out waits for it.
//!
//! A batch has its number before gateways hear of it, so whoever waits is down before anybody can answer. Answers of gateways that
//! are linked to another process come by way of the store.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;
use turnpike_domain::ids::{EndpointBatchId, EndpointId, Incarnation};
use turnpike_store::endpoint::{self, Bound};
use turnpike_store::{StoreError, Tx};

use crate::error::ServiceError;
use crate::service::Service;
use crate::source::draw;

/// How often the store is asked what gateways of other processes say.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Who waits in this process for which batch.
#[derive(Debug, Default)]
pub(crate) struct Bindings(Mutex<HashMap<EndpointBatchId, oneshot::Sender<Bound>>>);

/// One who waits for a batch.
pub(crate) struct Awaited {
    service: Service,
    pub(crate) batch: EndpointBatchId,
    told: oneshot::Receiver<Bound>,
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.service.shared.bindings.0.lock().remove(&self.batch);
    }
}

impl Awaited {
    /// Waits until a gateway listens on the batch's ports, at most until a moment; `None` when none did by then.
    ///
    /// # Errors
    /// Only the store's.
    pub(crate) async fn bound(mut self, until: Instant) -> Result<Option<Bound>, ServiceError> {
        loop {
            let now = Instant::now();
            let pause = until.saturating_duration_since(now).min(LOOK_EVERY);
            if let Ok(Ok(bound)) = tokio::time::timeout(pause, &mut self.told).await {
                return Ok(Some(bound));
            }
            let batch = self.batch;
            let told = self.service.store.read(async |tx: &mut Tx| endpoint::bound(tx, batch).await);
            let told: Result<_, StoreError> = told.await;
            let told = told?;
            if told.is_some() || now >= until {
                return Ok(told);
            }
        }
    }
}

impl Service {
    /// The number of a new batch, and a place to wait for what gateways say of it.
    pub(crate) fn await_batch(&self) -> Awaited {
        let batch = self.draw_batch();
        let (teller, told) = oneshot::channel();
        self.shared.bindings.0.lock().insert(batch, teller);
        Awaited { service: self.clone(), batch, told }
    }

    /// The number of a new batch that nobody waits for.
    pub(crate) fn draw_batch(&self) -> EndpointBatchId {
        EndpointBatchId::new(i64::from_be_bytes(draw(self.random())) & i64::MAX)
    }

    /// A gateway listens on a batch's ports, but for those that it could not bind.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn note_bound(
        &self,
        node: Incarnation,
        batch: EndpointBatchId,
        failed: Vec<EndpointId>,
    ) -> Result<(), ServiceError> {
        let bound = Bound { node: node.node, failed };
        if let Some(waiting) = self.shared.bindings.0.lock().remove(&batch) {
            // Who has given up waiting has no use for it.
            waiting.send(bound).ok();
            return Ok(());
        }
        Ok(self.keep_bound(batch, bound).await?)
    }
}

//! Gateways tell which exits their sessions keep, so that a session finds its exit again on every gateway and after a restart.

use turnpike_domain::session::Pin;
use turnpike_domain::time::Span;
use turnpike_store::pin;

use crate::error::ServiceError;
use crate::service::Service;

/// How many ended pins one transaction drops.
const BATCH: u32 = 10_000;
/// For how long it is known that there was a batch: longer than any change is kept.
const BATCHES_KEPT_FOR: Span = Span::from_days(2);

impl Service {
    /// Keeps pins and tells all gateways of those that were not kept yet: how many. Of two pins for the same session the one
    /// that prevails is kept, whoever comes first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn keep_pins(&self, pins: Vec<Pin>) -> Result<u64, ServiceError> {
        Ok(self.store.write((pins, self.now()), |(pins, now), tx| Box::pin(pin::keep(tx, pins, *now))).await?)
    }

    /// Drops pins that have ended: how many.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn trim_pins(&self) -> Result<u64, ServiceError> {
        let now = self.now();
        let mut dropped = 0;
        loop {
            let batch = self.store.write(now, |now, tx| Box::pin(pin::trim(tx, *now, BATCH))).await?;
            dropped += batch;
            if batch < u64::from(BATCH) {
                break;
            }
        }
        let before = now.minus(BATCHES_KEPT_FOR);
        self.store.write(before, |before, tx| Box::pin(pin::trim_batches(tx, *before))).await?;
        Ok(dropped)
    }
}

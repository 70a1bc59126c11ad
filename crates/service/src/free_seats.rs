//! Seats of gateways that nobody hears of any more are free again.

use std::time::Duration;

use turnpike_domain::seats::SilenceWatch;
use turnpike_store::seat;

use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// A watch for [`Service::free_seats`], which has seen nothing yet.
    pub fn silence_watch(&self) -> SilenceWatch {
        SilenceWatch::new(self.lease_policy().silence())
    }

    /// Frees the seats of gateways that `watch` has seen make no round for long enough, which have stopped using them: for how
    /// many accounts. Other word of a gateway does not count: it goes by its rounds as well. `elapsed` is how long the watch has been kept, on a monotonic clock.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn free_seats(&self, watch: &mut SilenceWatch, elapsed: Duration) -> Result<u64, ServiceError> {
        let seated = self.store.read(async |tx| seat::seated(tx).await).await?;
        let mut freed = 0_u64;
        for gone in watch.look(elapsed, &seated) {
            let cleared: Result<u64, ServiceError> = self
                .store
                .write(gone, |(node, round), tx| {
                    Box::pin(async move { Ok(seat::clear_silent(tx, *node, *round).await?) })
                })
                .await;
            freed = freed.saturating_add(cleared?);
        }
        Ok(freed)
    }
}

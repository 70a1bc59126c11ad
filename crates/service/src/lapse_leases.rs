//! Leases that no gateway reports any more lapse: what they hold is free again.

use std::time::Duration;

use turnpike_domain::lapse::{LapseWatch, Marked};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::{StoreError, Tx, lease};

use crate::books::Books;
use crate::error::ServiceError;
use crate::service::Service;

/// Leases a transaction takes at most, so that no other act waits long.
const BATCH: usize = 500;
/// How long a lapsed lease is kept, for a gateway that comes back and can prove what it used.
const KEPT_FOR: Span = Span::from_days(7);

struct Lapse {
    service: Service,
    silent: Vec<Marked>,
    now: Timestamp,
}

impl Service {
    /// A watch for [`Service::lapse_leases`], which has seen nothing yet.
    pub fn lapse_watch(&self) -> LapseWatch {
        LapseWatch::new(&self.lease_policy())
    }

    /// Lapses what `watch` has seen silent for long enough, and forgets what lapsed a week ago: how many lapsed.
    /// `elapsed` is how long the watch has been kept, on a monotonic clock.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn lapse_leases(&self, watch: &mut LapseWatch, elapsed: Duration) -> Result<u64, ServiceError> {
        let open = self.store.read(async |tx| lease::open(tx).await).await?;
        let now = self.now();
        let mut lapsed = 0;
        for silent in watch.look(elapsed, now, &open).chunks(BATCH) {
            let lapse = Lapse { service: self.clone(), silent: silent.to_vec(), now };
            lapsed += self.store.write(lapse, |lapse, tx| Box::pin(lapse_some(lapse, tx))).await?;
        }
        let (before, most) = (now.minus(KEPT_FOR), u32::try_from(BATCH).unwrap_or(u32::MAX));
        let forget = async || {
            self.store.write(before, move |before, tx| Box::pin(lease::forget_lapsed(tx, *before, most))).await
        };
        while forget().await? == u64::from(most) {}
        Ok(lapsed)
    }
}

async fn lapse_some(lapse: &Lapse, tx: &mut Tx) -> Result<u64, StoreError> {
    // One that was reported since is not silent any more.
    let mut silent = lease::lock_marked(tx, &lapse.silent).await?;
    if silent.is_empty() {
        return Ok(0);
    }
    let mut books = Books::open(tx, &lapse.service, &silent, &[], lapse.now).await?;
    for lease in &mut silent {
        books.lapse(lease)?;
    }
    lease::store(tx, &silent.iter().collect::<Vec<_>>()).await?;
    books.close(tx).await?;
    Ok(u64::try_from(silent.len()).unwrap_or(u64::MAX))
}

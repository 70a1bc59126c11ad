//! Leases that no gateway settled in time lapse: what they hold is free again.

use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::{StoreError, Tx, lease};

use crate::books::Books;
use crate::error::ServiceError;
use crate::service::Service;

/// Leases a transaction takes at most, so that no other act waits long.
const BATCH: u32 = 500;
/// How long a lapsed lease is kept, for a gateway that comes back and can prove what it used.
const KEPT_FOR: Span = Span::from_days(7);

struct Lapse {
    service: Service,
    now: Timestamp,
}

impl Service {
    /// Lapses what is overdue and forgets what lapsed a week ago: how many lapsed.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn lapse_leases(&self) -> Result<u64, ServiceError> {
        let now = self.now();
        let mut lapsed = 0;
        loop {
            let lapse = Lapse { service: self.clone(), now };
            let count = self.store.write(lapse, |lapse, tx| Box::pin(lapse_some(lapse, tx))).await?;
            lapsed += count;
            if count < u64::from(BATCH) {
                break;
            }
        }
        let before = now.minus(KEPT_FOR);
        while self.store.write(before, |before, tx| Box::pin(lease::forget_lapsed(tx, *before, BATCH))).await?
            == u64::from(BATCH)
        {}
        Ok(lapsed)
    }
}

async fn lapse_some(lapse: &Lapse, tx: &mut Tx) -> Result<u64, StoreError> {
    let mut overdue = lease::lock_overdue(tx, lapse.now, BATCH).await?;
    if overdue.is_empty() {
        return Ok(0);
    }
    let mut books = Books::open(tx, lapse.service.zone(), &overdue, &[], lapse.now).await?;
    for lease in &mut overdue {
        books.lapse(lease)?;
    }
    lease::store(tx, &overdue.iter().collect::<Vec<_>>()).await?;
    books.close(tx).await?;
    Ok(u64::try_from(overdue.len()).unwrap_or(u64::MAX))
}

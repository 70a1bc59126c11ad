//! The change feed forgets what every gateway has long followed.

use turnpike_domain::time::Span;
use turnpike_store::feed;

use crate::error::ServiceError;
use crate::service::Service;

/// How long changes are kept. A gateway refuses to serve long before it has fallen so far behind.
const KEPT_FOR: Span = Span::from_days(1);
/// How many changes are kept at most.
const MOST_KEPT: i64 = 1_000_000;

impl Service {
    /// Drops old changes: how many.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn trim_feed(&self) -> Result<u64, ServiceError> {
        let before = self.now().minus(KEPT_FOR);
        Ok(self.store.write(before, |before, tx| Box::pin(feed::trim(tx, *before, MOST_KEPT))).await?)
    }
}

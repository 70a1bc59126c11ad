//! What became of customers' connections that failed: gateways tell, customers and the operator read, and it is forgotten in time.

use std::sync::atomic::Ordering;

use turnpike_domain::activity::ActivityEntry;
use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::Tx;
use turnpike_store::activity::{self, ActivityFilter};
use turnpike_store::package::Stretch;

use crate::error::ServiceError;
use crate::list_packages::Page;
use crate::service::{Service, require_customer};

/// How many old entries one transaction drops.
const BATCH: u32 = 10_000;

impl Service {
    /// Keeps what gateways tell: how many entries.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn note_activity(&self, entries: Vec<ActivityEntry>) -> Result<u64, ServiceError> {
        Ok(self.store.write(entries, |entries, tx| Box::pin(activity::insert(tx, entries))).await?)
    }

    /// A page of a customer's entries, newest first, with their numbers.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn own_activity(
        &self,
        customer: CustomerId,
        filter: &ActivityFilter,
        (page, size): (u32, u32),
    ) -> Result<Page<(i64, ActivityEntry)>, ServiceError> {
        let stretch = Stretch { most: size, skip: u64::from(page.saturating_sub(1)) * u64::from(size) };
        self.store
            .read(async |tx: &mut Tx| {
                let total = activity::count(tx, customer, filter).await?;
                let items = activity::list(tx, customer, filter, stretch).await?;
                Ok(Page { items, page, size, total })
            })
            .await
    }

    /// At most so many of a customer's entries that lie before a moment and number, newest first, with their numbers.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], or the store's.
    pub async fn activity_of(
        &self,
        customer: CustomerId,
        filter: &ActivityFilter,
        (before, most): (Option<(Timestamp, i64)>, u32),
    ) -> Result<Vec<(i64, ActivityEntry)>, ServiceError> {
        let before = before.unwrap_or((Timestamp::from_ms(i64::MAX), i64::MAX));
        self.store
            .read(async |tx: &mut Tx| {
                require_customer(tx, customer).await?;
                Ok(activity::before(tx, customer, filter, (before, most)).await?)
            })
            .await
    }

    /// Keeps entries for so long from now on.
    pub fn keep_activity_for(&self, span: Span) {
        self.shared.activity_kept_ms.store(span.ms(), Ordering::Relaxed);
    }

    /// Drops entries that were kept long enough: how many.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn trim_activity(&self) -> Result<u64, ServiceError> {
        let kept = self.shared.activity_kept_ms.load(Ordering::Relaxed);
        let before = self.now().minus(Span::from_ms(kept));
        let mut dropped = 0;
        loop {
            let batch = self.store.write(before, |before, tx| Box::pin(activity::trim(tx, *before, BATCH))).await?;
            dropped += batch;
            if batch < u64::from(BATCH) {
                return Ok(dropped);
            }
        }
    }
}

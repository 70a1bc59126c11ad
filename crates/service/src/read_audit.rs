//! The operator reads who did what.

use turnpike_store::Tx;
use turnpike_store::audit::{self, AuditEntry, AuditFilter};

use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// At most so many acts before the one of that number, newest first, with their numbers.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn page_audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<(i64, AuditEntry)>, ServiceError> {
        let before = before.unwrap_or(i64::MAX);
        Ok(self.store.read(async |tx: &mut Tx| audit::page(tx, filter, before, most).await).await?)
    }
}

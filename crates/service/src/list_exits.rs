//! Exits as the operator sees them.

use turnpike_domain::exit::ExitName;
use turnpike_domain::ids::ExitId;
use turnpike_store::Tx;
use turnpike_store::exit::{self, Exit, ExitFilter};

use crate::error::ServiceError;
use crate::service::Service;

impl Service {
    /// At most so many exits after that number, by number.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn page_exits(
        &self,
        filter: &ExitFilter,
        after: Option<ExitId>,
        most: u32,
    ) -> Result<Vec<Exit>, ServiceError> {
        let after = after.unwrap_or(ExitId::new(0));
        Ok(self.store.read(async |tx| exit::page(tx, filter, after, most).await).await?)
    }

    /// One exit.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchExit`], or the store's.
    pub async fn find_exit(&self, name: &ExitName) -> Result<Exit, ServiceError> {
        let found = self.store.read(async |tx: &mut Tx| exit::by_name(tx, name).await).await?;
        found.ok_or(ServiceError::NoSuchExit)
    }
}

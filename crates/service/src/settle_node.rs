//! A gateway starts, and tells what its spool proves of the leases it had when it stopped.

use std::collections::HashSet;

use turnpike_domain::ids::NodeId;
use turnpike_domain::lease::LeaseReport;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;
use turnpike_store::lease::{self, OpenLease};
use turnpike_store::{StoreError, Tx, node};

use crate::books::Books;
use crate::error::ServiceError;
use crate::exchange_leases::book_all;
use crate::service::Service;

struct Settlement {
    service: Service,
    node: NodeId,
    found: Vec<LeaseReport>,
    now: Timestamp,
}

impl Service {
    /// Books what the spool proves and closes all other leases of the gateway: of those nothing is billed beyond what
    /// was reported, and what they hold is free again.
    ///
    /// # Errors
    /// Only the store's; nothing was settled then.
    pub async fn settle_node(&self, node: NodeId, found: Vec<LeaseReport>) -> Result<(), ServiceError> {
        let settlement = Settlement { service: self.clone(), node, found, now: self.now() };
        Ok(self.store.write(settlement, |settlement, tx| Box::pin(settle(settlement, tx))).await?)
    }
}

async fn settle(settlement: &Settlement, tx: &mut Tx) -> Result<(), StoreError> {
    let Settlement { service, node, found, now } = settlement;
    node::touch(tx, *node, *now).await?;
    let open = lease::lock_of_node(tx, *node).await?;
    let mut books = Books::open(tx, service, &open, &[], *now).await?;
    let proven: HashSet<_> = found.iter().map(|report| report.lease).collect();
    // Nothing is proven of the rest, and nothing more will come: the highest report so far stands.
    let void = |lease: &OpenLease| LeaseReport { lease: lease.id, used: Bytes::ZERO, ceiling: Bytes::ZERO, last: true };
    let voided = open.iter().filter(|lease| !proven.contains(&lease.id)).map(void);
    let reports: Vec<_> = found.iter().cloned().chain(voided).collect();
    book_all(tx, &mut books, open, &reports).await?;
    books.close(tx).await
}

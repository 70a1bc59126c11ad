//! A gateway starts, and tells what its spool proves of the leases it had when it stopped.

use std::cmp::Ordering;
use std::collections::HashSet;

use turnpike_domain::ids::Incarnation;
use turnpike_domain::lease::LeaseReport;
use turnpike_domain::time::Timestamp;
use turnpike_store::{Tx, lease, node, seat};

use crate::books::Books;
use crate::error::ServiceError;
use crate::exchange_leases::book_all;
use crate::service::Service;

struct Settlement {
    service: Service,
    node: Incarnation,
    found: Vec<LeaseReport>,
    now: Timestamp,
}

impl Service {
    /// Books what the spool proves and closes all other leases of the gateway: of those nothing is billed beyond what
    /// was reported, and what they hold is free again, as are its seats. From then on the gateway's leases are this incarnation's. Whatever
    /// comes twice or late does nothing.
    ///
    /// # Errors
    /// [`ServiceError::Fenced`] when a later incarnation has settled, or the store's; nothing was settled then.
    pub async fn settle_node(&self, node: Incarnation, found: Vec<LeaseReport>) -> Result<(), ServiceError> {
        let settlement = Settlement { service: self.clone(), node, found, now: self.now() };
        self.store.write(settlement, |settlement, tx| Box::pin(settle(settlement, tx))).await
    }
}

async fn settle(settlement: &Settlement, tx: &mut Tx) -> Result<(), ServiceError> {
    let Settlement { service, node, found, now } = settlement;
    let before = node::touch(tx, node.node, *now).await?;
    match node.boot.cmp(&before) {
        Ordering::Less => return Err(ServiceError::Fenced),
        Ordering::Equal => return Ok(()),
        Ordering::Greater => node::begin(tx, *node).await?,
    }
    // Connections of whoever had them are gone.
    seat::clear(tx, node.node).await?;
    let open = lease::lock_of_node(tx, node.node).await?;
    let mut books = Books::open(tx, service, &open, &[], *now).await?;
    let proven: HashSet<_> = found.iter().map(|report| report.lease).collect();
    // Nothing is proven of the rest, and nothing more will come.
    let voided = open.iter().filter(|lease| !proven.contains(&lease.id)).map(|lease| LeaseReport::void(lease.id));
    let reports: Vec<_> = found.iter().cloned().chain(voided).collect();
    book_all(tx, &mut books, open, &reports).await?;
    Ok(books.close(tx).await?)
}

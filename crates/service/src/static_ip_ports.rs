//! The port of its own that each static IP is reached by: given with the address, kept while it is held, and leading to another
//! address when it is changed.

use turnpike_domain::endpoint::EntryName;
use turnpike_domain::ids::{CustomerId, EndpointBatchId, EndpointId, HoldingId};
use turnpike_domain::product::ProductType;
use turnpike_domain::time::Timestamp;
use turnpike_store::endpoint::{self, Bound, Ports, Tenancy};
use turnpike_store::feed::Changed;
use turnpike_store::{StoreError, Tx, account};

use crate::error::{ServiceError, look_again};
use crate::service::Service;

/// How many static IPs one transaction gives ports.
const BATCH: u32 = 500;

/// Whose static IPs are to get ports.
#[derive(Clone, Copy)]
pub(crate) struct Holder {
    pub(crate) customer: CustomerId,
    pub(crate) product_type: ProductType,
}

/// Gives static IPs a port each, of the default entry. When too few are free some go without: they are reached by the gateway's port,
/// with their address in the username.
pub(crate) async fn provide(
    service: &Service,
    tx: &mut Tx,
    Holder { customer, product_type }: Holder,
    holdings: &[HoldingId],
    now: Timestamp,
) -> Result<usize, ServiceError> {
    let entry = EntryName::default_entry();
    endpoint::lock_entry(tx, &entry).await?;
    let (account, is_new) = account::nameless(tx, customer, product_type, now).await.map_err(look_again)?;
    let batch = service.draw_batch();
    endpoint::open_batch(tx, batch, now).await?;
    let range = service.extraction_rules().default.ports;
    let ports = Ports { entry, range, shuffle: service.shuffle() };
    let tenancy = Tenancy { customer, account, product_type, batch, created_at: now };
    let given = endpoint::allot_to_holdings(tx, &ports, &tenancy, holdings).await.map_err(look_again)?;
    if is_new {
        tx.announce(Changed::Account(account), now);
    }
    tx.announce(Changed::Endpoints(batch), now);
    Ok(given.len())
}

/// Frees the ports of static IPs that are held no more, of one customer or of all.
pub(crate) async fn withdraw(
    tx: &mut Tx,
    customer: Option<CustomerId>,
    batch: EndpointBatchId,
    now: Timestamp,
) -> Result<(), StoreError> {
    endpoint::open_batch(tx, batch, now).await?;
    if endpoint::end_of_ended_holdings(tx, customer, batch, now).await? > 0 {
        tx.announce(Changed::Endpoints(batch), now);
    }
    Ok(())
}

/// Tells gateways that another address is behind a port.
pub(crate) async fn follow(
    tx: &mut Tx,
    customer: CustomerId,
    holding: HoldingId,
    batch: EndpointBatchId,
    now: Timestamp,
) -> Result<(), StoreError> {
    endpoint::open_batch(tx, batch, now).await?;
    if endpoint::retell(tx, customer, holding, batch).await? {
        tx.announce(Changed::Endpoints(batch), now);
    }
    Ok(())
}

/// Takes ports back that the first gateway could not bind, so that their static IPs are given others.
pub(crate) async fn take_back_unbound(
    tx: &mut Tx,
    endpoints: &[EndpointId],
    batch: EndpointBatchId,
    now: Timestamp,
) -> Result<(), StoreError> {
    endpoint::open_batch(tx, batch, now).await?;
    if endpoint::end_unbound(tx, endpoints, batch, now).await? > 0 {
        tx.announce(Changed::Endpoints(batch), now);
    }
    Ok(())
}

impl Service {
    /// Gives ports to static IPs that have none: those that were held before there were any, that went without when all were
    /// given out, or whose port nobody could listen on. How many.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn provide_static_ip_ports(&self) -> Result<usize, ServiceError> {
        let lacking = self.store.read(async |tx| endpoint::without_port(tx, BATCH).await).await;
        let lacking: Result<Vec<_>, StoreError> = lacking;
        let mut given = 0;
        for group in lacking?.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            let Some((customer, product_type, _)) = group.first().copied() else { continue };
            let holdings: Vec<_> = group.iter().map(|(.., holding)| *holding).collect();
            let work = (self.clone(), Holder { customer, product_type }, holdings, self.now());
            given += self
                .store
                .write(work, |(service, holder, holdings, now), tx| {
                    Box::pin(provide(service, tx, *holder, holdings, *now))
                })
                .await?;
        }
        Ok(given)
    }

    /// Keeps what a gateway says of a batch that nobody in this process waits for.
    pub(crate) async fn keep_bound(&self, batch: EndpointBatchId, bound: Bound) -> Result<(), StoreError> {
        let work = (batch, bound, self.draw_batch(), self.now());
        self.store
            .write(work, |(batch, bound, ended, now), tx| {
                Box::pin(async move {
                    let is_first = endpoint::note_bound(tx, *batch, bound).await?;
                    if is_first && !bound.failed.is_empty() {
                        take_back_unbound(tx, &bound.failed, *ended, *now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

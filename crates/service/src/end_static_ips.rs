//! How static IPs come back into the inventory: by a refund, and when the grace time after their expiry is over.

use turnpike_domain::ids::{CustomerId, EndpointBatchId, OrderId, StaticIpId};
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::{StoreError, Tx, holding, static_ip};

use crate::error::ServiceError;
use crate::service::Service;
use crate::static_ip_ports;

/// How many holdings one transaction ends.
const BATCH: u32 = 500;

/// Takes back what came from an order that is refunded, and tells gateways with a batch that ports are free: how many addresses.
///
/// # Errors
/// Only the store's.
pub(crate) async fn give_back(
    tx: &mut Tx,
    customer: CustomerId,
    order: OrderId,
    (now, batch): (Timestamp, EndpointBatchId),
) -> Result<usize, ServiceError> {
    let ended = holding::end_of_order(tx, customer, order, now).await?;
    if !ended.is_empty() {
        static_ip::release(tx, &ended).await?;
        static_ip_ports::withdraw(tx, Some(customer), batch, now).await?;
        tx.announce(Changed::Customer(customer), now);
    }
    Ok(ended.len())
}

impl Service {
    /// Announces static IPs that have expired, and offers those for sale again whose grace time is over: how many of
    /// these.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn end_static_ips(&self) -> Result<usize, ServiceError> {
        let now = self.now();
        let expired_by = now.minus(self.static_ip_rules().grace);
        self.store.write(now, |now, tx| Box::pin(announce(*now, tx))).await?;
        let mut ended = 0;
        loop {
            let work = ((expired_by, now), self.draw_batch());
            let batch = self.store.write(work, |(times, batch), tx| Box::pin(end(*times, *batch, tx))).await?;
            ended += batch;
            if batch == 0 {
                return Ok(ended);
            }
        }
    }
}

async fn announce(now: Timestamp, tx: &mut Tx) -> Result<(), StoreError> {
    let expired = holding::announce_expired(tx, now).await?;
    tell(tx, expired, now);
    Ok(())
}

async fn end(
    (expired_by, now): (Timestamp, Timestamp),
    batch: EndpointBatchId,
    tx: &mut Tx,
) -> Result<usize, StoreError> {
    let ended = holding::end_expired(tx, expired_by, now, BATCH).await?;
    let (customers, ips): (Vec<_>, Vec<StaticIpId>) = ended.into_iter().unzip();
    if !ips.is_empty() {
        static_ip::release(tx, &ips).await?;
        static_ip_ports::withdraw(tx, None, batch, now).await?;
    }
    tell(tx, customers, now);
    Ok(ips.len())
}

fn tell(tx: &mut Tx, mut customers: Vec<CustomerId>, now: Timestamp) {
    customers.sort_unstable();
    customers.dedup();
    for customer in customers {
        tx.announce(Changed::Customer(customer), now);
    }
}

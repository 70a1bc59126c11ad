//! A customer's static IP is changed for another of its kind: by the customer, out of the changes it bought, or by the
//! operator.

use std::net::IpAddr;

use turnpike_domain::country::CountryCode;
use turnpike_domain::ids::{CustomerId, EndpointBatchId, HoldingId, StaticIpId};
use turnpike_domain::static_ip::StaticIpState;
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::holding::{self, Held};
use turnpike_store::static_ip::{self, StaticIpDetails};
use turnpike_store::{StoreError, Tx, audit, ip_changes};

use crate::actor::Actor;
use crate::error::{ServiceError, look_again};
use crate::list_static_ips::{self, StaticIpView};
use crate::service::Service;
use crate::static_ip_inventory::details;
use crate::static_ip_ports;

/// What is to be changed, and for what.
#[derive(Clone, Copy)]
struct Swap {
    customer: CustomerId,
    holding: HoldingId,
    /// Where the other address is to be; where this one is when not given.
    country: Option<CountryCode>,
    /// With what gateways are told that another address is behind its port.
    batch: EndpointBatchId,
    now: Timestamp,
}

struct OwnChange {
    service: Service,
    swap: Swap,
}

struct Replacement {
    actor: Actor,
    ip: IpAddr,
    country: Option<CountryCode>,
    batch: EndpointBatchId,
    now: Timestamp,
}

impl Service {
    /// Changes one of the customer's static IPs for another of the same kind in the same country, which is all that
    /// `country` may name: another may cost more, or not be sold. It keeps its number and its end. The old address is for
    /// sale again; one that is in maintenance stays so, and its change is not charged.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchHolding`]; [`ServiceError::HoldingExpired`]; [`ServiceError::HeldElsewhere`];
    /// [`ServiceError::NoIpChanges`]; [`ServiceError::OutOfStockIn`]; [`ServiceError::Unverified`]; [`ServiceError::Suspended`].
    pub async fn change_static_ip(
        &self,
        customer: CustomerId,
        holding: HoldingId,
        country: Option<CountryCode>,
    ) -> Result<StaticIpView, ServiceError> {
        let swap = Swap { customer, holding, country, batch: self.draw_batch(), now: self.now() };
        let change = OwnChange { service: self.clone(), swap };
        self.store.write(change, |change, tx| Box::pin(change_own(change, tx))).await
    }

    /// How many changes the customer has left.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn ip_changes_left(&self, customer: CustomerId) -> Result<u64, ServiceError> {
        let left = self.store.read(async |tx: &mut Tx| ip_changes::left(tx, customer).await).await?;
        Ok(left.unwrap_or(0))
    }

    /// Gives whoever holds an address another one in its place, at nobody's charge. The old one is for sale again, unless
    /// it is in maintenance.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchStaticIp`]; [`ServiceError::NotHeld`]; [`ServiceError::OutOfStockIn`].
    pub async fn replace_static_ip(
        &self,
        actor: &Actor,
        ip: IpAddr,
        country: Option<CountryCode>,
    ) -> Result<StaticIpDetails, ServiceError> {
        let (batch, now) = (self.draw_batch(), self.now());
        let replacement = Replacement { actor: actor.clone(), ip, country, batch, now };
        self.store.write(replacement, |replacement, tx| Box::pin(replace(replacement, tx))).await
    }
}

async fn change_own(change: &OwnChange, tx: &mut Tx) -> Result<StaticIpView, ServiceError> {
    let OwnChange { service, swap } = change;
    let Swap { customer, holding, now, .. } = *swap;
    let actor = Actor::Customer(customer);
    actor.may_change(tx, customer).await?;
    let held = lock(tx, customer, holding).await?;
    if held.expires_at <= now {
        return Err(ServiceError::HoldingExpired);
    }
    if swap.country.is_some_and(|country| country != held.country) {
        return Err(ServiceError::HeldElsewhere(held.country));
    }
    let before = static_ip::by_id(tx, held.static_ip).await?.ok_or(ServiceError::NoSuchStaticIp)?;
    swap_ips(tx, &actor, &held, *swap).await?;
    let charged = before.state != StaticIpState::Maintenance;
    if charged && !ip_changes::take(tx, customer).await? {
        return Err(ServiceError::NoIpChanges);
    }
    list_static_ips::view(service, tx, customer, holding).await
}

async fn replace(replacement: &Replacement, tx: &mut Tx) -> Result<StaticIpDetails, ServiceError> {
    let Replacement { actor, ip, country, batch, now } = replacement;
    let found = details(tx, *ip).await?;
    let holder = found.holder.ok_or(ServiceError::NotHeld)?;
    let (customer, holding) = (holder.customer, holder.holding);
    let swap = Swap { customer, holding, country: *country, batch: *batch, now: *now };
    let held = lock(tx, swap.customer, swap.holding).await?;
    if held.static_ip != found.id {
        // The customer was quicker.
        return Err(StoreError::Contended.into());
    }
    let taken = swap_ips(tx, actor, &held, swap).await?;
    static_ip::by_id(tx, taken).await?.ok_or(ServiceError::NoSuchStaticIp)
}

async fn lock(tx: &mut Tx, customer: CustomerId, holding: HoldingId) -> Result<Held, ServiceError> {
    holding::lock_own(tx, customer, &[holding]).await?.pop().ok_or(ServiceError::NoSuchHolding(holding))
}

/// Takes another address and gives the old one back: the other's number.
async fn swap_ips(tx: &mut Tx, actor: &Actor, held: &Held, swap: Swap) -> Result<StaticIpId, ServiceError> {
    let Swap { customer, now, .. } = swap;
    let country = swap.country.unwrap_or(held.country);
    let taken = static_ip::take(tx, held.product_type, country, 1).await?.and_then(|mut taken| taken.pop());
    let taken = taken.ok_or(ServiceError::OutOfStockIn(country))?;
    if !holding::replace_ip(tx, customer, held.id, (taken, country)).await.map_err(look_again)? {
        return Err(StoreError::Contended.into());
    }
    static_ip::release(tx, &[held.static_ip]).await?;
    static_ip_ports::follow(tx, customer, held.id, swap.batch, now).await?;
    tx.announce(Changed::Customer(customer), now);
    let detail = format!("{}: {} for {}", held.id, address(tx, taken).await?, address(tx, held.static_ip).await?);
    audit::insert(tx, &actor.did("static-ip.change", customer, detail, now)).await?;
    Ok(taken)
}

async fn address(tx: &mut Tx, id: StaticIpId) -> Result<IpAddr, ServiceError> {
    Ok(static_ip::by_id(tx, id).await?.ok_or(ServiceError::NoSuchStaticIp)?.ip)
}

//! The inventory as the operator sees it, and what the operator wants of single addresses.

use std::net::IpAddr;

use turnpike_domain::ids::StaticIpId;
use turnpike_domain::static_ip::StaticIpDuty;
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::static_ip::{self, StaticIpDetails, StaticIpFilter};
use turnpike_store::{Tx, audit, holding};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

struct DutyChange {
    actor: Actor,
    ip: IpAddr,
    duty: StaticIpDuty,
    now: Timestamp,
}

impl Service {
    /// At most so many addresses after that number, by number.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn page_static_ips(
        &self,
        filter: &StaticIpFilter,
        after: Option<StaticIpId>,
        most: u32,
    ) -> Result<Vec<StaticIpDetails>, ServiceError> {
        let after = after.map_or(0, StaticIpId::get);
        Ok(self.store.read(async |tx| static_ip::page(tx, filter, after, most).await).await?)
    }

    /// One address, and who holds it.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchStaticIp`], or the store's.
    pub async fn static_ip_details(&self, ip: IpAddr) -> Result<StaticIpDetails, ServiceError> {
        self.store.read(async |tx| details(tx, ip).await).await
    }

    /// Puts an address into maintenance, withdraws it, or brings it back.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchStaticIp`]; [`ServiceError::StaticIpHeld`], when it is to be withdrawn and a customer has it.
    pub async fn set_static_ip_duty(
        &self,
        actor: &Actor,
        ip: IpAddr,
        duty: StaticIpDuty,
    ) -> Result<StaticIpDetails, ServiceError> {
        let change = DutyChange { actor: actor.clone(), ip, duty, now: self.now() };
        self.store.write(change, |change, tx| Box::pin(set(change, tx))).await
    }
}

pub(crate) async fn details(tx: &mut Tx, ip: IpAddr) -> Result<StaticIpDetails, ServiceError> {
    let id = static_ip::by_ip(tx, ip).await?.ok_or(ServiceError::NoSuchStaticIp)?;
    static_ip::by_id(tx, id).await?.ok_or(ServiceError::NoSuchStaticIp)
}

async fn set(change: &DutyChange, tx: &mut Tx) -> Result<StaticIpDetails, ServiceError> {
    let DutyChange { actor, ip, duty, now } = change;
    let id = static_ip::by_ip(tx, *ip).await?.ok_or(ServiceError::NoSuchStaticIp)?;
    let before = static_ip::lock(tx, id).await?.ok_or(ServiceError::NoSuchStaticIp)?;
    // Looked for only now that nobody else gives or takes the address.
    let holder = holding::holder(tx, id).await?;
    let after = duty.state(holder.is_some()).ok_or(ServiceError::StaticIpHeld)?;
    static_ip::set_state(tx, id, after).await?;
    let detail = format!("{ip}: {} to {}", before.word(), after.word());
    let did = match holder {
        Some(holder) => {
            tx.announce(Changed::Customer(holder), *now);
            actor.did("static-ip.state", holder, detail, *now)
        }
        None => actor.did_overall("static-ip.state", detail, *now),
    };
    audit::insert(tx, &did).await?;
    static_ip::by_id(tx, id).await?.ok_or(ServiceError::NoSuchStaticIp)
}

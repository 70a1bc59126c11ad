//! The operator says which exit a static IP is behind.

use std::net::IpAddr;

use turnpike_domain::exit::ExitName;
use turnpike_domain::time::Timestamp;
use turnpike_store::feed::Changed;
use turnpike_store::static_ip::{self, StaticIpDetails};
use turnpike_store::{Tx, audit, exit, holding};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

struct Putting {
    actor: Actor,
    ip: IpAddr,
    exit: Option<ExitName>,
    now: Timestamp,
}

impl Service {
    /// Puts an address behind an exit, by which its holder's traffic leaves then, or says with `None` that it is an address of the
    /// gateways' own hosts.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchStaticIp`], [`ServiceError::NoSuchExit`].
    pub async fn put_static_ip_behind(
        &self,
        actor: &Actor,
        ip: IpAddr,
        exit: Option<ExitName>,
    ) -> Result<StaticIpDetails, ServiceError> {
        let putting = Putting { actor: actor.clone(), ip, exit, now: self.now() };
        self.store.write(putting, |putting, tx| Box::pin(put(putting, tx))).await
    }
}

async fn put(putting: &Putting, tx: &mut Tx) -> Result<StaticIpDetails, ServiceError> {
    let Putting { actor, ip, exit: name, now } = putting;
    // The exit is locked first, as whoever removes it does.
    let exit = match name {
        Some(name) => {
            let found = exit::lock(tx, std::slice::from_ref(name)).await?.pop();
            Some(found.ok_or(ServiceError::NoSuchExit)?.id)
        }
        None => None,
    };
    let id = static_ip::by_ip(tx, *ip).await?.ok_or(ServiceError::NoSuchStaticIp)?;
    static_ip::lock(tx, id).await?.ok_or(ServiceError::NoSuchStaticIp)?;
    static_ip::set_exit(tx, id, exit).await?;
    let behind = name.as_ref().map_or("none", ExitName::as_str);
    let detail = format!("{ip}: {behind}");
    let did = match holding::holder(tx, id).await? {
        Some(holder) => {
            tx.announce(Changed::Customer(holder), *now);
            actor.did("static-ip.exit", holder, detail, *now)
        }
        None => actor.did_overall("static-ip.exit", detail, *now),
    };
    audit::insert(tx, &did).await?;
    static_ip::by_id(tx, id).await?.ok_or(ServiceError::NoSuchStaticIp)
}

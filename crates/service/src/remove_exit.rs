//! The operator gives an exit up.

use turnpike_domain::exit::ExitName;
use turnpike_domain::time::Timestamp;
use turnpike_store::exit::{self, Exit};
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;

struct Removal {
    actor: Actor,
    name: ExitName,
    now: Timestamp,
}

impl Service {
    /// Removes an exit: its connections are ended, its sessions move to other exits of their place. What it was.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchExit`]; [`ServiceError::ExitHasStaticIps`], while static IPs are behind it.
    pub async fn remove_exit(&self, actor: &Actor, name: ExitName) -> Result<Exit, ServiceError> {
        let removal = Removal { actor: actor.clone(), name, now: self.now() };
        self.store.write(removal, |removal, tx| Box::pin(remove(removal, tx))).await
    }
}

async fn remove(removal: &Removal, tx: &mut Tx) -> Result<Exit, ServiceError> {
    let Removal { actor, name, now } = removal;
    let gone = exit::lock(tx, std::slice::from_ref(name)).await?.pop().ok_or(ServiceError::NoSuchExit)?;
    match exit::static_ips(tx, gone.id).await? {
        0 => {}
        count => return Err(ServiceError::ExitHasStaticIps(count)),
    }
    exit::delete(tx, gone.id).await?;
    tx.announce(Changed::Exit(gone.id), *now);
    let detail = format!("{name}: {}", gone.terms.route);
    audit::insert(tx, &actor.did_overall("exit.remove", detail, *now)).await?;
    Ok(gone)
}

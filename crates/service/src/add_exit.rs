//! The operator declares an exit.

use turnpike_domain::exit::{ExitName, ExitTerms};
use turnpike_domain::time::Timestamp;
use turnpike_store::exit::{self, Exit, WrittenExit};
use turnpike_store::feed::Changed;
use turnpike_store::{StoreError, Tx, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::exit_places::completed;
use crate::service::Service;

struct Adding {
    actor: Actor,
    exit: WrittenExit,
    now: Timestamp,
}

impl Service {
    /// Adds an exit. From the first one on, traffic leaves by exits that were added and by nothing else.
    ///
    /// # Errors
    /// [`ServiceError::Exit`], [`ServiceError::ExitNameTaken`].
    pub async fn add_exit(&self, actor: &Actor, name: ExitName, terms: ExitTerms) -> Result<Exit, ServiceError> {
        let exit = self.written_exit(name, completed(terms)?)?;
        let adding = Adding { actor: actor.clone(), exit, now: self.now() };
        self.store.write(adding, |adding, tx| Box::pin(add(adding, tx))).await
    }
}

async fn add(adding: &Adding, tx: &mut Tx) -> Result<Exit, ServiceError> {
    let Adding { actor, exit, now } = adding;
    let added = match exit::insert(tx, std::slice::from_ref(exit), *now).await {
        Err(StoreError::Conflict) => return Err(ServiceError::ExitNameTaken(exit.name.clone())),
        added => added?,
    };
    for id in added {
        tx.announce(Changed::Exit(id), *now);
    }
    let detail = format!("{}: {}", exit.name, exit.terms.route);
    audit::insert(tx, &actor.did_overall("exit.add", detail, *now)).await?;
    exit::by_name(tx, &exit.name).await?.ok_or(ServiceError::NoSuchExit)
}

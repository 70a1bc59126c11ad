//! The operator ends open connections: the order goes to the gateways as a question does.

use turnpike_domain::account::Username;
use turnpike_domain::connection::ConnectionId;
use turnpike_domain::ids::{CustomerId, NodeId, QuestionId};
use turnpike_domain::question::Ask;
use turnpike_domain::time::Timestamp;
use turnpike_store::account::details;
use turnpike_store::feed::Changed;
use turnpike_store::{Tx, audit, question};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::{Service, require_customer};

/// What is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kick {
    /// One connection of a gateway.
    Connection(NodeId, ConnectionId),
    /// Every connection of a customer's account.
    Account(CustomerId, Username),
}

struct Order {
    actor: Actor,
    kick: Kick,
    now: Timestamp,
}

impl Service {
    /// Orders connections to be ended, with an audit row. Gateways answer how many they ended:
    /// [`Service::await_answers`], and [`Service::note_kicked`] keeps it.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], [`ServiceError::NotFound`], or the store's.
    pub async fn kick(&self, actor: &Actor, kick: Kick) -> Result<QuestionId, ServiceError> {
        let order = Order { actor: actor.clone(), kick, now: self.now() };
        self.store.write(order, |order, tx| Box::pin(write(order, tx))).await
    }

    /// Keeps in the audit log how many connections an order ended; `None` when no gateway said so in time.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn note_kicked(&self, actor: &Actor, kick: Kick, ended: Option<u32>) -> Result<(), ServiceError> {
        let told = match ended {
            Some(0) => "nothing was open".to_owned(),
            Some(count) => format!("{count} ended"),
            None => "no gateway has answered".to_owned(),
        };
        let now = self.now();
        let row = match kick {
            Kick::Connection(..) => actor.did_overall("connection.kicked", format!("{}: {told}", subject(&kick)), now),
            Kick::Account(customer, _) => {
                actor.did("account.kicked", customer, format!("{}: {told}", subject(&kick)), now)
            }
        };
        Ok(self.store.write(row, |row, tx| Box::pin(audit::insert(tx, row))).await?)
    }
}

/// What is to end, in words.
fn subject(kick: &Kick) -> String {
    match kick {
        Kick::Connection(node, connection) => format!("connection {connection} of gateway {node}"),
        Kick::Account(_, username) => username.to_string(),
    }
}

async fn write(order: &Order, tx: &mut Tx) -> Result<QuestionId, ServiceError> {
    let Order { actor, kick, now } = order;
    let (ask, audit) = match kick {
        Kick::Connection(node, connection) => {
            let audit = actor.did_overall("connection.kick", subject(kick), *now);
            (Ask::Kick { node: *node, connection: *connection }, audit)
        }
        Kick::Account(customer, username) => {
            require_customer(tx, *customer).await?;
            let found = details::by_name(tx, *customer, username).await?;
            let account = found.ok_or(ServiceError::NotFound(*username))?.id;
            (Ask::KickAccount(account), actor.did("account.kick", *customer, subject(kick), *now))
        }
    };
    let id = question::insert(tx, &ask, *now).await?;
    tx.announce(Changed::Question(id), *now);
    audit::insert(tx, &audit).await?;
    Ok(id)
}

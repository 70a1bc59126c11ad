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
    /// [`Service::await_answers`].
    ///
    /// # Errors
    /// [`ServiceError::NoSuchCustomer`], [`ServiceError::NotFound`], or the store's.
    pub async fn kick(&self, actor: &Actor, kick: Kick) -> Result<QuestionId, ServiceError> {
        let order = Order { actor: actor.clone(), kick, now: self.now() };
        self.store.write(order, |order, tx| Box::pin(write(order, tx))).await
    }
}

async fn write(order: &Order, tx: &mut Tx) -> Result<QuestionId, ServiceError> {
    let Order { actor, kick, now } = order;
    let (ask, audit) = match kick {
        Kick::Connection(node, connection) => {
            let detail = format!("connection {connection} of gateway {node}");
            (Ask::Kick { node: *node, connection: *connection }, actor.did_overall("connection.kick", detail, *now))
        }
        Kick::Account(customer, username) => {
            require_customer(tx, *customer).await?;
            let found = details::by_name(tx, *customer, username).await?;
            let account = found.ok_or(ServiceError::NotFound(*username))?.id;
            (Ask::KickAccount(account), actor.did("account.kick", *customer, username.to_string(), *now))
        }
    };
    let id = question::insert(tx, &ask, *now).await?;
    tx.announce(Changed::Question(id), *now);
    audit::insert(tx, &audit).await?;
    Ok(id)
}

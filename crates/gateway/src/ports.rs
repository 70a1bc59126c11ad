//! What the gateway needs from outside: who may, and how many bytes. The binary plugs the service in; tests plug in
//! their own.

use futures_util::future::BoxFuture;
use turnpike_domain::directory::{Changes, Snapshot};
use turnpike_domain::ids::{AccountId, FeedSeq, NodeId};
use turnpike_domain::lease::{LeaseGrant, LeaseReport};

/// Who may use the gateway.
pub trait Admission: Send + Sync + 'static {
    /// Everything, as of now.
    fn snapshot(&self) -> BoxFuture<'_, Result<Snapshot, PortError>>;

    /// What changed after a place in the feed.
    fn changes(&self, after: Option<FeedSeq>) -> BoxFuture<'_, Result<Changes, PortError>>;

    /// Resolves when there may be news after a place in the feed. It may miss some: the follower also asks by itself.
    fn news(&self, after: Option<FeedSeq>) -> BoxFuture<'_, ()>;
}

/// How many bytes may be relayed.
pub trait Leases: Send + Sync + 'static {
    /// Books what a process of this node left behind when it died, and voids all other leases of the node.
    fn settle(&self, node: NodeId, found: Vec<LeaseReport>) -> BoxFuture<'_, Result<(), PortError>>;

    /// Books the reports, then answers the requests, in one transaction. Reports are absolute, so sending an exchange
    /// again after an error does no harm.
    fn exchange(&self, node: NodeId, exchange: Exchange) -> BoxFuture<'_, Result<Vec<LeaseGrant>, PortError>>;
}

/// One round between gateway and store.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// What was used of leases. Booked first.
    pub reports: Vec<LeaseReport>,
    /// Accounts that need a lease, each at most once.
    pub requests: Vec<AccountId>,
}

/// The other side of a port could not be reached or failed; what it says is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PortError(pub String);

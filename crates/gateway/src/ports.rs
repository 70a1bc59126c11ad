//! What the gateway needs from outside: who may, and how many bytes. The binary plugs the service in; tests plug in
//! their own.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use turnpike_domain::activity::ActivityEntry;
use turnpike_domain::directory::{Changes, SnapshotPart};
use turnpike_domain::ids::{EndpointBatchId, EndpointId, FeedSeq, Incarnation, QuestionId};
pub use turnpike_domain::lease::Exchange;
use turnpike_domain::lease::{LeaseGrant, LeaseReport};
use turnpike_domain::question::Answer;
use turnpike_domain::seats::{SeatGrant, SeatRound};
use turnpike_domain::secret::MacKey;
use turnpike_domain::session::Pin;
use turnpike_domain::time::Timestamp;

/// What the wall clock says.
pub type Clock = fn() -> Timestamp;

/// Where a gateway learns who may connect and gets its traffic, and the key that passwords are compared with.
#[derive(Clone)]
pub struct Supply {
    /// Who may.
    pub admission: Arc<dyn Admission>,
    /// How many bytes.
    pub leases: Arc<dyn Leases>,
    /// The key.
    pub passwords: MacKey,
    /// The wall clock, which sessions of all gateways end by.
    pub clock: Clock,
}

/// Who may use the gateway.
pub trait Admission: Send + Sync + 'static {
    /// Everything, in parts, as of the place in the feed that the first part tells; what changed after it is told again. It
    /// is whole when the stream ends without an error.
    fn snapshot(&self) -> BoxStream<'_, Result<SnapshotPart, PortError>>;

    /// What changed after a place in the feed. Whoever asks says that everything up to that place is in force with it.
    fn changes(&self, node: Incarnation, after: Option<FeedSeq>) -> BoxFuture<'_, Result<Changes, PortError>>;

    /// Resolves when there may be news after a place in the feed. It may miss some: the follower also asks by itself.
    fn news(&self, after: Option<FeedSeq>) -> BoxFuture<'_, ()>;

    /// What this gateway answers to a question that came with the changes.
    fn answer(&self, node: Incarnation, question: QuestionId, answer: Answer) -> BoxFuture<'_, Result<(), PortError>>;

    /// Keeps which sessions were given which exit, so that the other gateways and the next process know.
    fn pin(&self, node: Incarnation, pins: Vec<Pin>) -> BoxFuture<'_, Result<(), PortError>>;

    /// This gateway listens on the ports of a batch of endpoints, but for those that it could not bind.
    fn bound(
        &self,
        node: Incarnation,
        batch: EndpointBatchId,
        failed: Vec<EndpointId>,
    ) -> BoxFuture<'_, Result<(), PortError>>;

    /// Keeps what became of customers' connections. A batch that is told again after its answer was lost is kept twice.
    fn note_activity(&self, node: Incarnation, entries: Vec<ActivityEntry>) -> BoxFuture<'_, Result<(), PortError>>;

    /// This gateway has drained and settled everything: nobody has to wait for it any more.
    fn leave(&self, node: Incarnation) -> BoxFuture<'_, Result<(), PortError>>;
}

/// How many bytes may be relayed, and over how many connections.
pub trait Leases: Send + Sync + 'static {
    /// Books what processes of this node left behind when they died, and voids all other leases of the node; from then on
    /// the node's leases are this incarnation's. One that comes twice or late does nothing.
    fn settle(&self, node: Incarnation, found: Vec<LeaseReport>) -> BoxFuture<'_, Result<(), PortError>>;

    /// Books the reports, then answers the requests, in one transaction. One that comes twice, or after a later one, fails.
    fn exchange(&self, node: Incarnation, exchange: Exchange) -> BoxFuture<'_, Result<Vec<LeaseGrant>, PortError>>;

    /// Shares out how many connections accounts of time plans may have open. One that comes twice, or after a later one,
    /// fails.
    fn seats(&self, node: Incarnation, round: SeatRound) -> BoxFuture<'_, Result<Vec<SeatGrant>, PortError>>;
}

/// Why a port gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// The other side could not be reached or failed, or its answer was lost; what it says is for the log.
    #[error("{0}")]
    Unreachable(String),
    /// This process may not carry anything any more.
    #[error("{0}")]
    Fenced(Fence),
}

/// Why a gateway may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fence {
    /// The node's leases belong to another opening of its spool file.
    #[error("another process serves from this gateway's spool file, or the file is an old copy")]
    Overtaken,
    /// The credential is void.
    #[error("this machine's credential was revoked")]
    Revoked,
    /// Another credential has used the spool file first.
    #[error("this gateway's spool file was used with another machine's credential")]
    NotOurs,
}

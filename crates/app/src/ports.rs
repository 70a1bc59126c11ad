//! The service acts behind the gateway's two ports.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use turnpike_domain::activity::ActivityEntry;
use turnpike_domain::directory::{Changes, SnapshotPart};
use turnpike_domain::ids::{EndpointBatchId, EndpointId, FeedSeq, Incarnation, QuestionId};
use turnpike_domain::lease::{LeaseGrant, LeaseReport};
use turnpike_domain::question::Answer;
use turnpike_domain::seats::{SeatGrant, SeatRound};
use turnpike_domain::session::Pin;
use turnpike_gateway::ports::{Admission, Exchange, Fence, Leases, PortError};
use turnpike_service::{Service, ServiceError};

/// A gateway in the same process as the store.
#[derive(Clone)]
pub(crate) struct InProcess(pub(crate) Service);

impl Admission for InProcess {
    fn snapshot(&self) -> BoxStream<'_, Result<SnapshotPart, PortError>> {
        self.0.directory_parts().map(told).boxed()
    }

    fn changes(&self, node: Incarnation, after: Option<FeedSeq>) -> BoxFuture<'_, Result<Changes, PortError>> {
        self.0.note_applied(node, after);
        self.0.directory_changes(after).map(told).boxed()
    }

    fn news(&self, after: Option<FeedSeq>) -> BoxFuture<'_, ()> {
        self.0.wait_for_news(after).boxed()
    }

    fn answer(&self, node: Incarnation, question: QuestionId, answer: Answer) -> BoxFuture<'_, Result<(), PortError>> {
        self.0.answer_question(node, question, answer).map(told).boxed()
    }

    fn pin(&self, _: Incarnation, pins: Vec<Pin>) -> BoxFuture<'_, Result<(), PortError>> {
        self.0.keep_pins(pins).map(|kept| told(kept.map(drop))).boxed()
    }

    fn bound(
        &self,
        node: Incarnation,
        batch: EndpointBatchId,
        failed: Vec<EndpointId>,
    ) -> BoxFuture<'_, Result<(), PortError>> {
        self.0.note_bound(node, batch, failed).map(told).boxed()
    }

    fn note_activity(&self, _: Incarnation, entries: Vec<ActivityEntry>) -> BoxFuture<'_, Result<(), PortError>> {
        self.0.note_activity(entries).map(|kept| told(kept.map(drop))).boxed()
    }

    fn leave(&self, node: Incarnation) -> BoxFuture<'_, Result<(), PortError>> {
        self.0.leave_node(node).map(told).boxed()
    }
}

impl Leases for InProcess {
    fn settle(&self, node: Incarnation, found: Vec<LeaseReport>) -> BoxFuture<'_, Result<(), PortError>> {
        self.0.settle_node(node, found).map(told).boxed()
    }

    fn exchange(&self, node: Incarnation, exchange: Exchange) -> BoxFuture<'_, Result<Vec<LeaseGrant>, PortError>> {
        self.0.exchange_leases_beside(node, exchange).map(told).boxed()
    }

    fn seats(&self, node: Incarnation, round: SeatRound) -> BoxFuture<'_, Result<Vec<SeatGrant>, PortError>> {
        self.0.seat_accounts(node, round).map(told).boxed()
    }
}

fn told<T>(outcome: Result<T, ServiceError>) -> Result<T, PortError> {
    outcome.map_err(|error| match error {
        ServiceError::Fenced => PortError::Fenced(Fence::Overtaken),
        error => PortError::Unreachable(error.to_string()),
    })
}

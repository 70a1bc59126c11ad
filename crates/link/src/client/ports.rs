//! The gateway's two ports.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use turnpike_domain::activity::ActivityEntry;
use turnpike_domain::directory::{Changes, SnapshotPart};
use turnpike_domain::ids::{EndpointBatchId, EndpointId, FeedSeq, Incarnation, QuestionId};
use turnpike_domain::lease::{Exchange, LeaseGrant, LeaseReport};
use turnpike_domain::question::Answer;
use turnpike_domain::seats::{SeatGrant, SeatRound};
use turnpike_domain::session::Pin;
use turnpike_gateway::ports::{Admission, Fence, Leases, PortError};

use super::calls::Failure;
use super::{Link, lines};
use crate::wire::{Activity, Bound, ChangesAnswer, Pins, Place, Refusal, Reply, Round, Seating, Settlement, Why, path};

impl Admission for Link {
    fn snapshot(&self) -> BoxStream<'_, Result<SnapshotPart, PortError>> {
        lines::snapshot(&self.calls).map_err(PortError::from).boxed()
    }

    fn changes(&self, node: Incarnation, after: Option<FeedSeq>) -> BoxFuture<'_, Result<Changes, PortError>> {
        async move {
            let answer: ChangesAnswer = self.calls.post(path::CHANGES, &Place { node, after }).await?;
            Changes::try_from(answer).map_err(|error| PortError::Unreachable(error.to_string()))
        }
        .boxed()
    }

    fn news(&self, after: Option<FeedSeq>) -> BoxFuture<'_, ()> {
        self.newest.other_than(after).boxed()
    }

    fn answer(&self, node: Incarnation, question: QuestionId, answer: Answer) -> BoxFuture<'_, Result<(), PortError>> {
        async move { Ok(self.calls.post(path::ANSWER, &Reply { node, question, answer }).await?) }.boxed()
    }

    fn pin(&self, node: Incarnation, pins: Vec<Pin>) -> BoxFuture<'_, Result<(), PortError>> {
        async move { Ok(self.calls.post(path::PINS, &Pins { node, pins }).await?) }.boxed()
    }

    fn bound(
        &self,
        node: Incarnation,
        batch: EndpointBatchId,
        failed: Vec<EndpointId>,
    ) -> BoxFuture<'_, Result<(), PortError>> {
        async move { Ok(self.calls.post(path::BOUND, &Bound { node, batch, failed }).await?) }.boxed()
    }

    fn note_activity(&self, node: Incarnation, entries: Vec<ActivityEntry>) -> BoxFuture<'_, Result<(), PortError>> {
        async move { Ok(self.calls.post_once(path::ACTIVITY, &Activity { node, entries }).await?) }.boxed()
    }

    fn leave(&self, node: Incarnation) -> BoxFuture<'_, Result<(), PortError>> {
        async move { Ok(self.calls.post(path::LEAVE, &node).await?) }.boxed()
    }
}

impl Leases for Link {
    fn settle(&self, node: Incarnation, found: Vec<LeaseReport>) -> BoxFuture<'_, Result<(), PortError>> {
        async move { Ok(self.calls.post(path::SETTLE, &Settlement { node, found }).await?) }.boxed()
    }

    fn exchange(&self, node: Incarnation, exchange: Exchange) -> BoxFuture<'_, Result<Vec<LeaseGrant>, PortError>> {
        async move { Ok(self.calls.post_once(path::EXCHANGE, &Round { node, exchange }).await?) }.boxed()
    }

    fn seats(&self, node: Incarnation, round: SeatRound) -> BoxFuture<'_, Result<Vec<SeatGrant>, PortError>> {
        async move { Ok(self.calls.post_once(path::SEATS, &Seating { node, round }).await?) }.boxed()
    }
}

impl From<Failure> for PortError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(Refusal { why: Why::Fenced, .. }) => Self::Fenced(Fence::Overtaken),
            Failure::Refused(Refusal { why: Why::Revoked, .. }) => Self::Fenced(Fence::Revoked),
            Failure::Refused(Refusal { why: Why::NotYours, .. }) => Self::Fenced(Fence::NotOurs),
            failure => Self::Unreachable(failure.to_string()),
        }
    }
}

//! Up to which place of the feed every change is in force, by gateway. A gateway that asks for what comes after a place
//! says so; this process remembers it at once and keeps it in the store for others from time to time.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use turnpike_domain::ids::{FeedSeq, Incarnation, NodeId};
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::{Tx, node_state};

use crate::error::ServiceError;
use crate::service::Service;

/// A gateway that applies nothing new is noted as often as this, so that it counts as living.
const NOTED_EVERY: Span = Span::from_secs(10);
/// How often this is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What this process has heard of gateways.
#[derive(Default)]
pub(crate) struct Places {
    heard: Mutex<HashMap<NodeId, Place>>,
    moved: Notify,
}

#[derive(Clone, Copy)]
struct Place {
    boot: u64,
    applied: Option<FeedSeq>,
    /// When it was heard of last.
    heard_at: Timestamp,
    /// What the store was told last, and when.
    kept: Option<(Option<FeedSeq>, Timestamp)>,
}

impl Places {
    /// How far a gateway is, as far as this process has heard.
    pub(crate) fn of(&self, node: NodeId) -> Option<FeedSeq> {
        self.heard.lock().get(&node).and_then(|place| place.applied)
    }

    /// Resolves when some gateway has got on, or after `most`.
    pub(crate) async fn movement(&self, most: Duration) {
        // Nothing is lost when it comes too late: the caller looks again.
        drop(tokio::time::timeout(most, self.moved.notified()).await);
    }

    /// Resolves when the store has something to be told.
    async fn news(&self, now: impl Fn() -> Timestamp) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // Before looking, so that what moves meanwhile is not missed.
            moved.as_mut().enable();
            if !self.unkept(now()).is_empty() {
                return;
            }
            drop(tokio::time::timeout(LOOK_EVERY, moved).await);
        }
    }

    fn note(&self, node: Incarnation, applied: Option<FeedSeq>, now: Timestamp) {
        let mut heard = self.heard.lock();
        let fresh = Place { boot: node.boot, applied: None, heard_at: now, kept: None };
        let place = heard.entry(node.node).or_insert(fresh);
        if node.boot > place.boot {
            *place = fresh;
        }
        if node.boot == place.boot && applied >= place.applied {
            (place.applied, place.heard_at) = (applied, now);
            drop(heard);
            self.moved.notify_waiters();
        }
    }

    fn forget(&self, node: NodeId) {
        self.heard.lock().remove(&node);
    }

    /// What the store has yet to be told.
    fn unkept(&self, now: Timestamp) -> Vec<(NodeId, Option<FeedSeq>, u64)> {
        let is_news = |place: &Place| match place.kept {
            // One that is silent must not be kept alive by being written down.
            Some((applied, at)) => applied != place.applied || (place.heard_at > at && now.since(at) >= NOTED_EVERY),
            None => true,
        };
        let heard = self.heard.lock();
        let news = heard.iter().filter(|(_, place)| is_news(place));
        news.map(|(node, place)| (*node, place.applied, place.boot)).collect()
    }

    fn mark_kept(&self, told: &[(NodeId, Option<FeedSeq>, u64)], now: Timestamp) {
        let mut heard = self.heard.lock();
        for (node, applied, boot) in told {
            if let Some(place) = heard.get_mut(node).filter(|place| place.boot == *boot) {
                place.kept = Some((*applied, now));
            }
        }
    }
}

impl Service {
    /// A gateway has put everything in force up to and including `applied`.
    pub fn note_applied(&self, node: Incarnation, applied: Option<FeedSeq>) {
        self.shared.places.note(node, applied, self.now());
    }

    /// Keeps the store told, for ever: what is noted is written at most `pace` later, together.
    pub async fn tell_places(&self, pace: Duration) {
        loop {
            self.shared.places.news(|| self.now()).await;
            tokio::time::sleep(pace).await;
            if let Err(error) = self.keep_places().await {
                tracing::debug!(%error, "the store was not told how far gateways are");
            }
        }
    }

    /// Tells the store what was noted since it was told last; does nothing when there is no news.
    ///
    /// # Errors
    /// Only the store's; it is told again then.
    pub async fn keep_places(&self) -> Result<(), ServiceError> {
        let now = self.now();
        let news = self.shared.places.unkept(now);
        if news.is_empty() {
            return Ok(());
        }
        let told = news.clone();
        self.store.write(news, move |news, tx: &mut Tx| Box::pin(node_state::advance(tx, news, now))).await?;
        self.shared.places.mark_kept(&told, now);
        Ok(())
    }

    /// A gateway has drained and settled everything; receipts do not wait for it any more.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn leave_node(&self, node: Incarnation) -> Result<(), ServiceError> {
        self.shared.places.forget(node.node);
        let now = self.now();
        Ok(self.store.write(node, move |node, tx| Box::pin(node_state::leave(tx, *node, now))).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_is_silent_is_written_down_once_and_no_more() {
        let (places, node) = (Places::default(), Incarnation { node: NodeId::new(1), boot: 1 });
        let at = |secs| Timestamp::from_ms(0).plus(Span::from_secs(secs));
        places.note(node, None, at(0));
        let told = places.unkept(at(0));
        assert_eq!(told.len(), 1);
        places.mark_kept(&told, at(0));
        assert!(places.unkept(at(60)).is_empty(), "nothing was heard of it");
        places.note(node, None, at(61));
        assert_eq!(places.unkept(at(61)), told, "it lives");
    }
}

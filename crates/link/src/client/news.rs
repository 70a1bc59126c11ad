//! Word of new changes: one long poll after another, whoever waits for them.

use std::time::Duration;

use tokio::sync::watch;
use turnpike_domain::back_off::BackOff;
use turnpike_domain::ids::FeedSeq;

use super::calls::Calls;
use crate::wire::{News, NewsWish, path};

/// How long an API process lets us wait at most, with some room.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait when none answers: at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(1));

/// The newest change that was heard of.
#[derive(Debug)]
pub(super) struct Newest(watch::Sender<Option<FeedSeq>>);

impl Default for Newest {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Newest {
    /// Asks for ever. Those with different seeds try again at different moments.
    pub(super) async fn follow(&self, calls: &Calls, seed: u64) {
        let mut back_off = BackOff::new(BACK_OFF.0, BACK_OFF.1, seed);
        loop {
            let after = *self.0.borrow();
            match calls.post_and_wait::<_, News>(path::NEWS, &NewsWish { after }, PATIENCE).await {
                // An older place than before is that of a store that was restored: it is news too.
                Ok(News { newest }) => {
                    back_off.reset();
                    self.0.send_if_modified(|known| std::mem::replace(known, newest) != newest);
                }
                // The follower says what is wrong.
                Err(_) => tokio::time::sleep(back_off.pause()).await,
            }
        }
    }

    /// Waits until another place than `seen` is known.
    pub(super) async fn other_than(&self, seen: Option<FeedSeq>) {
        // The sender is ours, so it cannot be gone.
        drop(self.0.subscribe().wait_for(|newest| newest.is_some() && *newest != seen).await);
    }
}

//! How full the gateway is, over all its threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The least time between two complaints about a lack of descriptors or memory.
const COMPLAIN_EVERY: Duration = Duration::from_secs(1);

/// What all threads count together.
#[derive(Debug, Default)]
pub(crate) struct Occupancy {
    open: AtomicUsize,
    complained_at: Mutex<Option<Instant>>,
}

impl Occupancy {
    /// A place for one connection; `None` when the operator's limit is reached.
    pub(crate) fn take_place(self: &Arc<Self>, limit: Option<usize>) -> Option<Place> {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(self));
        (before < limit.unwrap_or(usize::MAX)).then_some(place)
    }

    /// Whether the last complaint is long enough ago for another.
    pub(crate) fn may_complain(&self) -> bool {
        let now = Instant::now();
        let mut last = self.complained_at.lock();
        let due = last.is_none_or(|last| now.saturating_duration_since(last) >= COMPLAIN_EVERY);
        if due {
            *last = Some(now);
        }
        due
    }
}

/// One connection's place. Dropping it makes room.
#[derive(Debug)]
pub(crate) struct Place(Arc<Occupancy>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_until_a_place_is_free_again() {
        let occupancy = Arc::new(Occupancy::default());
        let first = occupancy.take_place(Some(1)).unwrap();
        assert!(occupancy.take_place(Some(1)).is_none());
        drop(first);
        assert!(occupancy.take_place(Some(1)).is_some());
        assert!(occupancy.take_place(None).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn complaints_come_once_a_second() {
        let occupancy = Occupancy::default();
        assert!(occupancy.may_complain());
        assert!(!occupancy.may_complain());
        tokio::time::advance(COMPLAIN_EVERY).await;
        assert!(occupancy.may_complain());
    }
}

//! Which sessions keep which exit, and which of these the store has yet to be told.

use parking_lot::Mutex;
use tokio::sync::Notify;
use turnpike_domain::session::{Pin, SessionKey};
use turnpike_domain::time::Timestamp;

/// The most sessions that keep an exit. Beyond these a session leaves by what its key comes to, which is the same exit as long as
/// exits neither come nor go.
const MOST: usize = 2_000_000;
/// The most pins that wait for the store.
const MOST_WAITING: usize = 200_000;
/// The most that the store is told at once.
const BATCH: usize = 5_000;

/// The pins.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    kept: papaya::HashMap<SessionKey, Pin>,
    waiting: Mutex<Vec<Pin>>,
    news: Notify,
}

impl Pins {
    /// What a session was given last, whether it still holds or not.
    pub(crate) fn of(&self, key: SessionKey) -> Option<Pin> {
        self.kept.pin().get(&key).copied()
    }

    /// A session was given an exit here: the one that holds, which may have been given elsewhere at the same moment.
    pub(crate) fn give(&self, pin: Pin, now: Timestamp) -> Pin {
        if self.kept.len() >= MOST {
            return pin;
        }
        let holding = self.take(pin, now);
        if holding == pin {
            let mut waiting = self.waiting.lock();
            if waiting.len() < MOST_WAITING {
                waiting.push(pin);
            }
            drop(waiting);
            self.news.notify_one();
        }
        holding
    }

    /// Takes over a pin unless one prevails over it: the one that holds.
    pub(crate) fn take(&self, pin: Pin, now: Timestamp) -> Pin {
        let kept = self.kept.pin();
        let prevailing = |there: &Pin| if pin.prevails_over(there, now) { pin } else { *there };
        *kept.update_or_insert(pin.key, prevailing, pin)
    }

    /// Forgets what has ended.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.kept.pin().retain(|_, pin| pin.holds(now));
    }

    /// Waits until the store has something to be told.
    pub(crate) async fn news(&self) {
        loop {
            let news = self.news.notified();
            if !self.waiting.lock().is_empty() {
                return;
            }
            news.await;
        }
    }

    /// What the store is to be told, a batch of it.
    pub(crate) fn waiting(&self) -> Vec<Pin> {
        let mut waiting = self.waiting.lock();
        let count = waiting.len().min(BATCH);
        waiting.drain(..count).collect()
    }

    /// The store did not hear it.
    pub(crate) fn wait_again(&self, pins: Vec<Pin>) {
        let mut waiting = self.waiting.lock();
        let room = MOST_WAITING.saturating_sub(waiting.len());
        waiting.extend(pins.into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use turnpike_domain::ids::ExitId;
    use turnpike_domain::time::Span;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000);

    fn pin(key: u8, exit: i64, minutes: i64) -> Pin {
        let (key, exit) = (SessionKey::from_bytes([key; 16]), ExitId::new(exit));
        Pin { key, exit, after: Timestamp::from_ms(0), until: NOW.plus(Span::from_secs(minutes * 60)), moves: 0 }
    }

    #[test]
    fn what_is_given_here_is_told_and_what_was_heard_is_not() {
        let pins = Pins::default();
        assert_eq!(pins.give(pin(1, 7, 10), NOW), pin(1, 7, 10));
        pins.take(pin(2, 8, 10), NOW);
        assert_eq!(pins.waiting(), [pin(1, 7, 10)]);
        assert!(pins.waiting().is_empty());
        assert_eq!(pins.of(SessionKey::from_bytes([2; 16])), Some(pin(2, 8, 10)));
    }

    #[test]
    fn the_one_that_holds_is_used_by_whoever_was_late() {
        let pins = Pins::default();
        pins.take(pin(1, 7, 10), NOW);
        assert_eq!(pins.give(pin(1, 9, 11), NOW), pin(1, 7, 10));
        assert!(pins.waiting().is_empty(), "nobody is told of what does not hold");
        let later = NOW.plus(Span::from_secs(600));
        assert_eq!(pins.give(pin(1, 9, 20), later), pin(1, 9, 20));
        pins.sweep(later);
        assert_eq!(pins.kept.len(), 1);
    }

    #[test]
    fn what_the_store_did_not_hear_is_told_again() {
        let pins = Pins::default();
        pins.give(pin(1, 7, 10), NOW);
        let told = pins.waiting();
        pins.wait_again(told.clone());
        assert_eq!(pins.waiting(), told);
    }
}

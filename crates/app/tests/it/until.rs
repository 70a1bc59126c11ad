//! Asking again until something has come true, within a bound.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

/// Between two questions.
const EVERY: Duration = Duration::from_millis(20);

/// Asks until the answer is `Some`, for at most `at_most`; `None` when it never was.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    at_most: Duration,
    mut ask: impl FnMut() -> F,
) -> Option<T> {
    let started = Instant::now();
    let mut turns = interval(EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while started.elapsed() < at_most {
        turns.tick().await;
        if let Some(answer) = ask().await {
            return Some(answer);
        }
    }
    None
}

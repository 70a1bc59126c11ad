//! Resets by a client in the middle of a download, with the exact number of bytes its kernel has acknowledged.

use std::time::Duration;

use anyhow::Result;
use turnpike_testkit::wire::Wire;

/// The receive buffer of a client that will stop reading.
pub(super) const NARROW_BYTES: u32 = 32 * 1024;
/// How long nothing must come before a sender counts as stopped by the window.
const STILL: Duration = Duration::from_millis(40);
/// How often it is looked whether something came.
const LOOK_EVERY: Duration = Duration::from_millis(4);
/// The longest wait for that.
const STILL_AT_MOST: Duration = Duration::from_secs(5);

/// Waits until the receive window is full and nothing more comes, then resets. Returns what the kernel had received in
/// all: taken and waiting.
///
/// # Errors
/// When the connection is gone already.
pub(super) async fn when_still(wire: Wire) -> Result<u64> {
    let begin = tokio::time::Instant::now();
    let (mut waiting, mut since) = (wire.waiting()?, begin);
    while since.elapsed() < STILL && begin.elapsed() < STILL_AT_MOST {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = wire.waiting()?;
        if now != waiting {
            (waiting, since) = (now, tokio::time::Instant::now());
        }
    }
    let received = wire.received().saturating_add(waiting);
    wire.reset()?;
    Ok(received)
}

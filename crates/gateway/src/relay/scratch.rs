//! One buffer a thread, for copying. No tunnel owns it: what a slow peer does not take at once is kept elsewhere.

use std::cell::Cell;

/// How much is copied at once, and so the most that is kept in memory for one direction, in bytes.
pub(crate) const SCRATCH_BYTES: usize = 128 * 1024;

thread_local! {
    static SCRATCH: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Lends this thread's buffer.
pub(crate) fn with<T>(work: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut buffer = SCRATCH.take().unwrap_or_else(|| vec![0; SCRATCH_BYTES].into_boxed_slice());
    let result = work(&mut buffer);
    SCRATCH.set(Some(buffer));
    result
}

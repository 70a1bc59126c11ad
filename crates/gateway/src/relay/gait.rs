//! When to copy and when to splice. Copying is cheaper for what comes in small pieces, splicing for what comes in
//! large ones; the first bytes of a direction are always copied.

/// So many bytes are copied before splicing begins.
const COPIED_FIRST: u32 = 64 * 1024;
/// A read of less is a small one.
const SMALL: usize = 16 * 1024;
/// So many small reads in a row end splicing.
const SMALL_IN_A_ROW: u8 = 4;
/// How much is moved with one splice: at least, and at most, which is also a pipe's size.
const STRIDE: (u32, u32) = (128 * 1024, 1024 * 1024);

/// How one direction moves.
#[derive(Debug)]
pub(crate) struct Gait {
    /// Bytes copied in large reads since the last small one.
    warmth: u32,
    stride: u32,
    small: u8,
}

impl Gait {
    pub(crate) const fn new() -> Self {
        Self { warmth: 0, small: 0, stride: STRIDE.0 }
    }

    /// Whether to splice.
    pub(crate) const fn splices(&self) -> bool {
        self.warmth >= COPIED_FIRST
    }

    /// How much to splice at once.
    pub(crate) fn stride(&self) -> usize {
        usize::try_from(self.stride).unwrap_or(usize::MAX)
    }

    /// A read brought so many bytes.
    pub(crate) fn saw(&mut self, bytes: usize) {
        if bytes >= SMALL {
            self.small = 0;
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            self.warmth = self.warmth.saturating_add(bytes).min(COPIED_FIRST);
        } else {
            self.small = self.small.saturating_add(1);
            if !self.splices() || self.small >= SMALL_IN_A_ROW {
                (self.warmth, self.small) = (0, 0);
            }
        }
    }

    /// The peer took all that was spliced, or not. One that is slow is not sent more than it takes, so that little of
    /// the account's traffic waits in pipes.
    pub(crate) fn drained(&mut self, all: bool) {
        let stride = if all { self.stride.saturating_mul(2) } else { self.stride / 2 };
        self.stride = stride.clamp(STRIDE.0, STRIDE.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bulk_transfer_splices_after_its_first_64_kib() {
        let mut gait = Gait::new();
        gait.saw(40_000);
        assert!(!gait.splices());
        gait.saw(40_000);
        assert!(gait.splices());
    }

    #[test]
    fn small_messages_are_copied_however_many() {
        let mut gait = Gait::new();
        (0..1000).for_each(|_| gait.saw(1000));
        assert!(!gait.splices());
    }

    #[test]
    fn a_bulk_transfer_that_turns_to_small_messages_is_copied_again() {
        let mut gait = Gait::new();
        gait.saw(100_000);
        (0..3).for_each(|_| gait.saw(10));
        assert!(gait.splices());
        gait.saw(10);
        assert!(!gait.splices());
    }
}

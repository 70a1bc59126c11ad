//! The wall clock and randomness, as arguments. Only the program's start-up knows real ones.

use turnpike_domain::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp + Send + Sync + 'static> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}

/// A source of bytes that nobody can guess.
pub trait Random: Send + Sync + 'static {
    /// Fills a buffer.
    fn fill(&self, bytes: &mut [u8]);
}

impl<F: Fn(&mut [u8]) + Send + Sync + 'static> Random for F {
    fn fill(&self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// Where acts take the time and randomness from.
pub struct Source {
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) random: Box<dyn Random>,
}

impl Source {
    /// From a clock and a generator; functions will do.
    pub fn new(clock: impl Clock, random: impl Random) -> Self {
        Self { clock: Box::new(clock), random: Box::new(random) }
    }
}

/// So many random bytes.
pub(crate) fn draw<const LENGTH: usize>(random: &dyn Random) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    random.fill(&mut bytes);
    bytes
}

//! The only readers of the wall clock and of the random generator. Everything below gets both as arguments.

use rand::RngExt;
use turnpike_domain::time::Timestamp;

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Fills a buffer with secret random bytes.
#[expect(clippy::disallowed_methods, reason = "the one place that holds the generator")]
pub(crate) fn fill(buffer: &mut [u8]) {
    rand::rng().fill(buffer);
}

/// Secret random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// A random text of so many lower-case letters and digits, for passwords shown to people.
pub(crate) fn text(length: usize) -> String {
    /// Without the look-alikes 0, o, 1 and l.
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut raw = vec![0; length];
    fill(&mut raw);
    raw.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|letter| char::from(*letter)).collect()
}

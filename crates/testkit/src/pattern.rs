//! The bytes test traffic is made of: what stands at any offset of a stream can be told from the offset alone, so both
//! ends of a relay can check what came through without keeping it.

use std::sync::LazyLock;

/// After how many bytes the pattern repeats. A prime, so that no buffer size hides a piece lost or swapped.
const PERIOD: usize = 65_521;
/// The longest piece [`piece`] hands out.
const LONGEST_PIECE: usize = 256 * 1024;

/// [`LONGEST_PIECE`] as the counters hold it.
pub(crate) const LONGEST_PIECE_BYTES: u64 = 256 * 1024;

static BLOCK: LazyLock<Box<[u8]>> = LazyLock::new(|| {
    let mut state: u32 = 0x9E37_79B9;
    let period: Vec<u8> = (0..PERIOD)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        })
        .collect();
    period.iter().copied().cycle().take(PERIOD.saturating_add(LONGEST_PIECE)).collect()
});

/// What stands at `offset`: as much of `wanted` bytes as one piece holds, at most 256 KiB.
pub fn piece(offset: u64, wanted: u64) -> &'static [u8] {
    let start = usize::try_from(offset % u64::try_from(PERIOD).unwrap_or(u64::MAX)).unwrap_or(0);
    let length = usize::try_from(wanted).unwrap_or(LONGEST_PIECE).min(LONGEST_PIECE);
    BLOCK.get(start..start.saturating_add(length)).unwrap_or_default()
}

/// Whether `bytes` are what stands at `offset`.
pub fn matches(offset: u64, bytes: &[u8]) -> bool {
    let mut offset = offset;
    bytes.chunks(LONGEST_PIECE).all(|chunk| {
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        let same = piece(offset, length) == chunk;
        offset = offset.saturating_add(length);
        same
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_read_in_parts_is_the_piece_read_at_once() {
        let whole = piece(65_000, 10_000);
        let parts = [piece(65_000, 600), piece(65_600, 9_400)].concat();
        assert_eq!(whole, parts);
    }

    #[test]
    fn a_lost_byte_or_a_swapped_piece_is_noticed() {
        assert!(matches(1_000_000, piece(1_000_000, 5_000)));
        assert!(!matches(1_000_000, piece(1_000_001, 5_000)));
        assert!(!matches(0, &[piece(4096, 4096), piece(0, 4096)].concat()));
    }
}

//! What stands where in the file. All words are 64 bits wide and in the machine's own order: the file never leaves the
//! machine it was made on.

use std::sync::atomic::{AtomicU64, Ordering};

use turnpike_domain::ids::NodeId;

use crate::slot::SlotHeader;

/// Says "a spool of ours". It is written last, so a file without it was never finished.
pub(crate) const MAGIC: u64 = u64::from_be_bytes(*b"TPKspool");
/// Rises when the layout changes.
pub(crate) const VERSION: u64 = 1;
/// The header has a page of its own.
pub(crate) const HEADER_BYTES: u64 = 4096;
/// Two cache lines: one that never changes while the slot is taken, one that two threads may write at once.
pub(crate) const SLOT_BYTES: u64 = 128;

/// The first words of the file.
#[derive(Default)]
#[repr(C)]
pub(crate) struct RawHeader {
    pub(crate) magic: AtomicU64,
    pub(crate) version: AtomicU64,
    pub(crate) node: AtomicU64,
    pub(crate) slots: AtomicU64,
    pub(crate) checksum: AtomicU64,
    /// How often the file was opened. It changes, so it stands outside the checksum; files of older builds have 0 here.
    pub(crate) boot: AtomicU64,
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeaderFacts {
    pub(crate) node: NodeId,
    pub(crate) slots: u64,
}

impl RawHeader {
    /// Writes a header; the magic comes last.
    pub(crate) fn write(&self, facts: HeaderFacts) {
        let node = facts.node.get().cast_unsigned();
        self.version.store(VERSION, Ordering::Relaxed);
        self.node.store(node, Ordering::Relaxed);
        self.slots.store(facts.slots, Ordering::Relaxed);
        self.checksum.store(checksum(&[VERSION, node, facts.slots]), Ordering::Relaxed);
        self.magic.store(MAGIC, Ordering::Release);
    }

    /// Reads a header; the text says what is wrong with it.
    pub(crate) fn read(&self) -> Result<HeaderFacts, &'static str> {
        if self.magic.load(Ordering::Acquire) != MAGIC {
            return Err("it does not begin like a spool");
        }
        let [version, node, slots] = [&self.version, &self.node, &self.slots].map(|word| word.load(Ordering::Relaxed));
        if self.checksum.load(Ordering::Relaxed) != checksum(&[version, node, slots]) {
            return Err("its header does not match its checksum");
        }
        if version != VERSION {
            return Err("it was written by another version");
        }
        Ok(HeaderFacts { node: NodeId::new(node.cast_signed()), slots })
    }
}

/// One slot. `seal` is the checksum of the words beside it, 0 while the slot is free.
#[derive(Default)]
#[repr(C, align(128))]
pub(crate) struct RawSlot {
    pub(crate) seal: AtomicU64,
    pub(crate) lease: AtomicU64,
    pub(crate) account: AtomicU64,
    pub(crate) granted: AtomicU64,
    spare: [AtomicU64; 4],
    pub(crate) used: AtomicU64,
    pub(crate) returned: AtomicU64,
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotState {
    Free,
    Taken { header: SlotHeader, used: u64, returned: u64 },
    Damaged,
}

impl RawSlot {
    /// Takes a free slot. The seal comes last: a process that dies on the way leaves the slot free.
    pub(crate) fn take(&self, index: usize, header: &SlotHeader) {
        let words = header.words();
        self.used.store(0, Ordering::Relaxed);
        self.returned.store(0, Ordering::Relaxed);
        for (place, word) in [&self.lease, &self.account, &self.granted].into_iter().zip(words) {
            place.store(word, Ordering::Relaxed);
        }
        self.seal.store(seal(index, words), Ordering::Release);
    }

    /// Frees the slot, in one store.
    pub(crate) fn free(&self) {
        self.seal.store(0, Ordering::Release);
    }

    /// What is in it.
    pub(crate) fn state(&self, index: usize) -> SlotState {
        let sealed = self.seal.load(Ordering::Acquire);
        if sealed == 0 {
            return SlotState::Free;
        }
        let words = [&self.lease, &self.account, &self.granted].map(|word| word.load(Ordering::Relaxed));
        let used = self.used.load(Ordering::Relaxed);
        let returned = self.returned.load(Ordering::Relaxed);
        let header = SlotHeader::from_words(words);
        // The counters have no checksum, since they change with every write; these bounds are what there is.
        if sealed != seal(index, words) || used > header.granted.get() || returned > used {
            return SlotState::Damaged;
        }
        SlotState::Taken { header, used, returned }
    }
}

fn seal(index: usize, words: [u64; 3]) -> u64 {
    let [lease, account, granted] = words;
    let index = u64::try_from(index).unwrap_or(u64::MAX);
    // 0 means free.
    checksum(&[index, lease, account, granted]).max(1)
}

/// FNV-1a over the words' bytes: any single damaged byte changes it.
fn checksum(words: &[u64]) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_two_cache_lines() {
        assert_eq!(u64::try_from(size_of::<RawSlot>()).unwrap(), SLOT_BYTES);
        assert_eq!(std::mem::offset_of!(RawSlot, used), 64);
        assert!(u64::try_from(size_of::<RawHeader>()).unwrap() <= HEADER_BYTES);
    }
}

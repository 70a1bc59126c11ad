//! The memory behind a spool: a shared mapping of its file, or plain memory where tests run without files.

use std::fs::File;
use std::io;

use memmap2::{MmapOptions, MmapRaw};

use crate::layout::{HEADER_BYTES, RawHeader, RawSlot, SLOT_BYTES};

/// Memory that begins with a header and goes on with slots.
pub(crate) enum Region {
    /// The file stays open for its lock.
    Mapped { map: MmapRaw, _locked: File },
    #[cfg(test)]
    Plain { header: RawHeader, slots: Vec<RawSlot> },
}

impl Region {
    /// Maps a whole file. The caller holds its lock and has seen to it that its blocks are allocated.
    pub(crate) fn map(file: File) -> io::Result<Self> {
        let map = MmapOptions::new().map_raw(&file)?;
        if u64::try_from(map.len()).unwrap_or(0) < HEADER_BYTES {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        Ok(Self::Mapped { map, _locked: file })
    }

    /// Waits until the header's page is on the disk.
    pub(crate) fn sync_header(&self) -> io::Result<()> {
        match self {
            Self::Mapped { map, .. } => map.flush_range(0, HEADER_BYTES_IN_MEMORY),
            #[cfg(test)]
            Self::Plain { .. } => Ok(()),
        }
    }

    #[allow(clippy::cast_ptr_alignment, reason = "a mapping starts on a page")]
    pub(crate) fn header(&self) -> &RawHeader {
        match self {
            // SAFETY: `map` checked that the mapping is at least a page long, and a mapping starts on a page, so the
            // address is aligned; it lives as long as `self`. `RawHeader` is only atomics, for which every bit pattern
            // is valid and which may change under a shared reference. The lock keeps other spools off the file, and
            // its blocks are allocated, so the access cannot fault while nobody cuts the file short by hand.
            Self::Mapped { map, .. } => unsafe { &*map.as_ptr().cast::<RawHeader>() },
            #[cfg(test)]
            Self::Plain { header, .. } => header,
        }
    }

    #[allow(clippy::cast_ptr_alignment, reason = "the second page of a mapping is aligned for a slot")]
    pub(crate) fn slots(&self) -> &[RawSlot] {
        match self {
            Self::Mapped { map, .. } => {
                let bytes = u64::try_from(map.len()).unwrap_or(0).saturating_sub(HEADER_BYTES);
                let count = usize::try_from(bytes / SLOT_BYTES).unwrap_or(0);
                let first = map.as_ptr().wrapping_add(HEADER_BYTES_IN_MEMORY).cast::<RawSlot>();
                // SAFETY: `count` slots of `SLOT_BYTES` fit between the header's page and the mapping's end, the
                // second page is aligned for them, and the rest is as in `header`.
                unsafe { std::slice::from_raw_parts(first, count) }
            }
            #[cfg(test)]
            Self::Plain { slots, .. } => slots,
        }
    }
}

/// [`HEADER_BYTES`] as a distance in memory.
const HEADER_BYTES_IN_MEMORY: usize = 4096;
const _: () = assert!(HEADER_BYTES == 4096);

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Region({} slots)", self.slots().len())
    }
}

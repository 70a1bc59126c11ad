//! Opening a spool file, and handing out its slots.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{FallocateFlags, FlockOperation};
use rustix::io::Errno;
use turnpike_domain::ids::{Incarnation, NodeId};
use turnpike_domain::units::Bytes;

use crate::layout::{HEADER_BYTES, HeaderFacts, RawSlot, SLOT_BYTES, SlotState};
use crate::region::Region;
use crate::slot::{Slot, SlotHeader};

/// An open spool. Clones share it.
#[derive(Clone, Debug)]
pub struct Spool {
    shelf: Arc<Shelf>,
}

/// What opening a spool brought to light.
#[derive(Debug)]
pub struct Opened {
    /// The spool, ready for new leases.
    pub spool: Spool,
    /// Leases that a process left behind when it died.
    pub found: Vec<Found>,
    /// Slots whose content makes no sense. Their leases are lost; the slots are free again.
    pub damaged: Vec<usize>,
}

/// A lease that a process left behind.
#[derive(Debug)]
pub struct Found {
    /// Which lease.
    pub header: SlotHeader,
    /// What was delivered of it: used less returned.
    pub delivered: Bytes,
    /// Its slot: mark it settled once the store has booked it.
    pub slot: Slot,
}

/// Why a spool cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Another process has it open.
    #[error("the spool file is in use by another process")]
    InUse,
    /// The file is no spool, or its header is damaged.
    #[error(
        "the spool file is damaged: {0}. Move it away to start with a new one; the leases in it lapse by themselves"
    )]
    Damaged(&'static str),
    /// The file system refused.
    #[error("the spool file cannot be opened: {0}")]
    Io(#[from] io::Error),
}

impl From<Errno> for SpoolError {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

impl Spool {
    /// Opens the file, or makes one with `slots` slots and `fresh_node` as its identity. A file that exists keeps its
    /// own number of slots and identity. Each opening counts as a boot, on the disk before this returns: after a power cut
    /// no two openings may seem to be the same.
    ///
    /// # Errors
    /// [`SpoolError`] when another process has it, when its header is damaged, or when the disk is full.
    pub fn open(path: &Path, slots: u32, fresh_node: NodeId) -> Result<Opened, SpoolError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Err(SpoolError::InUse),
            result => result?,
        }
        let wanted = HeaderFacts { node: fresh_node, slots: u64::from(slots) };
        if is_unfinished(&file)? {
            lay_out(&file, wanted)?;
        }
        if file.metadata()?.len() < HEADER_BYTES {
            return Err(SpoolError::Damaged("it is shorter than its header"));
        }
        Shelf::adopt(Region::map(file)?)
    }

    /// The identity drawn when the file was made, and how often it was opened.
    pub fn incarnation(&self) -> Incarnation {
        self.shelf.incarnation
    }

    /// How many slots the file has.
    pub fn capacity(&self) -> usize {
        self.shelf.region.slots().len()
    }

    /// Takes a slot for a lease; `None` when all are taken.
    pub fn claim(&self, header: &SlotHeader) -> Option<Slot> {
        let index = self.shelf.free_list().pop()?;
        self.shelf.raw(index).take(index, header);
        Some(Slot::new(Arc::clone(&self.shelf), index))
    }
}

/// The slots of one file.
#[derive(Debug)]
pub(crate) struct Shelf {
    region: Region,
    incarnation: Incarnation,
    free: Mutex<Vec<usize>>,
}

impl Shelf {
    /// Checks the header, counts the boot and looks into every slot.
    pub(crate) fn adopt(region: Region) -> Result<Opened, SpoolError> {
        let facts = region.header().read().map_err(SpoolError::Damaged)?;
        if u64::try_from(region.slots().len()) != Ok(facts.slots) {
            return Err(SpoolError::Damaged("its length is not what its header says"));
        }
        let boot = region.header().boot.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        region.sync_header()?;
        let incarnation = Incarnation { node: facts.node, boot };
        let mut free = Vec::new();
        let mut taken = Vec::new();
        let mut damaged = Vec::new();
        for (index, raw) in region.slots().iter().enumerate().rev() {
            match raw.state(index) {
                SlotState::Free => free.push(index),
                SlotState::Taken { header, used, returned } => {
                    taken.push((index, header, Bytes::new(used.saturating_sub(returned))));
                }
                SlotState::Damaged => {
                    raw.free();
                    free.push(index);
                    damaged.push(index);
                }
            }
        }
        let shelf = Arc::new(Self { region, incarnation, free: Mutex::new(free) });
        let found = taken.into_iter().rev().map(|(index, header, delivered)| {
            let slot = Slot::new(Arc::clone(&shelf), index);
            Found { header, delivered, slot }
        });
        Ok(Opened { found: found.collect(), damaged, spool: Spool { shelf } })
    }

    pub(crate) fn raw(&self, index: usize) -> &RawSlot {
        // Every index comes from this region's own enumeration.
        &self.region.slots()[index]
    }

    pub(crate) fn put_back(&self, index: usize) {
        self.raw(index).free();
        self.free_list().push(index);
    }

    fn free_list(&self) -> MutexGuard<'_, Vec<usize>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a process died while making the file: the magic is written last.
fn is_unfinished(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let mut magic = [0; 8];
    match file.read_exact_at(&mut magic, 0) {
        Ok(()) => Ok(magic == [0; 8]),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Ok(magic == [0; 8] && file.metadata()?.len() == 0)
        }
        Err(error) => Err(error),
    }
}

/// Makes an empty spool. All blocks are allocated now, so that a full disk shows here and not as a fault later.
fn lay_out(file: &File, facts: HeaderFacts) -> Result<(), SpoolError> {
    let length = SLOT_BYTES.saturating_mul(facts.slots).saturating_add(HEADER_BYTES);
    file.set_len(0)?;
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, length) {
        Err(Errno::OPNOTSUPP) => write_zeros(file, length)?,
        result => result?,
    }
    let region = Region::map(file.try_clone()?)?;
    region.header().write(facts);
    Ok(file.sync_all()?)
}

/// For file systems without `fallocate`.
fn write_zeros(mut file: &File, length: u64) -> io::Result<()> {
    const CHUNK: [u8; 4096] = [0; 4096];
    let mut left = length;
    while let Some(chunk) = CHUNK.get(..usize::try_from(left.min(HEADER_BYTES)).unwrap_or(0)).filter(|c| !c.is_empty())
    {
        file.write_all(chunk)?;
        left = left.saturating_sub(HEADER_BYTES);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

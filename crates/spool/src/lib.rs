//! Lease slots in a memory-mapped file that outlives the process.
//!
//! A slot is taken when a lease is granted and freed when the store has its final report. Whatever is in a slot when
//! the file is opened was left by a process that died: its counters are what that process had written.

mod layout;
mod region;
mod slot;
mod spool;

pub use slot::{Slot, SlotHeader};
pub use spool::{Found, Opened, Spool, SpoolError};

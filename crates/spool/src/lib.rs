//! Lease slots in a memory-mapped file that outlives the process.

//! The acts on both databases.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod accounts;
mod customers;
mod directory;
mod given;
mod leases;
mod packages;
mod quota;
mod story;
mod usage;

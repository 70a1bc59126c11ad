//! The store on both databases.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod exits;
mod feed;
mod pins;
mod plans;
mod schema;
mod statements;
mod static_ips;
mod transactions;

//! The link's two ends over real sockets, on both databases.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod given;
mod ports;

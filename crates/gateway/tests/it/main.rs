//! The gateway over real sockets, with a store in memory behind its ports.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod front;
mod limits;
mod metering;
mod recovery;
mod revocation;
mod support;

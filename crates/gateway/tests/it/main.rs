//! The gateway over real sockets, with a store in memory behind its ports.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod activity;
mod connections;
mod endpoints;
mod exits;
mod explain;
mod front;
mod hand_over;
mod limits;
mod metering;
mod open_ports;
mod plans;
mod prefixes;
mod recovery;
mod reload;
mod revocation;
mod support;
mod upstreams;

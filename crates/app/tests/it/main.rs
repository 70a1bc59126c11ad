//! The binary as its users run it: a process of its own, over real sockets, beside operator commands.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod backup;
mod catalogue;
mod commands;
mod configuration;
mod demo;
mod exits;
mod extraction;
mod fleet;
mod following;
mod forwarder;
mod many_machines;
mod outages;
mod packaging;
mod serve;
mod server;
mod shop_commands;
mod static_ips;
mod systemd;
mod takeover;
#[cfg(feature = "otel")]
mod traces;
mod trouble;
mod until;
mod watch;

//! The API from outside: the real router over both stores, and the real server on real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod accounts;
mod alone;
mod anything;
mod bad_input;
mod bodies;
mod descriptors;
mod document;
mod given;
mod keys;
mod log;
mod packages;
mod routes;
mod server;
mod usage;

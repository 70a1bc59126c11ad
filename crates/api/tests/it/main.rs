//! The API from outside: the real router over both stores, and the real server on real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod accounts;
mod anything;
mod bad_input;
mod bodies;
mod document;
mod given;
mod keys;
mod packages;
mod routes;
mod server;
mod usage;

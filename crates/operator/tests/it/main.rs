//! The operator API from outside: requests into the router, answers out of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod catalogue;
mod connections;
mod document;
mod exits;
mod exports;
mod given;
mod intake;
mod once;
mod paging;
mod routes;
mod static_ips;
mod story;
mod tokens;

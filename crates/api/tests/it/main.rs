//! The API from outside: the real router over both stores, and the real server on real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod accounts;
mod allow_list;
mod alone;
mod anything;
mod bad_input;
mod bodies;
mod contract;
mod descriptors;
mod docs;
mod document;
mod extraction;
mod given;
mod keys;
mod live;
mod log;
mod login;
mod once;
mod own;
mod packages;
mod places;
mod receipts;
mod routes;
mod server;
mod shop_window;
mod static_ips;
mod usage;

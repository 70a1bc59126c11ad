//! The acts on both databases.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot go on without ends it")]

mod accounts;
mod activity;
mod allow_list;
mod catalogue;
mod coupons;
mod customers;
mod directory;
mod exits;
mod extraction;
mod given;
mod incarnations;
mod leases;
mod nodes;
mod once;
mod packages;
mod plans;
mod quota;
mod restore;
mod served_places;
mod shop;
mod static_ips;
mod story;
mod usage;
mod verify;

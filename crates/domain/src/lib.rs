//! Turnpike's rules. No IO, no async, no clock, no randomness: all of those come in as arguments.
#![deny(clippy::arithmetic_side_effects)]

pub mod account;
pub mod directory;
pub mod ids;
pub mod lease;
pub mod product;
pub mod quota;
pub mod secret;
pub mod time;
pub mod units;

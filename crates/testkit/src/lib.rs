//! Fixtures, ephemeral stores, a counting origin and proxy clients: what the product's tests and proofs are made of.

pub mod client;
pub mod origin;
pub mod pattern;
pub mod product;
#[cfg(feature = "stores")]
pub mod stores;
pub mod wire;

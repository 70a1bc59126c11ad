//! The link: gateways on machines of their own speak with any API process over HTTP, and never with the database.
//!
//! [`server`] answers in front of the service acts; [`client`] plugs into the gateway's two ports. What travels between
//! them is in [`wire`], under `/node/v1`, each call with the credential that `turnpike node add` printed.

pub mod client;
mod connector;
mod outgoing;
pub mod server;
pub mod tls;
pub mod wire;

pub use client::{Link, LinkError, LinkSettings};
pub use outgoing::Outgoing;

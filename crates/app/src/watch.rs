//! How the process is, for whoever watches it: `/livez`, `/readyz` and `/metrics` on a listener and a thread of their
//! own, so that they answer while everything else is overloaded or out of descriptors.

mod health;
mod listener;
mod metrics;
mod page;
mod requests;
mod vitals;

pub(crate) use listener::Watch;
pub(crate) use requests::{Requests, count};
pub(crate) use vitals::Vitals;

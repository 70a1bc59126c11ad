//! The control socket, `DATA/control.sock`: how other commands on this machine talk to a running process, and how its
//! successor gets its sockets. Only the owner of the data folder can reach it.
//!
//! A line of JSON each way; listening sockets travel beside a line as descriptors.

mod client;
mod conversation;
mod lock;
mod place;
mod server;
mod wire;

pub(crate) use client::{Farewell, ask, predecessor};
pub(crate) use lock::Lock;
pub(crate) use server::{Command, Control, Handover};
pub(crate) use wire::{Answer, Ask, SocketName};

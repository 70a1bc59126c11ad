//! Bytes: the data plane, without a database. A gateway learns who may use it through one port and gets its traffic
//! through another; the rest is sockets.

mod account;
mod activity;
mod admit;
mod allowance;
mod buffer;
mod customer;
pub mod directory;
mod endpoints;
mod exit;
pub mod exits;
mod explain;
mod fencing;
mod follower;
mod gateway;
pub mod http;
mod leave;
mod line;
mod listener;
mod occupancy;
mod peer;
pub mod permit;
pub mod port;
pub mod ports;
pub mod refusal;
mod registry;
pub mod relay;
mod resolver;
pub mod seats;
mod session;
pub mod settings;
pub mod socks5;
mod tab;
mod teller;
mod wishes;

pub use exit::ExitCounts;
pub use gateway::{Gateway, Ports, ReloadError, StartError, Status};
pub use line::ENDED;
pub use registry::Totals;

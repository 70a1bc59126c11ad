//! JSON for the operator's programs: the operator API under `/operator/v1`.
//!
//! A request goes router → call → resource file → service act. Rules of the business are not here.

mod articles;
mod call;
mod catalogue;
mod contents;
mod coupons;
mod cursor;
mod desk;
mod document;
mod endpoints;
mod exits;
mod explain;
mod exports;
mod guard;
mod invitations;
mod members;
mod pricing;
mod problem;
mod read;
mod router;
mod settings;
mod shapes;
mod sheet;

// One file a resource.
mod accounts;
mod activity;
mod audit;
mod connections;
mod customers;
mod gateways;
mod in_force;
mod keys;
mod ledger;
mod machines;
mod orders;
mod packages;
mod payments;
mod sources;
mod static_ips;
mod tokens;
mod usage;

pub use router::{PREFIX, router};
pub use settings::OperatorSettings;

//! SQL for both databases: embedded SQLite and PostgreSQL.
//!
//! One file per noun, each statement a `const` above its function, one text for both databases. Every transaction
//! goes through [`Store::write`]; nothing here knows a rule, and nothing above knows a database.

#[macro_use]
mod db;
mod error;
mod migrations;
mod news;
mod patience;
mod rows;
mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub mod account;
pub mod account_quota;
pub mod activity;
pub mod allow_list;
pub mod app_key;
pub mod article;
pub mod audit;
pub mod auto_renewal;
pub mod backup;
pub mod coupon;
pub mod credential;
pub mod customer;
pub mod customer_details;
pub mod customer_profile;
pub mod endpoint;
pub mod exit;
pub mod feed;
pub mod holding;
pub mod invitation;
pub mod ip_changes;
pub mod journal;
pub mod lease;
pub mod node;
pub mod node_state;
pub mod once;
pub mod operator_token;
pub mod order;
pub mod package;
pub mod package_details;
pub mod package_of_order;
pub mod package_quota;
pub mod payment_event;
pub mod pin;
pub mod product;
pub mod question;
pub mod recharge_tier;
pub mod restore;
pub mod seat;
pub mod shop;
pub mod static_ip;
pub mod time_plan;
pub mod timings;
pub mod usage;
pub mod verify;

pub use db::Tx;
pub use error::{ActError, StoreError};
pub use news::Hearing;
pub use store::Store;

//! Turnpike's rules. No IO, no async, no clock, no randomness: all of those come in as arguments.
#![deny(clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should"))]

pub mod account;
pub mod accounts;
pub mod activity;
pub mod allow_list;
pub mod back_off;
pub mod basket;
pub mod calendar;
pub mod catalogue;
pub mod connection;
pub mod country;
pub mod coupon;
pub mod destination;
pub mod directory;
pub mod endpoint;
pub mod exit;
pub mod explain;
pub mod ids;
pub mod lapse;
pub mod lease;
pub mod ledger;
pub mod login;
pub mod money;
pub mod order;
pub mod pace;
pub mod place;
pub mod price;
pub mod product;
pub mod question;
pub mod quota;
pub mod rate;
pub mod recharge;
pub mod refund;
pub mod remark;
pub mod scope;
pub mod seats;
pub mod secret;
pub mod session;
pub mod static_ip;
pub mod throttle;
pub mod time;
pub mod trade_no;
pub mod units;

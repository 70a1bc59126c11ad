//! JSON for programs: the customer API (contract 0 to 3, 6, 8 and 9).
//!
//! A call goes router → call → resource file → service act. Rules of the business are not here.

mod activity;
mod api_keys;
mod article;
mod call;
mod client;
mod contents;
mod coupon;
mod credential;
mod document;
mod effective;
mod envelope;
mod error;
mod explain;
mod extraction;
mod field_error;
mod fields;
mod guard;
mod intake;
mod kept;
mod language;
mod live;
mod messages;
mod order;
pub mod parameters;
mod pay;
mod payment;
mod places;
mod product;
mod proxy_account;
mod proxy_ip;
mod quota;
mod router;
mod server;
mod settings;
mod shapes;
mod static_ip;
mod user;
mod user_activity;
mod user_product;
mod user_usage_flow;
mod viewer;
mod whitelist_account;

pub use guard::envelope_code;
pub use language::{Language, UnknownLanguage};
pub use router::router;
pub use server::{Peer, Surface, serve};
pub use settings::{AccountPrefix, ApiSettings, LiveSettings, Prefix, PrefixError, ServerSettings};

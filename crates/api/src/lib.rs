//! JSON for programs: the customer API (contract 0 to 3).
//!
//! A call goes router → call → resource file → service act. Rules of the business are not here.

mod app_key;
mod call;
mod contents;
mod document;
mod envelope;
mod error;
mod field_error;
mod fields;
mod guard;
mod intake;
mod language;
mod messages;
pub mod parameters;
mod router;
mod server;
mod settings;
mod shapes;
mod user_product;
mod user_usage_flow;
mod whitelist_account;

pub use guard::envelope_code;
pub use language::{Language, UnknownLanguage};
pub use router::router;
pub use server::{Peer, Surface, serve};
pub use settings::{ApiSettings, Prefix, PrefixError, ServerSettings};

//! HTTP/1.1 as a forward proxy speaks it: absolute-form requests and CONNECT. The parsers are pure and public, for
//! tests and fuzzing; what moves bytes is not.

mod answer;
pub mod basic;
mod body;
pub mod chunk;
pub(crate) mod conversation;
mod exchange;
pub mod fault;
pub mod framing;
pub mod head;
pub mod hop_by_hop;
mod identity;
mod pump;
mod receive;
pub mod request;
pub mod request_line;
pub mod response;
mod turn;
mod upstream;

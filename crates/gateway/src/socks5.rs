//! SOCKS5 with username and password: RFC 1928 and RFC 1929, CONNECT only. The messages are read by pure functions in
//! [`message`]; a client may send all three at once.

pub(crate) mod handshake;
pub mod message;

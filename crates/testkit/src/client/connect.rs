//! The client's side of HTTP CONNECT (RFC 9110 section 9.3.6).

use std::net::SocketAddr;

use super::{Login, ProxyError};
use crate::wire::Wire;

/// The longest answer head.
const LONGEST_HEAD: usize = 16 * 1024;
const END: &[u8] = b"\r\n\r\n";

pub(super) async fn handshake(wire: &mut Wire, login: Option<&Login>, target: SocketAddr) -> Result<(), ProxyError> {
    let login = login.map(|login| format!("Proxy-Authorization: {}\r\n", login.basic())).unwrap_or_default();
    wire.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n").as_bytes()).await?;
    loop {
        if let Some(end) = wire.pending().windows(END.len()).position(|window| window == END) {
            let head = String::from_utf8_lossy(wire.pending().get(..end).unwrap_or_default()).into_owned();
            wire.consume(end.saturating_add(END.len()));
            let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
            return match status {
                Some(200) => Ok(()),
                Some(status) => Err(ProxyError::Status { status, text: head }),
                None => Err(ProxyError::Garbled("no status line")),
            };
        }
        if wire.pending().len() > LONGEST_HEAD {
            return Err(ProxyError::Garbled("the head does not end"));
        }
        if wire.fill().await? == 0 {
            return Err(ProxyError::Garbled("the connection ended in the head"));
        }
    }
}

//! The client's side of SOCKS5 (RFC 1928) with a name and password (RFC 1929).

use std::net::{IpAddr, SocketAddr};

use super::{Login, ProxyError};
use crate::wire::Wire;

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const NAME_AND_PASSWORD: u8 = 2;

pub(super) async fn handshake(wire: &mut Wire, login: Option<&Login>, target: SocketAddr) -> Result<(), ProxyError> {
    let method = if login.is_some() { NAME_AND_PASSWORD } else { NO_LOGIN };
    wire.send(&[VERSION, 1, method]).await?;
    let [version, chosen] = take::<2>(wire).await?;
    if (version, chosen) != (VERSION, method) {
        return Err(ProxyError::Garbled("another method than the one offered"));
    }
    if let Some(login) = login {
        wire.send(&name_and_password(login)).await?;
        let [_, status] = take::<2>(wire).await?;
        if status != 0 {
            return Err(ProxyError::Socks(0x100 | u16::from(status)));
        }
    }
    wire.send(&request(target)).await?;
    let [_, reply, _, kind] = take::<4>(wire).await?;
    if reply != 0 {
        return Err(ProxyError::Socks(u16::from(reply)));
    }
    match kind {
        1 => take::<6>(wire).await.map(drop),
        4 => take::<18>(wire).await.map(drop),
        _ => Err(ProxyError::Garbled("a bound address of an unknown kind")),
    }
}

fn name_and_password(login: &Login) -> Vec<u8> {
    let mut message = vec![1];
    for part in [&login.username, &login.password] {
        message.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        message.extend_from_slice(part.as_bytes());
    }
    message
}

fn request(target: SocketAddr) -> Vec<u8> {
    let mut message = vec![VERSION, 1, 0];
    match target.ip() {
        IpAddr::V4(address) => {
            message.push(1);
            message.extend_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            message.push(4);
            message.extend_from_slice(&address.octets());
        }
    }
    message.extend_from_slice(&target.port().to_be_bytes());
    message
}

async fn take<const N: usize>(wire: &mut Wire) -> Result<[u8; N], ProxyError> {
    loop {
        if let Some(bytes) = wire.pending().first_chunk::<N>().copied() {
            wire.consume(N);
            return Ok(bytes);
        }
        if wire.fill().await? == 0 {
            return Err(ProxyError::Garbled("the connection ended in the handshake"));
        }
    }
}

//! Proxy clients as small as they can be: they say on the wire exactly what they are told to, and count every byte.

mod connect;
mod http;
mod socks5;

use std::io;
use std::net::SocketAddr;

pub use http::{Answer, Exchange};

use crate::wire::Wire;

/// A proxy account's name and password, or none at all for a proxy that asks for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// With parameters, where the gateway's grammar allows them.
    pub username: String,
    /// In clear.
    pub password: String,
}

impl Login {
    /// A name and a password.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into() }
    }

    /// The value of `Proxy-Authorization`.
    fn basic(&self) -> String {
        use base64::Engine as _;
        let pair = format!("{}:{}", self.username, self.password);
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

/// How a tunnel is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP CONNECT.
    Connect,
    /// SOCKS5 with an IP address.
    Socks5,
    /// Not at all: the peer relays everything to one place.
    Bare,
}

/// A proxy and the account to use it with.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// Left out of the handshake when `None`.
    pub login: Option<Login>,
}

/// Why there is no tunnel.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The proxy answered with an HTTP status other than 200.
    #[error("the proxy answered {status}: {text}")]
    Status {
        /// The status code.
        status: u16,
        /// The status line and the fields after it.
        text: String,
    },
    /// The proxy answered with a SOCKS5 reply other than 0, or refused the login (`0x100` and the status).
    #[error("the proxy answered SOCKS5 code {0:#x}")]
    Socks(u16),
    /// What came back is not the protocol.
    #[error("the proxy answered out of order: {0}")]
    Garbled(&'static str),
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Proxy {
    /// Opens a tunnel to `target`. The counts of the returned wire begin after the handshake.
    ///
    /// # Errors
    /// A [`ProxyError`] when the proxy refuses or the connection fails.
    pub async fn tunnel(&self, protocol: Protocol, target: SocketAddr) -> Result<Wire, ProxyError> {
        self.tunnel_on(Wire::connect(self.address).await?, protocol, target).await
    }

    /// As [`Proxy::tunnel`], on a connection made elsewhere.
    ///
    /// # Errors
    /// As [`Proxy::tunnel`].
    pub async fn tunnel_on(&self, wire: Wire, protocol: Protocol, target: SocketAddr) -> Result<Wire, ProxyError> {
        let mut wire = wire;
        match protocol {
            Protocol::Connect => connect::handshake(&mut wire, self.login.as_ref(), target).await?,
            Protocol::Socks5 => socks5::handshake(&mut wire, self.login.as_ref(), target).await?,
            Protocol::Bare => {}
        }
        wire.restart_counts();
        Ok(wire)
    }

    /// Opens a connection for plain HTTP requests.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn http(&self) -> io::Result<Exchange> {
        Ok(self.http_on(Wire::connect(self.address).await?))
    }

    /// As [`Proxy::http`], on a connection made elsewhere.
    pub fn http_on(&self, wire: Wire) -> Exchange {
        Exchange::new(wire, self.login.as_ref().map(Login::basic))
    }
}

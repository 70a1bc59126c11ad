//! What a client names: an address or a name, and a port. Only unmistakable forms are read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a client wants to go, before anything is resolved or classified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A literal address.
    Address(SocketAddr),
    /// A name to resolve, and the port.
    Name(DomainName, u16),
}

impl Target {
    /// Reads CONNECT's authority: `host:port` or `[v6]:port`, nothing else.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong with it.
    pub fn parse_authority(text: &str) -> Result<Self, TargetError> {
        let (host, port) = split_port(text)?;
        Self::of_host(host, parse_port(port.ok_or(TargetError::NoPort)?)?)
    }

    /// Reads the authority of a URL, where the port may be missing.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong with it.
    pub fn parse_url_authority(text: &str, default_port: u16) -> Result<Self, TargetError> {
        let (host, port) = split_port(text)?;
        Self::of_host(host, port.map_or(Ok(default_port), parse_port)?)
    }

    /// Reads a name as SOCKS5 carries it. Clients also put literal addresses there, without brackets.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong with it.
    pub fn from_socks_name(name: &[u8], port: u16) -> Result<Self, TargetError> {
        let name = std::str::from_utf8(name).map_err(|_| TargetError::Name(NameFault::Character))?;
        if port == 0 {
            return Err(TargetError::Port);
        }
        match name.parse::<IpAddr>() {
            Ok(ip) => Ok(Self::Address(SocketAddr::new(ip, port))),
            Err(_) => Ok(Self::Name(DomainName::parse(name)?, port)),
        }
    }

    fn of_host(host: Host<'_>, port: u16) -> Result<Self, TargetError> {
        match host {
            Host::Bracketed(literal) => {
                let ip: Ipv6Addr = literal.parse().map_err(|_| TargetError::Brackets)?;
                Ok(Self::Address(SocketAddr::new(ip.into(), port)))
            }
            Host::Bare(host) => match host.parse::<Ipv4Addr>() {
                Ok(ip) => Ok(Self::Address(SocketAddr::new(ip.into(), port))),
                Err(_) => Ok(Self::Name(DomainName::parse(host)?, port)),
            },
        }
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        match self {
            Self::Address(address) => address.port(),
            Self::Name(_, port) => *port,
        }
    }
}

impl std::fmt::Display for Target {
    /// As an authority: what [`Target::parse_authority`] reads.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

#[derive(Clone, Copy)]
enum Host<'a> {
    Bracketed(&'a str),
    Bare(&'a str),
}

fn split_port(text: &str) -> Result<(Host<'_>, Option<&str>), TargetError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (literal, rest) = rest.split_once(']').ok_or(TargetError::Brackets)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((Host::Bracketed(literal), Some(port))),
            None if rest.is_empty() => Ok((Host::Bracketed(literal), None)),
            None => Err(TargetError::Brackets),
        };
    }
    match text.rsplit_once(':') {
        Some((host, port)) => Ok((Host::Bare(host), Some(port))),
        None => Ok((Host::Bare(text), None)),
    }
}

/// 1 to 65535, written with no sign and no leading zero.
fn parse_port(text: &str) -> Result<u16, TargetError> {
    let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().ok_or(TargetError::Port)
}

/// A name to resolve: lower case, no final dot, and nothing that any resolver could take for an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DomainName(Box<str>);

impl DomainName {
    /// The longest name (RFC 1035 §2.3.4), without a final dot.
    pub const LONGEST: usize = 253;
    /// The longest label (RFC 1035 §2.3.4).
    pub const LONGEST_LABEL: usize = 63;

    /// Checks a name and writes it in its one form.
    ///
    /// # Errors
    /// [`NameFault`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.len() > Self::LONGEST {
            return Err(NameFault::TooLong);
        }
        let mut last = "";
        for label in name.split('.') {
            match label.len() {
                0 => return Err(NameFault::EmptyLabel),
                1..=Self::LONGEST_LABEL => {}
                _ => return Err(NameFault::TooLong),
            }
            if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
                return Err(NameFault::Character);
            }
            last = label;
        }
        if is_number(last) { Err(NameFault::Numeric) } else { Ok(Self(name.to_ascii_lowercase().into())) }
    }

    /// The name, without a final dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a last label makes `inet_aton`, and so getaddrinfo, read a name as an address: `127.1`, `2130706433`,
/// `0x7f.1` and their kin all end in a number, and no top-level domain is one.
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    label.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl std::fmt::Display for DomainName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a target cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Only a host.
    #[error("the target needs a port, as in example.com:443")]
    NoPort,
    /// A port that is none.
    #[error("the target's port must be a number from 1 to 65535")]
    Port,
    /// Brackets that hold no IPv6 address, or none around one.
    #[error("brackets must hold an IPv6 address, as in [2001:db8::1]:443")]
    Brackets,
    /// A name that is none.
    #[error("the target's name {0}")]
    Name(#[from] NameFault),
}

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Two dots in a row, one in front, or nothing at all.
    #[error("has an empty label")]
    EmptyLabel,
    /// Longer than a name or label may be.
    #[error("is too long")]
    TooLong,
    /// Something else than letters, digits, hyphens, underscores and dots. International names come as `xn--`.
    #[error("may hold only ASCII letters, digits, hyphens, underscores and dots")]
    Character,
    /// An address in a form other than four plain decimal numbers.
    #[error("ends in a number; write an address as four decimal numbers")]
    Numeric,
}

#[cfg(test)]
mod tests;

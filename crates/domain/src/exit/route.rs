//! How traffic leaves by an exit.

use std::net::IpAddr;

use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};

use super::LoginTemplate;
use crate::destination::{Target, TargetError};

/// The way out. In no case is another one taken silently: what cannot leave this way does not leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// From whatever address the host's routes choose.
    Direct,
    /// From this address of the host.
    Address(IpAddr),
    /// From an address of this prefix, which is routed to the host: another one for each session.
    Prefix(Ipv6Net),
    /// Through another proxy.
    Upstream(Box<Upstream>),
}

/// Another proxy, and how it is logged in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// What it speaks.
    pub protocol: UpstreamProtocol,
    /// Where it is: `host:port`.
    pub at: UpstreamAddress,
    /// The username; `None` for a proxy without a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<LoginTemplate>,
    /// The password.
    #[serde(default)]
    pub password: UpstreamPassword,
}

/// `host:port` of another proxy. It is the operator's own word, so it is not classified as customers' targets are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UpstreamAddress(Target);

impl UpstreamAddress {
    /// Reads `host:port`.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        Target::parse_authority(text).map(Self)
    }

    /// What is connected to.
    pub const fn target(&self) -> &Target {
        &self.0
    }
}

impl std::fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<UpstreamAddress> for String {
    fn from(address: UpstreamAddress) -> Self {
        address.to_string()
    }
}

impl TryFrom<String> for UpstreamAddress {
    type Error = TargetError;

    fn try_from(text: String) -> Result<Self, TargetError> {
        Self::parse(&text)
    }
}

/// What another proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamProtocol {
    /// HTTP CONNECT (RFC 9110 §9.3.6).
    Http,
    /// SOCKS5 (RFC 1928).
    Socks5,
}

/// The password for another proxy. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UpstreamPassword(String);

impl UpstreamPassword {
    /// The longest password, in bytes (RFC 1929 has one byte for the length).
    pub const LONGEST: usize = 255;

    /// Wraps a password; `None` when it is too long or holds control characters.
    pub fn new(password: String) -> Option<Self> {
        let fits = password.len() <= Self::LONGEST && !password.chars().any(char::is_control);
        fits.then_some(Self(password))
    }

    /// The password itself, to be sent or sealed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for UpstreamPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The longest prefix that addresses are taken from.
const LONGEST_PREFIX: u8 = 126;

impl Route {
    /// Reads the way out as operators write it: `direct`, an address, an IPv6 prefix such as `2001:db8:1::/48`, or
    /// `http://host:port` and `socks5://host:port`. Who logs in to the latter is said apart.
    ///
    /// # Errors
    /// [`RouteError`].
    pub fn parse(text: &str, username: Option<LoginTemplate>, password: UpstreamPassword) -> Result<Self, RouteError> {
        let schemes = [("http://", UpstreamProtocol::Http), ("socks5://", UpstreamProtocol::Socks5)];
        for (scheme, protocol) in schemes {
            if let Some(at) = text.strip_prefix(scheme) {
                if at.contains('@') {
                    return Err(RouteError::Login);
                }
                let at = UpstreamAddress::parse(at.trim_end_matches('/')).map_err(RouteError::Upstream)?;
                return Ok(Self::Upstream(Box::new(Upstream { protocol, at, username, password })));
            }
        }
        if username.is_some() || !password.reveal().is_empty() {
            return Err(RouteError::NoLogin);
        }
        match text {
            "direct" => Ok(Self::Direct),
            _ if text.contains('/') => {
                let prefix: Ipv6Net = text.parse().map_err(|_| RouteError::Unreadable)?;
                if prefix.prefix_len() > LONGEST_PREFIX {
                    return Err(RouteError::Prefix);
                }
                Ok(Self::Prefix(prefix.trunc()))
            }
            _ => text.parse().map(Self::Address).map_err(|_| RouteError::Unreadable),
        }
    }

    /// One stable word: `direct`, `address`, `prefix`, `http` or `socks5`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Address(_) => "address",
            Self::Prefix(_) => "prefix",
            Self::Upstream(upstream) => match upstream.protocol {
                UpstreamProtocol::Http => "http",
                UpstreamProtocol::Socks5 => "socks5",
            },
        }
    }

    /// Whether targets of that family can be reached by it, as far as can be told.
    pub const fn reaches(&self, target: IpAddr) -> bool {
        match self {
            Self::Direct | Self::Upstream(_) => true,
            Self::Address(own) => own.is_ipv4() == target.is_ipv4(),
            Self::Prefix(_) => target.is_ipv6(),
        }
    }
}

impl std::fmt::Display for Route {
    /// As [`Route::parse`] reads it; logins are never written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::Address(address) => address.fmt(f),
            Self::Prefix(prefix) => prefix.fmt(f),
            Self::Upstream(upstream) => write!(f, "{}://{}", self.word(), upstream.at),
        }
    }
}

/// Why a text is no way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// None of the forms.
    #[error("write direct, an address, an IPv6 prefix, http://host:port or socks5://host:port")]
    Unreadable,
    /// Too long to take addresses from.
    #[error("an IPv6 prefix must be /126 or shorter")]
    Prefix,
    /// Where the upstream is.
    #[error("the upstream's address: {0}")]
    Upstream(TargetError),
    /// A login within the URL.
    #[error("write the upstream's username and password apart from its address")]
    Login,
    /// A login for something that has none.
    #[error("only an upstream has a username and a password")]
    NoLogin,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Result<Route, RouteError> {
        Route::parse(text, None, UpstreamPassword::default())
    }

    #[test]
    fn a_route_reads_what_it_writes() {
        for text in [
            "direct",
            "192.0.2.7",
            "2001:db8::7",
            "2001:db8:1::/48",
            "http://proxy.example:3128",
            "socks5://[2001:db8::1]:1080",
        ] {
            assert_eq!(route(text).unwrap().to_string(), text);
        }
        assert_eq!(route("2001:db8:1::5/48").unwrap().to_string(), "2001:db8:1::/48");
    }

    #[test]
    fn what_is_no_route_is_refused() {
        for (text, error) in [
            ("", RouteError::Unreadable),
            ("eth0", RouteError::Unreadable),
            ("192.0.2.0/24", RouteError::Unreadable),
            ("2001:db8::/127", RouteError::Prefix),
            ("http://user:pass@proxy.example:3128", RouteError::Login),
        ] {
            assert_eq!(route(text), Err(error), "{text}");
        }
        assert!(matches!(route("http://proxy.example"), Err(RouteError::Upstream(_))));
        let named = LoginTemplate::parse("u").ok();
        assert_eq!(Route::parse("direct", named, UpstreamPassword::default()), Err(RouteError::NoLogin));
    }

    #[test]
    fn passwords_are_never_printed() {
        let password = UpstreamPassword::new("hidden".to_owned()).unwrap();
        let text = format!("{:?}", Route::parse("http://p.example:1", None, password).unwrap());
        assert!(!text.contains("hidden"), "{text}");
    }
}

//! Proving an exit: what a gateway is asked to do, and what it finds missing.

use std::net::IpAddr;

use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};

use crate::destination::{Target, TargetError};
use crate::ids::ExitId;

/// A page that answers with its caller's address, over plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EchoPage {
    /// Where it is.
    pub at: Target,
    /// What is asked for there: a path, and a query if there is one.
    pub path: String,
}

impl EchoPage {
    /// The longest URL, in bytes.
    pub const LONGEST: usize = 1_000;

    /// Reads `http://host[:port][/path]`.
    ///
    /// # Errors
    /// [`EchoError`].
    pub fn parse(url: &str) -> Result<Self, EchoError> {
        let rest = url.strip_prefix("http://").filter(|_| url.len() <= Self::LONGEST).ok_or(EchoError::Url)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(EchoError::Url);
        }
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { at: Target::parse_url_authority(authority, 80)?, path: path.to_owned() })
    }
}

impl std::fmt::Display for EchoPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.at, self.path)
    }
}

impl From<EchoPage> for String {
    fn from(page: EchoPage) -> Self {
        page.to_string()
    }
}

impl TryFrom<String> for EchoPage {
    type Error = EchoError;

    fn try_from(url: String) -> Result<Self, EchoError> {
        Self::parse(&url)
    }
}

/// Why a text names no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EchoError {
    /// Not of the form.
    #[error("write http://HOST[:PORT]/PATH of a page that answers with its caller's address")]
    Url,
    /// Where it is.
    #[error("the page's address: {0}")]
    At(#[from] TargetError),
}

/// An exit that a gateway is to prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitWish {
    /// Which exit.
    pub exit: ExitId,
    /// What tells by which address it is seen; without one only the way there is looked at.
    pub echo: Option<EchoPage>,
}

/// What a gateway found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitReport {
    /// The address that was seen from outside.
    pub seen: Option<IpAddr>,
    /// What is missing; nothing when the exit is as it should be.
    pub missing: Vec<ExitLack>,
}

/// What an exit lacks, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ExitLack {
    /// The gateway has not heard of the exit.
    #[error("the gateway has not heard of the exit yet; ask again")]
    NotKnown,
    /// The address is none of the host's.
    #[error("{0} is no address of this host; {hint}", hint = to_have(.0))]
    AddressNotHere(IpAddr),
    /// Nothing takes answers to the prefix for the host's own.
    #[error("answers to {0} are not taken for this host's; run: ip -6 route add local {0} dev lo")]
    NoLocalRoute(Ipv6Net),
    /// The kernel lets nobody leave from addresses that no interface has.
    #[error("the kernel refuses to leave from an address of {0}; set sysctl net.ipv6.ip_nonlocal_bind=1")]
    NoNonlocalBind(Ipv6Net),
    /// There is no way from there.
    #[error("no route leads from there to {0}; look at ip route get {0} from ADDRESS")]
    NoRoute(String),
    /// The page is not reached by addresses of that family.
    #[error("{0} has no address of the exit's family; name a page that has both")]
    OtherFamily(String),
    /// The upstream's name has no address.
    #[error("the upstream's name has no address")]
    NoSuchUpstream,
    /// The upstream is not there.
    #[error("the upstream cannot be reached")]
    UpstreamUnreachable,
    /// The upstream does not take the login.
    #[error("the upstream refuses the username or the password")]
    CredentialRefused,
    /// The upstream has no traffic left.
    #[error("the upstream has no traffic left for this account, or had too much of it")]
    UpstreamSpent,
    /// The upstream does not speak the protocol.
    #[error("the upstream does not speak the protocol; is it the other one of http and socks5?")]
    OtherProtocol,
    /// The page cannot be reached that way.
    #[error("{0} cannot be reached by the exit: {1}")]
    EchoUnreachable(String, String),
    /// The page does not answer with an address.
    #[error("{0} does not answer with its caller's address")]
    EchoUnreadable(String),
    /// Another address is seen than was chosen.
    #[error("{seen} is seen from outside where {chosen} was chosen")]
    SeenOther {
        /// What is seen.
        seen: IpAddr,
        /// What was chosen.
        chosen: IpAddr,
    },
    /// Nothing tells by which address the exit is seen.
    #[error("no page is configured that tells by which address it is seen; set exits.check_url")]
    NoEcho,
}

fn to_have(address: &IpAddr) -> String {
    let (bits, family) = if address.is_ipv4() { (32, "ipv4") } else { (128, "ipv6") };
    format!(
        "run: ip addr add {address}/{bits} dev lo, or set sysctl net.{family}.ip_nonlocal_bind=1 and have it routed here"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_what_it_writes() {
        for url in ["http://echo.example:8080/ip?plain", "http://192.0.2.1:80/", "http://[2001:db8::1]:80/x"] {
            assert_eq!(EchoPage::parse(url).unwrap().to_string(), url);
        }
        assert_eq!(EchoPage::parse("http://echo.example").unwrap().to_string(), "http://echo.example:80/");
        for wrong in ["", "https://echo.example/", "http://", "http://echo.example/a b", "http://u@echo.example/"] {
            assert!(EchoPage::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_missing_says_what_to_do() {
        let lack = ExitLack::AddressNotHere("192.0.2.7".parse().unwrap()).to_string();
        assert!(lack.contains("ip addr add 192.0.2.7/32") && lack.contains("net.ipv4.ip_nonlocal_bind"), "{lack}");
        let lack = ExitLack::NoLocalRoute("2001:db8:1::/48".parse().unwrap()).to_string();
        assert!(lack.ends_with("ip -6 route add local 2001:db8:1::/48 dev lo"), "{lack}");
    }
}

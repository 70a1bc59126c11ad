//! What an operator may set: prefixes, the default language, and every limit and deadline of the API.

use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use turnpike_domain::account::{NameError, NamePrefix};
use turnpike_domain::allow_list::Admitted;
use turnpike_service::Quotas;

use crate::language::Language;

/// How the API answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiSettings {
    /// Under which prefixes every route is served, all alike (contract 0.1). The first is the one documented.
    pub prefixes: Vec<Prefix>,
    /// The language of answers to those who name none.
    pub language: Language,
    /// The largest body that is read; a larger one is answered 413.
    pub body_limit_bytes: usize,
    /// How long a body may take to arrive; a slower one is answered 408.
    pub body_deadline_ms: u64,
    /// How long a whole call may take until its answer begins; a slower one is answered 503.
    pub request_deadline_ms: u64,
    /// Proxies whose `X-Forwarded-For` is believed, as networks.
    pub trusted_proxies: Vec<IpNet>,
    /// How many live proxy accounts a customer may have that has no quota of its own.
    pub most_accounts: u32,
    /// How many addresses the allow list of a customer may hold that has no quota of its own.
    pub most_allowed_sources: u32,
    /// Whether private and other special-purpose addresses may stand on an allow list.
    pub allow_special_sources: bool,
    /// What the name of every account begins with; callers may leave it out.
    pub account_prefix: AccountPrefix,
    /// How long an answer waits for gateways with `wait=applied`.
    pub wait_limit_ms: u64,
    /// How usage is streamed.
    pub live: LiveSettings,
}

/// How usage is streamed to those who watch it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiveSettings {
    /// Streams that one customer may have open.
    pub most_of_a_customer: usize,
    /// Streams that may be open in all.
    pub most: usize,
    /// Between two looks into the books.
    pub look_every_ms: u64,
    /// After so long without news a comment is sent.
    pub heartbeat_ms: u64,
    /// How long a stream lasts.
    pub longest_ms: u64,
}

impl Default for LiveSettings {
    fn default() -> Self {
        let (look_every_ms, heartbeat_ms, longest_ms) = (1000, 15_000, 3_600_000);
        Self { most_of_a_customer: 8, most: 1000, look_every_ms, heartbeat_ms, longest_ms }
    }
}

impl Default for ApiSettings {
    fn default() -> Self {
        let family = ["/api-gate-way", "/gateway", "/end-point", "/pub", "/openapi", "/cgi", "/developers"];
        Self {
            prefixes: family.into_iter().map(|prefix| Prefix(prefix.to_owned())).collect(),
            language: Language::default(),
            body_limit_bytes: 1024 * 1024,
            body_deadline_ms: 20_000,
            request_deadline_ms: 30_000,
            trusted_proxies: Vec::new(),
            most_accounts: Quotas::default().accounts,
            most_allowed_sources: Quotas::default().sources,
            allow_special_sources: false,
            account_prefix: AccountPrefix::default(),
            wait_limit_ms: 5_000,
            live: LiveSettings::default(),
        }
    }
}

/// The beginning of a route's path: `/` and one or more segments of letters, digits, `-`, `_`, `.` and `~`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

impl Prefix {
    /// The prefix as text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.0
    }
}

impl TryFrom<String> for Prefix {
    type Error = PrefixError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let is_segment = |segment: &str| !segment.is_empty() && segment.bytes().all(plain);
        match text.strip_prefix('/') {
            Some(rest) if rest.split('/').all(is_segment) => Ok(Self(text)),
            _ => Err(PrefixError(text)),
        }
    }
}

/// A prefix that no route can have.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no route prefix; write it like /api-gate-way")]
pub struct PrefixError(String);

/// What account names begin with: ASCII letters and digits, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountPrefix(pub(crate) NamePrefix, String);

impl AccountPrefix {
    /// For completing names.
    pub const fn names(&self) -> NamePrefix {
        self.0
    }
}

impl From<AccountPrefix> for String {
    fn from(prefix: AccountPrefix) -> Self {
        prefix.1
    }
}

impl TryFrom<String> for AccountPrefix {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Ok(Self(NamePrefix::parse(&text)?, text))
    }
}

/// How connections are served. Every limit holds for one listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Most connections at once; more wait in the kernel's queue.
    pub most_connections: usize,
    /// From accept to the end of the first request head, and from the first byte to the end of each later one.
    pub head_deadline_ms: u64,
    /// How long a connection may be idle between two requests.
    pub idle_limit_ms: u64,
    /// How long a client may take nothing of an answer.
    pub write_stall_ms: u64,
    /// The largest request head.
    pub head_limit_bytes: usize,
    /// The most headers in a request head.
    pub most_headers: usize,
    /// How long a shutdown waits for requests in flight.
    pub shutdown_grace_ms: u64,
    /// How long accepting pauses when the process is out of descriptors.
    pub accept_pause_ms: u64,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            most_connections: 4096,
            head_deadline_ms: 10_000,
            idle_limit_ms: 75_000,
            write_stall_ms: 30_000,
            head_limit_bytes: 64 * 1024,
            most_headers: 100,
            shutdown_grace_ms: 30_000,
            accept_pause_ms: 100,
        }
    }
}

impl ApiSettings {
    pub(crate) const fn quotas(&self) -> Quotas {
        Quotas { accounts: self.most_accounts, sources: self.most_allowed_sources }
    }

    pub(crate) const fn admitted_sources(&self) -> Admitted {
        if self.allow_special_sources { Admitted::Special } else { Admitted::Public }
    }

    pub(crate) const fn body_deadline(&self) -> Duration {
        Duration::from_millis(self.body_deadline_ms)
    }

    pub(crate) const fn request_deadline(&self) -> Duration {
        Duration::from_millis(self.request_deadline_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_paths_without_surprises() {
        for text in ["/api-gate-way", "/a/b", "/v1.2/~x_y"] {
            assert!(Prefix::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in ["", "/", "a", "/a/", "//a", "/a//b", "/{a}", "/a*", "/a?b", "/ü", "/a b"] {
            assert!(Prefix::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}

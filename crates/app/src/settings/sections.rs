//! The sections of the configuration that belong to the binary, and their defaults.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize, Serializer};
use turnpike_api::{ApiSettings, ServerSettings};
use turnpike_domain::quota::LeasePolicy;
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;
use turnpike_operator::OperatorSettings;

/// The `[store]` section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreSettings {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`; the embedded store in the data folder when not set.
    pub(crate) uri: Option<StoreUri>,
    /// Whether PostgreSQL is asked to tell of changes (LISTEN). Without, each process asks four times a second.
    pub(crate) notify: bool,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { uri: None, notify: true }
    }
}

/// Where the store is. May carry a password, so it is shown without one.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct StoreUri(String);

impl StoreUri {
    pub(crate) const fn new(uri: String) -> Self {
        Self(uri)
    }

    /// Whether it names a kind of store there is.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn check(&self) -> Result<()> {
        let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| self.0.starts_with(scheme));
        ensure!(known, "store.uri: write sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE");
        Ok(())
    }

    /// Whether the store is a file of this machine.
    pub(super) fn is_embedded(&self) -> bool {
        self.0.starts_with("sqlite:")
    }

    /// As it was given.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Without user name and password.
    fn masked(&self) -> String {
        match (self.0.split_once("://"), self.0.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, place))) => format!("{scheme}://***@{place}"),
            _ => self.0.clone(),
        }
    }
}

impl std::fmt::Debug for StoreUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for StoreUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

/// The `[api]` section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ApiSection {
    /// Where the API listens.
    pub(crate) listen: SocketAddr,
    /// How it answers.
    pub(crate) answers: ApiSettings,
    /// How its connections are served.
    pub(crate) server: ServerSettings,
}

impl Default for ApiSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8600)),
            answers: ApiSettings::default(),
            server: ServerSettings::default(),
        }
    }
}

/// The `[operator]` section: the API for the operator's programs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OperatorSection {
    /// Where it listens; `off` for nowhere. 127.0.0.1:8601.
    #[serde(with = "or_off")]
    pub(crate) listen: Option<SocketAddr>,
    /// How it answers.
    pub(crate) answers: OperatorSettings,
    /// How its connections are served.
    pub(crate) server: ServerSettings,
}

impl Default for OperatorSection {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8601))),
            answers: OperatorSettings::default(),
            server: ServerSettings { most_connections: 256, ..ServerSettings::default() },
        }
    }
}

/// The `[leases]` section: how quota is cut into leases.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LeaseSettings {
    /// The most one gateway holds for one account and has not written yet, in KB. When not set: 262144 for the gateway of
    /// a process with an embedded store, whose spool file is lost only with the store, and 16384 for all others.
    pub(crate) largest_kb: Option<u64>,
    /// A gateway whose spool file does not lie beside the store holds for one account at most this fraction of the package
    /// and of the account's limits. 1280.
    pub(crate) doubt_share: u64,
    /// The least that is granted while more is free, in KB. 64.
    pub(crate) smallest_kb: u64,
    /// A lease is at most this fraction of what is free. 4.
    pub(crate) share: u64,
    /// How long a gateway may use a lease, in seconds. 60.
    pub(crate) validity_s: u32,
    /// How much longer the store waits for its report, in seconds. 30.
    pub(crate) grace_s: u32,
    /// How much longer it goes on holding what a gateway that stays silent may have delivered, in seconds. 86400.
    pub(crate) escrow_s: u32,
}

impl Default for LeaseSettings {
    fn default() -> Self {
        Self {
            largest_kb: None,
            doubt_share: 1280,
            smallest_kb: 64,
            share: 4,
            validity_s: 60,
            grace_s: 30,
            escrow_s: 86_400,
        }
    }
}

impl LeaseSettings {
    /// Rules between the values.
    ///
    /// # Errors
    /// When one is broken.
    pub(super) fn check(&self) -> Result<()> {
        ensure!(self.smallest_kb > 0, "leases.smallest_kb: at least 1");
        ensure!(self.apart_kb() >= self.smallest_kb, "leases.largest_kb: at least smallest_kb");
        ensure!(self.apart_kb() <= 1024 * 1024, "leases.largest_kb: at most 1048576 (1 GB)");
        ensure!(self.share > 0, "leases.share: at least 1");
        ensure!((10..=3600).contains(&self.validity_s), "leases.validity_s: 10 to 3600");
        ensure!((5..=3600).contains(&self.grace_s), "leases.grace_s: 5 to 3600");
        ensure!(self.doubt_share > 0, "leases.doubt_share: at least 1");
        ensure!(self.escrow_s <= 30 * 86_400, "leases.escrow_s: at most 2592000 (30 days)");
        Ok(())
    }

    /// The largest lease of a gateway whose spool file may be lost by itself.
    fn apart_kb(&self) -> u64 {
        self.largest_kb.unwrap_or(16_384)
    }

    /// For the rules. `embedded` says that the store is a file of this machine.
    pub(super) fn policy(&self, embedded: bool) -> LeasePolicy {
        let beside_kb = embedded.then(|| self.largest_kb.unwrap_or(262_144));
        LeasePolicy {
            largest: Bytes::new(self.apart_kb().saturating_mul(1024)),
            largest_beside: beside_kb.map(|kb| Bytes::new(kb.saturating_mul(1024))),
            doubt_share: self.doubt_share,
            smallest: Bytes::new(self.smallest_kb.saturating_mul(1024)),
            share: self.share,
            validity: Span::from_secs(i64::from(self.validity_s)),
            grace: Span::from_secs(i64::from(self.grace_s)),
            escrow: Span::from_secs(i64::from(self.escrow_s)),
        }
    }
}

/// The `[jobs]` section: how often background work runs.
#[expect(clippy::struct_field_names, reason = "units stand last")]
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JobSettings {
    /// Between two looks for leases that lapsed, in seconds. 5.
    pub(crate) lapse_every_s: u64,
    /// Between two looks for packages that began, in seconds. 1.
    pub(crate) start_packages_every_s: u64,
    /// Between two looks for orders whose time to be paid is over, in seconds. 5.
    pub(crate) expire_orders_every_s: u64,
    /// Between two looks for static IPs that expired or whose grace time is over, in seconds. 1.
    pub(crate) end_static_ips_every_s: u64,
    /// Between two looks for endpoints whose time is over and whose ports are free again, in seconds. 1.
    pub(crate) end_endpoints_every_s: u64,
    /// Between two looks for what is to be bought again, in seconds. 60.
    pub(crate) buy_again_every_s: u64,
    /// Between two roll-ups of usage, in seconds. 60.
    pub(crate) roll_up_every_s: u64,
    /// Between two trims of the change feed, in seconds. 3600.
    pub(crate) trim_feed_every_s: u64,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self {
            lapse_every_s: 5,
            start_packages_every_s: 1,
            expire_orders_every_s: 5,
            end_static_ips_every_s: 1,
            end_endpoints_every_s: 1,
            buy_again_every_s: 60,
            roll_up_every_s: 60,
            trim_feed_every_s: 3600,
        }
    }
}

/// The `[activity]` section: what customers are told of their connections that failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ActivitySettings {
    /// For how long it is kept, in days. 7.
    pub(crate) keep_days: u32,
}

impl Default for ActivitySettings {
    fn default() -> Self {
        Self { keep_days: 7 }
    }
}

impl ActivitySettings {
    /// For how long it is kept.
    pub(crate) fn kept_for(&self) -> Span {
        Span::from_days(i64::from(self.keep_days))
    }
}

/// The `[watch]` section: where the process shows how it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WatchSettings {
    /// Where `/livez`, `/readyz` and `/metrics` are answered; `off` for nowhere. 127.0.0.1:8602.
    #[serde(with = "or_off")]
    pub(crate) listen: Option<SocketAddr>,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8602))) }
    }
}

/// An address, or the word `off`.
pub(crate) mod or_off {
    use std::net::SocketAddr;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// The word for no address.
    const OFF: &str = "off";

    #[expect(clippy::ref_option, reason = "serde asks for this form")]
    pub(crate) fn serialize<S: Serializer>(listen: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
        match listen {
            Some(address) => serializer.collect_str(address),
            None => serializer.serialize_str(OFF),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == OFF {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|error| D::Error::custom(format!("`{text}`: {error}; write ADDR:PORT or off")))
    }
}

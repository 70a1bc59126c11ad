//! The `[traces]` section: where spans are sent, and of how much.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// Whether this binary can send traces.
const CAN_TRACE: bool = cfg!(feature = "otel");

/// The `[traces]` section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TraceSettings {
    /// Where an OpenTelemetry collector takes spans by OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`; nowhere
    /// when not set.
    pub(crate) endpoint: Option<String>,
    /// The authority that its certificate is believed on, as a PEM file; those that browsers believe when not set.
    pub(crate) ca: Option<PathBuf>,
    /// Which part of all requests and connections is traced, 0 to 1. 1.
    pub(crate) sample_ratio: f64,
    /// How often spans are sent, in milliseconds. 5000.
    pub(crate) every_ms: u64,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self { endpoint: None, ca: None, sample_ratio: 1.0, every_ms: 5_000 }
    }
}

impl TraceSettings {
    /// Whether traces can be sent so.
    ///
    /// # Errors
    /// When not.
    pub(super) fn check(&self) -> Result<()> {
        ensure!((0.0..=1.0).contains(&self.sample_ratio), "traces.sample_ratio: 0 to 1");
        ensure!((10..=3_600_000).contains(&self.every_ms), "traces.every_ms: 10 to 3600000");
        let Some(endpoint) = &self.endpoint else { return Ok(()) };
        ensure!(
            CAN_TRACE,
            "traces.endpoint: this binary was built without traces; build it with `cargo build --release --features otel`"
        );
        let uri = endpoint.parse::<http::Uri>().ok().filter(|uri| uri.host().is_some());
        let known = uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
        ensure!(known, "traces.endpoint: write http://HOST:PORT/v1/traces, or https");
        Ok(())
    }
}

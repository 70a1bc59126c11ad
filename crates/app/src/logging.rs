//! Structured logs to standard error, as text or JSON lines. Times are UTC.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// The `[log]` section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSettings {
    /// One line of text or one JSON object an event.
    pub(crate) format: LogFormat,
    /// What is logged: `error`, `warn`, `info`, `debug`, or a filter such as `info,turnpike_gateway=debug`.
    pub(crate) level: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

impl LogSettings {
    /// Whether the level can be read.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) fn check(&self) -> Result<()> {
        self.filter().map(drop)
    }

    fn filter(&self) -> Result<EnvFilter> {
        EnvFilter::try_new(&self.level).with_context(|| format!("log.level: `{}` is no log filter", self.level))
    }

    /// Warnings and errors only, as text: for commands whose output is for a person.
    pub(crate) fn quiet() -> Self {
        Self { format: LogFormat::Text, level: "warn".to_owned() }
    }
}

/// How an event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Starts logging; called once.
///
/// # Errors
/// When the filter cannot be read.
pub(crate) fn start(settings: &LogSettings) -> Result<()> {
    let filter = settings.filter()?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true);
    match settings.format {
        LogFormat::Text => builder.with_ansi(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

//! Structured logs to standard error, as text or JSON lines. Times are UTC.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::traces;

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

/// Starts logging; called once. The filter can be changed later. `traces` hears what it wants of all that is told, whatever
/// the filter lets into the log.
///
/// # Errors
/// When the filter cannot be read.
pub(crate) fn start(settings: &LogSettings, traces: Option<traces::Listener>) -> Result<Filter> {
    let (filter, handle) = reload::Layer::new(settings.filter()?);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let lines = match settings.format {
        LogFormat::Text => lines.boxed(),
        // Within a request the innermost span has its number.
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(traces).with(lines.with_filter(filter)).init();
    Ok(Filter::of(handle))
}

/// What is logged, to be changed while it is.
pub(crate) struct Filter(Box<dyn Fn(EnvFilter) + Send + Sync>);

impl Filter {
    fn of<S: 'static>(handle: Handle<EnvFilter, S>) -> Self {
        Self(Box::new(move |filter| {
            if let Err(error) = handle.reload(filter) {
                tracing::error!(%error, "the log's filter could not be changed");
            }
        }))
    }

    /// The filter that these settings ask for, to be put in force by [`Filter::replace`].
    ///
    /// # Errors
    /// When it cannot be read.
    #[expect(clippy::unused_self, reason = "a filter is prepared for the log it will be put into")]
    pub(crate) fn prepare(&self, settings: &LogSettings) -> Result<EnvFilter> {
        settings.filter()
    }

    /// Puts another filter in force.
    pub(crate) fn replace(&self, filter: EnvFilter) {
        (self.0)(filter);
    }
}

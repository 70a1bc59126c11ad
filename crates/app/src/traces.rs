//! Traces for an OpenTelemetry collector, in builds with the feature `otel`: what goes on is told as `tracing` spans and
//! events anyway; here some of it becomes spans that are sent (`docs/decisions/0031-traces.md`).

#[cfg(feature = "otel")]
mod sender;
#[cfg(feature = "otel")]
mod sending;
#[cfg(feature = "otel")]
mod spans;

use tracing_subscriber::{Layer, Registry};

#[cfg(feature = "otel")]
pub(crate) use sending::Traces;

/// What hears of spans and events.
pub(crate) type Listener = Box<dyn Layer<Registry> + Send + Sync>;

/// In a build that cannot send any.
#[cfg(not(feature = "otel"))]
pub(crate) struct Traces;

#[cfg(not(feature = "otel"))]
impl Traces {
    /// Hears nothing and sends nothing; settings that ask for more were refused.
    #[expect(clippy::unnecessary_wraps, reason = "as in builds that can")]
    pub(crate) const fn start(_: &crate::settings::TraceSettings) -> anyhow::Result<(Self, Option<Listener>)> {
        Ok((Self, None))
    }
}

//! Spans on their way to the collector: sampled when they begin, sent in batches by a thread of their own.

use std::time::Duration;

use anyhow::{Context, Result};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use turnpike_link::Outgoing;

use super::Listener;
use super::sender::Sender;
use super::spans;
use crate::settings::TraceSettings;

/// How long a batch may take.
const BATCH_AT_MOST: Duration = Duration::from_secs(10);
/// How long the last batch may take when the process ends.
const LAST_BATCH_AT_MOST: Duration = Duration::from_secs(5);

/// Sends spans. What is left is sent when it is dropped, outside of any runtime.
pub(crate) struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Starts sending, when the settings say where to; and what hears of spans.
    ///
    /// # Errors
    /// When the collector's authority cannot be read, or a thread or runtime cannot be started.
    pub(crate) fn start(settings: &TraceSettings) -> Result<(Self, Option<Listener>)> {
        let Some(endpoint) = &settings.endpoint else { return Ok((Self(None), None)) };
        let outgoing = Outgoing::new(settings.ca.as_deref(), BATCH_AT_MOST).context("traces.ca")?;
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Sender::new(outgoing)?)
            .with_endpoint(endpoint)
            .build()
            .context("traces.endpoint")?;
        let pace = BatchConfigBuilder::default().with_scheduled_delay(Duration::from_millis(settings.every_ms));
        let batches = BatchSpanProcessor::builder(exporter).with_batch_config(pace.build()).build();
        let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(batches)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio))))
            .with_resource(Resource::builder().with_service_name("turnpike").with_attribute(version).build())
            .build();
        let listener = spans::listener(provider.tracer("turnpike"));
        Ok((Self(Some(provider)), Some(listener)))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        let Some(provider) = self.0.take() else { return };
        if let Err(error) = provider.shutdown_with_timeout(LAST_BATCH_AT_MOST) {
            tracing::warn!(%error, "the last traces may be lost");
        }
    }
}

//! What becomes a span: a request of an API, an act that writes, and, once it has ended, a client's connection. Names
//! follow OpenTelemetry's conventions where it has any; all others begin with `turnpike.`.

use std::borrow::Cow;
use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{Span as _, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, Key, KeyValue, Value};
use opentelemetry_sdk::trace::{SdkTracer, Span};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{self, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::Listener;
use crate::entropy;

/// Hears of spans and of connections that have ended, and of nothing else.
pub(super) fn listener(tracer: SdkTracer) -> Listener {
    Spans { tracer }.with_filter(filter_fn(is_traced)).boxed()
}

fn is_traced(metadata: &Metadata<'_>) -> bool {
    if metadata.is_span() {
        metadata.target().starts_with("turnpike_")
    } else {
        metadata.target() == turnpike_gateway::ENDED
    }
}

struct Spans {
    tracer: SdkTracer,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: layer::Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut told = Told::default();
        attributes.record(&mut told);
        let around = span.parent().and_then(|parent| Some(parent.extensions().get::<Span>()?.span_context().clone()));
        let around = around.map_or_else(Context::new, |around| Context::new().with_remote_span_context(around));
        let begun = self.tracer.build_with_context(told.begin(span.name()), &around);
        span.extensions_mut().insert(begun);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: layer::Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut told = Told::default();
        values.record(&mut told);
        if let Some(begun) = span.extensions_mut().get_mut::<Span>() {
            if told.failed {
                begun.set_status(Status::error(""));
            }
            begun.set_attributes(told.attributes);
        }
    }

    /// A connection has ended, or was refused: a span that begins and ends now.
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let mut told = Told::default();
        event.record(&mut told);
        let ended = now();
        let begun = ended.checked_sub(told.lasted).unwrap_or(ended);
        let builder = told.begin("connection").with_kind(SpanKind::Server).with_start_time(begun);
        self.tracer.build_with_context(builder, &Context::new()).end_with_timestamp(ended);
    }

    fn on_close(&self, id: Id, context: layer::Context<'_, S>) {
        let begun = context.span(&id).and_then(|span| span.extensions_mut().remove::<Span>());
        if let Some(mut begun) = begun {
            begun.end();
        }
    }
}

fn now() -> SystemTime {
    let since_epoch = Duration::from_millis(u64::try_from(entropy::now().ms()).unwrap_or_default());
    UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH)
}

/// What the fields of a span or event say.
#[derive(Default)]
struct Told {
    attributes: Vec<KeyValue>,
    method: Option<String>,
    route: Option<String>,
    act: Option<String>,
    failed: bool,
    lasted: Duration,
}

impl Told {
    /// A span of these attributes. A request is named by its route, an act by itself.
    fn begin(self, name: &'static str) -> SpanBuilder {
        let (kind, name) = match (self.method, self.route, self.act) {
            (Some(method), Some(route), _) => (SpanKind::Server, format!("{method} {route}").into()),
            (_, _, Some(act)) => (SpanKind::Internal, act.into()),
            _ => (SpanKind::Internal, name.into()),
        };
        SpanBuilder::from_name::<Cow<'static, str>>(name).with_kind(kind).with_attributes(self.attributes)
    }

    fn note(&mut self, field: &Field, value: impl Into<Value>) {
        self.attributes.push(KeyValue::new(key(field.name()), value));
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => return,
            "method" => self.method = Some(value.to_owned()),
            "route" => self.route = Some(value.to_owned()),
            "act" => self.act = Some(value.to_owned()),
            _ => {}
        }
        self.note(field, value.to_owned());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "lasted_us" => self.lasted = Duration::from_micros(value),
            name => {
                self.failed |= name == "status" && value >= 500;
                self.note(field, i64::try_from(value).unwrap_or(i64::MAX));
            }
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.note(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.failed |= field.name() == "failed" && value;
        self.note(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// What an attribute is called.
fn key(field: &'static str) -> Key {
    match field {
        "method" => Key::from_static_str("http.request.method"),
        "route" => Key::from_static_str("http.route"),
        "status" => Key::from_static_str("http.response.status_code"),
        "peer" | "source" => Key::from_static_str("client.address"),
        field => Key::from(format!("turnpike.{field}")),
    }
}

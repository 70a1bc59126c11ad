//! The metrics: every family with its name. No label carries anything of a customer.

mod descriptors;
mod gateway;

use std::collections::BTreeMap;
use std::fmt::{self, Error};
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use turnpike_store::timings::{BOUNDS_US, Durations, Timings};

use super::page::{Family, Page};
use super::requests::Requests;
use super::vitals::Vitals;

/// OpenMetrics 1.0.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics as they are now.
///
/// # Errors
/// When the page cannot be written.
pub(super) fn page(vitals: &Arc<Vitals>) -> Result<String, Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(All(Arc::clone(vitals))));
    let mut page = String::new();
    prometheus_client::encoding::text::encode(&mut page, &registry)?;
    Ok(page)
}

/// Everything there is, read when it is asked for.
struct All(Arc<Vitals>);

impl fmt::Debug for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("All")
    }
}

impl Collector for All {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let (mut page, vitals) = (Page(encoder), &self.0);
        build(&mut page)?;
        descriptors::write(&mut page)?;
        requests(&mut page, &vitals.requests)?;
        if let Some(gateway) = &vitals.gateway {
            gateway::write(&mut page, &gateway.status(), vitals.probed().exit_is_up)?;
        }
        if let Some(store) = &vitals.store {
            timings(&mut page, store.timings())?;
            let probed = vitals.probed();
            nodes(&mut page, &probed.nodes)?;
            let family =
                Family { name: "turnpike_payments_parked", help: "Payments that wait for the operator", unit: None };
            page.gauge(&family, probed.parked_payments)?;
        }
        Ok(())
    }
}

fn build(page: &mut Page<'_>) -> Result<(), Error> {
    let family = Family { name: "turnpike_build", help: "The version that runs", unit: None };
    page.begin(&family, MetricType::Info)?.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
}

fn requests(page: &mut Page<'_>, requests: &Requests) -> Result<(), Error> {
    let family = Family { name: "turnpike_api_requests", help: "Answers of the APIs, by code", unit: None };
    requests.answered.encode(page.begin(&family, MetricType::Counter)?)
}

fn timings(page: &mut Page<'_>, timings: &Timings) -> Result<(), Error> {
    let family = Family {
        name: "turnpike_store",
        help: "How long the store took, with waiting for a connection and repeats",
        unit: Some(Unit::Seconds),
    };
    let mut encoder = page.begin(&family, MetricType::Histogram)?;
    for (kind, durations) in [("read", &timings.reads), ("write", &timings.writes)] {
        let (sum, count, buckets) = histogram(durations);
        let label = [("kind", kind)];
        encoder.encode_family(&label)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
    }
    let family = Family { name: "turnpike_store_failures", help: "What the store could not do", unit: None };
    page.counter(&family, timings.failures())
}

fn nodes(page: &mut Page<'_>, nodes: &BTreeMap<&'static str, u64>) -> Result<(), Error> {
    let family = Family { name: "turnpike_nodes", help: "Gateways that the store knows, by state", unit: None };
    let samples: Vec<_> = nodes.iter().map(|(state, count)| (("state", *state), *count)).collect();
    page.gauges(&family, &samples)
}

/// Sum in seconds, count, and what is in each bucket by its upper bound in seconds.
fn histogram(durations: &Durations) -> (f64, u64, Vec<(f64, u64)>) {
    let (counts, sum_us) = durations.read();
    let bounds = BOUNDS_US.iter().map(|bound| Duration::from_micros(*bound).as_secs_f64()).chain([f64::INFINITY]);
    (Duration::from_micros(sum_us).as_secs_f64(), counts.iter().sum(), bounds.zip(counts).collect())
}

//! A page of metrics in the OpenMetrics text format, written family by family.

use std::fmt::Error;
use std::time::Duration;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::Unit;

/// A family's name, what it says, and its unit.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) unit: Option<Unit>,
}

/// One label of a sample: its name and its value.
pub(super) type Label<'a> = (&'static str, &'a str);

/// Writes families.
pub(super) struct Page<'a>(pub(super) DescriptorEncoder<'a>);

impl Page<'_> {
    /// A counter without labels.
    ///
    /// # Errors
    /// When the page cannot be written.
    pub(super) fn counter(&mut self, family: &Family, value: u64) -> Result<(), Error> {
        ConstCounter::new(value).encode(self.begin(family, ConstCounter::<u64>::TYPE)?)
    }

    /// A counter with one label.
    ///
    /// # Errors
    /// When the page cannot be written.
    pub(super) fn counters(&mut self, family: &Family, samples: &[(Label<'_>, u64)]) -> Result<(), Error> {
        let mut encoder = self.begin(family, ConstCounter::<u64>::TYPE)?;
        for (label, value) in samples {
            ConstCounter::new(*value).encode(encoder.encode_family(&[*label])?)?;
        }
        Ok(())
    }

    /// A gauge without labels.
    ///
    /// # Errors
    /// When the page cannot be written.
    pub(super) fn gauge(&mut self, family: &Family, value: u64) -> Result<(), Error> {
        ConstGauge::new(value).encode(self.begin(family, ConstGauge::<u64>::TYPE)?)
    }

    /// A gauge with one label.
    ///
    /// # Errors
    /// When the page cannot be written.
    pub(super) fn gauges(&mut self, family: &Family, samples: &[(Label<'_>, u64)]) -> Result<(), Error> {
        let mut encoder = self.begin(family, ConstGauge::<u64>::TYPE)?;
        for (label, value) in samples {
            ConstGauge::new(*value).encode(encoder.encode_family(&[*label])?)?;
        }
        Ok(())
    }

    /// A gauge of seconds without labels.
    ///
    /// # Errors
    /// When the page cannot be written.
    pub(super) fn seconds(&mut self, family: &Family, value: Duration) -> Result<(), Error> {
        ConstGauge::new(value.as_secs_f64()).encode(self.begin(family, ConstGauge::<f64>::TYPE)?)
    }

    /// Begins a family.
    ///
    /// # Errors
    /// When the page cannot be written.
    pub(super) fn begin<'s>(&'s mut self, family: &'s Family, kind: MetricType) -> Result<MetricEncoder<'s>, Error> {
        self.0.encode_descriptor(family.name, family.help, family.unit.as_ref(), kind)
    }
}

//! How exits are dialled and watched.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How exits are dialled and watched.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExitsSettings {
    /// For connecting to an upstream, and for its word where that does not hang on a target, in milliseconds. One that takes longer
    /// is out at once. 2 000.
    pub connect_ms: u64,
    /// Between two probes of an upstream that is in use, in seconds; 0 for none. One that is out is probed in any case. 30.
    pub probe_every_s: u64,
    /// Probes at once. 64.
    pub probes_at_once: usize,
}

impl Default for ExitsSettings {
    fn default() -> Self {
        Self { connect_ms: 2_000, probe_every_s: 30, probes_at_once: 64 }
    }
}

impl ExitsSettings {
    /// [`ExitsSettings::connect_ms`] as a duration.
    pub const fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    /// [`ExitsSettings::probe_every_s`] as a duration; `None` for never.
    pub const fn probe_every(&self) -> Option<Duration> {
        match self.probe_every_s {
            0 => None,
            seconds => Some(Duration::from_secs(seconds)),
        }
    }
}

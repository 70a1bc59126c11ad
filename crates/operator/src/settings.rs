//! What may be set: every limit and deadline of the operator's API.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How the operator's API answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperatorSettings {
    /// The largest body that is read; a larger one is answered 413.
    pub body_limit_bytes: usize,
    /// How long a body may take to arrive; a slower one is answered 408.
    pub body_deadline_ms: u64,
    /// How long a whole request may take; a slower one is answered 503.
    pub request_deadline_ms: u64,
    /// How long an answer waits for gateways with `wait=applied`.
    pub wait_limit_ms: u64,
    /// How long gateways may take to say which connections are open, or to end one.
    pub ask_limit_ms: u64,
    /// How many requests a token may make a second; a further one is answered 429. 0 is no limit.
    pub requests_per_second: u32,
}

impl Default for OperatorSettings {
    fn default() -> Self {
        Self {
            body_limit_bytes: 64 * 1024,
            body_deadline_ms: 20_000,
            request_deadline_ms: 30_000,
            wait_limit_ms: 5_000,
            ask_limit_ms: 3_000,
            requests_per_second: 0,
        }
    }
}

impl OperatorSettings {
    pub(crate) const fn body_deadline(&self) -> Duration {
        Duration::from_millis(self.body_deadline_ms)
    }

    pub(crate) const fn request_deadline(&self) -> Duration {
        Duration::from_millis(self.request_deadline_ms)
    }

    pub(crate) const fn wait_limit(&self) -> Duration {
        Duration::from_millis(self.wait_limit_ms)
    }

    pub(crate) const fn ask_limit(&self) -> Duration {
        Duration::from_millis(self.ask_limit_ms)
    }
}

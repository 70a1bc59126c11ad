//! The one task that tells the store which sessions were given which exit, and forgets what has ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use turnpike_domain::back_off::BackOff;
use turnpike_domain::ids::Incarnation;

use super::Exits;
use crate::ports::Admission;

/// How long news are gathered before they are told together.
const GATHER: Duration = Duration::from_millis(100);
/// How often what has ended is forgotten.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// After a failure: at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Keeps pins.
pub(crate) struct PinKeeper {
    pub(crate) port: Arc<dyn Admission>,
    pub(crate) exits: Arc<Exits>,
    pub(crate) node: Incarnation,
}

impl PinKeeper {
    /// Works until `stop`; what was given until then is told before it ends, if the store answers at once.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let sweeping = async {
            let mut pace = interval(SWEEP_EVERY);
            loop {
                pace.tick().await;
                self.exits.sweep_pins();
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = sweeping => {}
            () = self.tell() => {}
        }
        drop(self.tell_batch().await);
    }

    async fn tell(&self) {
        let mut back_off = BackOff::new(BACK_OFF.0, BACK_OFF.1, self.node.node.get().cast_unsigned());
        loop {
            self.exits.pins.news().await;
            sleep(GATHER).await;
            match self.tell_batch().await {
                Ok(()) => back_off.reset(),
                Err(error) => {
                    tracing::debug!(%error, "the store was not told of sessions");
                    sleep(back_off.pause()).await;
                }
            }
        }
    }

    async fn tell_batch(&self) -> Result<(), crate::ports::PortError> {
        let batch = self.exits.pins.waiting();
        if batch.is_empty() {
            return Ok(());
        }
        let told = self.port.pin(self.node, batch.clone()).await;
        told.inspect_err(|_| self.exits.pins.wait_again(batch))
    }
}

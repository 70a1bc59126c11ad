//! The one task that tells the store what became of connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use turnpike_domain::back_off::BackOff;
use turnpike_domain::ids::Incarnation;

use crate::ports::{Admission, PortError};
use crate::teller::desk::Desk;

/// How long entries are gathered before they are told together.
const GATHER: Duration = Duration::from_millis(250);
/// How often it is looked for such as were only counted.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// After a failure: at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Tells what was put down.
pub(crate) struct ActivityKeeper {
    pub(crate) port: Arc<dyn Admission>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) node: Incarnation,
}

impl ActivityKeeper {
    /// Works until `stop`; what was put down until then is told before it ends, if the store answers at once.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let counting = async {
            let mut pace = interval(COUNT_EVERY);
            loop {
                pace.tick().await;
                self.desk.activity.count_suppressed();
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = counting => {}
            () = self.tell() => {}
        }
        drop(self.tell_batch().await);
    }

    async fn tell(&self) {
        let mut back_off = BackOff::new(BACK_OFF.0, BACK_OFF.1, self.node.node.get().cast_unsigned());
        loop {
            self.desk.activity.news().await;
            sleep(GATHER).await;
            match self.tell_batch().await {
                Ok(()) => back_off.reset(),
                Err(error) => {
                    tracing::debug!(%error, "the store was not told what became of connections");
                    sleep(back_off.pause()).await;
                }
            }
        }
    }

    async fn tell_batch(&self) -> Result<(), PortError> {
        let activity = &self.desk.activity;
        let batch = activity.waiting();
        if batch.is_empty() {
            return Ok(());
        }
        let told = self.port.note_activity(self.node, batch.clone()).await;
        told.inspect_err(|_| activity.wait_again(batch))
    }
}

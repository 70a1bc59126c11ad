//! On how many gateways a change is in force.

use std::time::Duration;

use turnpike_domain::ids::FeedSeq;
use turnpike_domain::time::{Span, Timestamp};
use turnpike_store::node_state::NodeState;
use turnpike_store::{Tx, feed, node_state};

use crate::error::ServiceError;
use crate::service::Service;

/// How often the store is asked while receipts of other processes are missing.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// On how many of the living gateways everything up to a moment is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    /// So many have applied it.
    pub applied: usize,
    /// So many live: heard of within the time after which they refuse new connections, and not drained or revoked.
    pub total: usize,
}

impl Effective {
    /// Whether no living gateway is behind.
    pub const fn is_everywhere(self) -> bool {
        self.applied == self.total
    }
}

impl std::fmt::Display for Effective {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.applied, self.total)
    }
}

impl Service {
    /// Waits until everything that is committed by now is in force on all living gateways, at most for `patience`, and
    /// says on how many it is.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn effective_everywhere(&self, patience: Duration) -> Result<Effective, ServiceError> {
        let reach = self.store.read(async |tx: &mut Tx| feed::reach(tx).await).await?;
        let until = tokio::time::Instant::now().checked_add(patience);
        loop {
            let effective = self.effective(reach.newest).await?;
            let late = until.is_none_or(|until| tokio::time::Instant::now() >= until);
            if effective.is_everywhere() || late {
                return Ok(effective);
            }
            self.shared.places.movement(LOOK_EVERY).await;
        }
    }

    async fn effective(&self, place: Option<FeedSeq>) -> Result<Effective, ServiceError> {
        let living = self.living_nodes().await?;
        let has_it = |node: &&NodeState| node.applied.max(self.shared.places.of(node.id)) >= place;
        Ok(Effective { applied: living.iter().filter(has_it).count(), total: living.len() })
    }

    /// Gateways that were last heard of before this moment let nobody in any more.
    pub fn oldest_living_contact(&self) -> Timestamp {
        self.now().minus(Span::from_ms(i64::try_from(self.staleness().as_millis()).unwrap_or(i64::MAX)))
    }

    /// Gateways that may let somebody in.
    pub(crate) async fn living_nodes(&self) -> Result<Vec<NodeState>, ServiceError> {
        let oldest = self.oldest_living_contact();
        let mut heard = self.store.read(async |tx: &mut Tx| node_state::since(tx, oldest).await).await?;
        heard.retain(|node| node.left_at.is_none() && node.revoked_at.is_none());
        Ok(heard)
    }
}

//! A gateway that may not go on: found out by whichever of its tasks asks first, heeded by all.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::ports::Fence;

/// Whether this gateway is fenced. Clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fencing {
    done: CancellationToken,
    why: Arc<OnceLock<Fence>>,
}

impl Fencing {
    /// It is fenced from here on; the first cause is the one that is told.
    pub(crate) fn fence(&self, why: Fence) {
        self.why.get_or_init(|| why);
        self.done.cancel();
    }

    pub(crate) fn is_fenced(&self) -> bool {
        self.done.is_cancelled()
    }

    /// Resolves when it is fenced.
    pub(crate) async fn fenced(&self) -> Fence {
        self.done.cancelled().await;
        // The cause is there before the token is cancelled.
        self.why.get().copied().unwrap_or(Fence::Overtaken)
    }
}

//! Every live endpoint and every connection takes a descriptor: the process may have as many as its hard limit says, not as few as
//! the soft one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit. Where that is refused it stays, and who runs out of descriptors is told so then.
pub(crate) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => tracing::debug!(from = current, to = maximum, "raised the limit of open descriptors"),
        Err(error) => tracing::warn!(%error, "the limit of open descriptors stays"),
    }
}

//! How many descriptors the process has open, and may.

use std::fmt::Error;

use rustix::process::{Resource, getrlimit};

use super::super::page::{Family, Page};

/// Writes both.
///
/// # Errors
/// When the page cannot be written.
pub(super) fn write(page: &mut Page<'_>) -> Result<(), Error> {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    page.gauge(&Family { name: "process_max_fds", help: "Descriptors that may be open", unit: None }, most)?;
    // Looking takes one descriptor: when there is none left, all are open. One of those counted is the looking's own.
    let open = std::fs::read_dir("/proc/self/fd").map_or(most, |open| u64::try_from(open.count()).unwrap_or(most));
    page.gauge(&Family { name: "process_open_fds", help: "Descriptors that are open", unit: None }, open)
}

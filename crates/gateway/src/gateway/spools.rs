//! The spool files of a data folder: this process takes the first that no other holds, and settles what it finds in the
//! others that nobody holds.

use std::path::{Path, PathBuf};

use turnpike_domain::ids::NodeId;
use turnpike_spool::{Spool, SpoolError};

use super::StartError;
use crate::ports::{Admission, Leases};
use crate::settings::Settings;
use crate::teller;

/// Processes that may share a folder while they hand over to one another.
const MOST_SPOOLS: u32 = 8;

/// Opens a spool for this process and settles what others left behind.
pub(super) async fn open(
    settings: &Settings,
    admission: &dyn Admission,
    leases: &dyn Leases,
    fresh_node: NodeId,
) -> Result<Spool, StartError> {
    let mut own = None;
    for turn in 1..=MOST_SPOOLS {
        let path = numbered(&settings.spool, turn);
        if own.is_some() && !path.exists() {
            continue;
        }
        let node = NodeId::new(fresh_node.get().wrapping_add(i64::from(turn)));
        match settled(&path, settings.spool_slots, leases, node).await {
            Err(StartError::Spool(SpoolError::InUse)) => {}
            Ok(spool) if own.is_none() => own = Some(spool),
            // What a process left behind whose place is not needed any more.
            Ok(spool) => admission.leave(spool.incarnation()).await?,
            Err(error) if own.is_some() => tracing::warn!(%error, spool = %path.display(), "left as it is"),
            Err(error) => return Err(error),
        }
    }
    let own = own.ok_or(SpoolError::InUse)?;
    if u32::try_from(own.capacity()) != Ok(settings.spool_slots) {
        let (slots, wanted) = (own.capacity(), settings.spool_slots);
        tracing::warn!(slots, wanted, "the spool file keeps the number of slots it was made with");
    }
    Ok(own)
}

async fn settled(path: &Path, slots: u32, leases: &dyn Leases, fresh_node: NodeId) -> Result<Spool, StartError> {
    let opened = Spool::open(path, slots, fresh_node)?;
    let (spool, found, damaged) = (opened.spool, opened.found, opened.damaged);
    if !damaged.is_empty() {
        tracing::error!(slots = ?damaged, "damaged lease slots; what was used of their leases is not billed");
    }
    if !found.is_empty() {
        tracing::info!(leases = found.len(), spool = %path.display(), "settling what an earlier process left behind");
    }
    teller::settle_found(leases, &spool, found).await?;
    Ok(spool)
}

/// `leases.spool`, `leases-2.spool`, `leases-3.spool` …
fn numbered(first: &Path, turn: u32) -> PathBuf {
    if turn == 1 {
        return first.to_owned();
    }
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let (stem, extension) = (part(first.file_stem()), part(first.extension()));
    first.with_file_name(format!("{stem}-{turn}.{extension}"))
}

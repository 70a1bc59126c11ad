//! How a gateway stands, for whoever watches it.

use std::time::Duration;

use turnpike_domain::endpoint::EntryName;
use turnpike_domain::ids::FeedSeq;

use crate::directory::Directory;
use crate::endpoints::Endpoints;
use crate::exit::{ExitCounts, Ward};
use crate::registry::Totals;

/// How a gateway stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Connections, bytes and refusals.
    pub totals: Totals,
    /// How long the oldest lease is held that is not settled.
    pub oldest_lease: Option<Duration>,
    /// Bytes that were written and are not booked by the store yet.
    pub unsettled: u64,
    /// How long ago the store was last heard of; `None` before the first time.
    pub contact_age: Option<Duration>,
    /// The place in the feed up to which every change is in force.
    pub position: Option<FeedSeq>,
    /// What happened to exits.
    pub exits: ExitCounts,
    /// Of how many connections that failed nobody will hear, because the store did not listen for too long.
    pub activity_dropped: u64,
    /// On how many ports of extracted endpoints it listens, by entry.
    pub endpoints: Vec<(EntryName, u64)>,
}

impl Status {
    pub(super) fn of(directory: &Directory, ward: &Ward, endpoints: &Endpoints) -> Self {
        let desk = directory.desk();
        let books = *desk.books.lock();
        Self {
            totals: desk.registry.totals(),
            oldest_lease: books.oldest.map(|since| since.elapsed()),
            unsettled: books.unsettled,
            contact_age: directory.contact_age(),
            position: directory.place(),
            exits: exits(directory, ward),
            activity_dropped: desk.activity.dropped(),
            endpoints: endpoints.counts(),
        }
    }
}

fn exits(directory: &Directory, ward: &Ward) -> ExitCounts {
    let pool = directory.exits().pool();
    let out = pool.exits().iter().filter(|exit| exit.health.is_out()).count();
    let up = pool.exits().len().saturating_sub(out);
    let [up, out] = [up, out].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
    ExitCounts { up, out, ..ward.counts() }
}

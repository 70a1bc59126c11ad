//! The snapshot, read line by line while it arrives.

use futures_util::stream::{self, Stream};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use turnpike_domain::directory::{AccountEntry, SnapshotPart};

use super::calls::{Calls, Failure};
use crate::wire::{SnapshotLine, path};

/// The longest line: a thousand customers with full allow lists, and room to spare.
const LINE_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// Everything, in parts, as they arrive.
pub(super) fn snapshot(calls: &Calls) -> impl Stream<Item = Result<SnapshotPart, Failure>> + Send + '_ {
    stream::try_unfold(None, async move |lines: Option<Lines>| {
        let mut lines = match lines {
            Some(lines) => lines,
            None => Lines { body: calls.begin(path::SNAPSHOT).await?.into_body(), unread: Vec::new() },
        };
        let part = part(lines.next(calls).await?)?;
        Ok(part.map(|part| (part, Some(lines))))
    })
}

/// An answer that is being read.
struct Lines {
    body: Incoming,
    unread: Vec<u8>,
}

impl Lines {
    async fn next(&mut self, calls: &Calls) -> Result<SnapshotLine, Failure> {
        let mut searched = 0;
        loop {
            let end = self.unread.get(searched..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'));
            if let Some(end) = end {
                let line: Vec<u8> = self.unread.drain(..=searched.saturating_add(end)).collect();
                return serde_json::from_slice(&line)
                    .map_err(|error| Failure::Broken(format!("the snapshot: {error}")));
            }
            searched = self.unread.len();
            if searched > LINE_LIMIT_BYTES {
                return Err(Failure::Broken("the snapshot has too long a line".to_owned()));
            }
            self.read_on(calls).await?;
        }
    }

    async fn read_on(&mut self, calls: &Calls) -> Result<(), Failure> {
        let late = |_| Failure::Broken("the snapshot does not go on".to_owned());
        let frame = tokio::time::timeout(calls.snapshot_pause(), self.body.frame()).await.map_err(late)?;
        let frame = frame.ok_or_else(|| Failure::Broken("the snapshot was cut off".to_owned()))?;
        let frame = frame.map_err(|error| Failure::Broken(format!("the snapshot was cut off: {error}")))?;
        self.unread.extend_from_slice(&frame.into_data().unwrap_or_default());
        Ok(())
    }
}

/// What a line says; `None` when it was the last.
fn part(line: SnapshotLine) -> Result<Option<SnapshotPart>, Failure> {
    Ok(match line {
        SnapshotLine::Begin(seq) => Some(SnapshotPart::Begin(seq)),
        SnapshotLine::Exits(exits) => Some(SnapshotPart::Exits(exits)),
        SnapshotLine::Pins(pins) => Some(SnapshotPart::Pins(pins)),
        SnapshotLine::Customers(customers) => Some(SnapshotPart::Customers(customers)),
        SnapshotLine::Accounts(accounts) => {
            let accounts = accounts.into_iter().map(AccountEntry::try_from).collect::<Result<_, _>>();
            Some(SnapshotPart::Accounts(accounts.map_err(|error| Failure::Broken(error.to_string()))?))
        }
        SnapshotLine::Endpoints(endpoints) => Some(SnapshotPart::Endpoints(endpoints)),
        SnapshotLine::End => None,
    })
}

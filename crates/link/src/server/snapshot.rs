//! The snapshot as lines, read from the store while they are sent: a slow gateway keeps a few lines in memory and no
//! transaction open.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use http::header::CONTENT_TYPE;
use turnpike_domain::directory::SnapshotPart;
use turnpike_service::ServiceError;

use super::{Api, Refused};
use crate::wire::SnapshotLine;

/// Sends everything.
pub(super) async fn send(State(api): State<Api>) -> Result<Response, Refused> {
    let mut lines = Box::pin(lines(&api));
    // Only what fails before the first line can still be told; after that the missing last line tells.
    let first = lines.try_next().await?.unwrap_or_default();
    let whole = stream::once(std::future::ready(Ok(first))).chain(lines);
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(whole)).into_response())
}

/// Every line, as it is asked for.
fn lines(api: &Api) -> impl Stream<Item = Result<Bytes, ServiceError>> + Send + use<> {
    let parts = api.service.directory_parts().map_ok(SnapshotLine::from);
    let end = stream::once(std::future::ready(Ok(SnapshotLine::End)));
    parts.chain(end).map_ok(|line| written(&line))
}

impl From<SnapshotPart> for SnapshotLine {
    fn from(part: SnapshotPart) -> Self {
        match part {
            SnapshotPart::Begin(seq) => Self::Begin(seq),
            SnapshotPart::Exits(exits) => Self::Exits(exits),
            SnapshotPart::Pins(pins) => Self::Pins(pins),
            SnapshotPart::Endpoints(endpoints) => Self::Endpoints(endpoints),
            SnapshotPart::Customers(customers) => Self::Customers(customers),
            SnapshotPart::Accounts(accounts) => Self::Accounts(accounts.into_iter().map(Into::into).collect()),
        }
    }
}

fn written(line: &SnapshotLine) -> Bytes {
    // A line of numbers and texts can always be written; an empty one would make the gateway ask again.
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text.into()
}

//! Calls whose answers are kept in memory.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;

use super::{Act, Api, Caller, Rules, Wish, carry_out_once};
use crate::error::ApiError;
use crate::kept::{Kept, Reader};

/// Answers one request at a route with what is kept: whole, compressed, or as what the client has already.
pub(crate) async fn kept<W, F>(
    api: Api,
    (path, rules): (&'static str, Rules),
    act: impl Act<Caller, W, F>,
    request: Request,
) -> Response
where
    W: Wish,
    F: Future<Output = Result<Arc<Kept>, ApiError>>,
{
    let reader = Reader::of(request.headers());
    carry_out_once(api, (path, rules), request, act, |kept: Arc<Kept>, _| kept.response(&reader)).await
}

//! Counts what the APIs answer. Labels are an API's name and a code, never anything of a customer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// Answers so far.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    pub(super) answered: Family<Answered, Counter>,
}

/// What kind of answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Answered {
    api: &'static str,
    /// The code in the envelope of the customer API; the HTTP status elsewhere.
    code: u32,
}

/// Counts an answer; a layer around an API's router.
pub(crate) async fn count(
    State((api, requests)): State<(&'static str, Arc<Requests>)>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let code = turnpike_api::envelope_code(&response).unwrap_or_else(|| u32::from(response.status().as_u16()));
    requests.answered.get_or_create(&Answered { api, code }).inc();
    response
}

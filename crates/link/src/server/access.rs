//! Who calls: the credential in `Authorization: Bearer`.

use axum::extract::State;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use turnpike_service::{NodeAccess, Service};

use super::{Call, Refused};
use crate::wire::Why;

/// The longest credential that is looked up, in bytes. Ours have 64.
const LONGEST_CREDENTIAL: usize = 128;

/// Lets a call through that shows a credential in force, and notes whose it is.
pub(super) async fn require(State(service): State<Service>, mut call: Call, next: Next) -> Response {
    let Some(secret) = bearer(call.headers()) else {
        let mut refused = Refused::new(Why::Unknown, "show a credential as `Authorization: Bearer`").into_response();
        refused.headers_mut().insert(WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
        return refused;
    };
    match service.authenticate_node(secret).await {
        Ok(NodeAccess::Granted(credential)) => {
            call.extensions_mut().insert(credential);
            next.run(call).await
        }
        Ok(NodeAccess::Revoked) => Refused::new(Why::Revoked, "this machine's credential was revoked").into_response(),
        Ok(NodeAccess::Unknown) => Refused::new(Why::Unknown, "nobody gave out this credential").into_response(),
        Err(error) => Refused::from(error).into_response(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    let fits = scheme.eq_ignore_ascii_case("bearer") && secret.len() <= LONGEST_CREDENTIAL;
    fits.then_some(secret)
}

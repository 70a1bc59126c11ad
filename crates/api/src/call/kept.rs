//! Calls whose answers are kept in memory.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;

use super::{Act, Api, Caller, Outcome, Rules, Who, Wish, admit, failed, read};
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
    let admitted = match admit::<Caller>(api, (path, rules), request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.into_response(),
    };
    let (customer, language) = (admitted.caller.customer(), admitted.desk.language);
    let found = async {
        let wish = read(&admitted.parameters?, &admitted.desk)?;
        act(admitted.caller, wish).await
    };
    match found.await {
        Ok(kept) => {
            let mut response = kept.response(&reader);
            response.extensions_mut().insert(Outcome { code: rules.success.code, customer });
            response
        }
        Err(error) => failed(&error, language, customer),
    }
}

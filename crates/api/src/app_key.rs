//! Finding the `app_key` in a request (contract 0.2). Every doubt is code 3.

use crate::error::ApiError;
use crate::intake::Intake;
use crate::parameters::{Given, Parameters};

/// How many characters an `app_key` has.
const LENGTH: usize = 32;

/// The one `app_key` of a request, in its right form: 32 lower-case hexadecimal digits.
///
/// # Errors
/// [`ApiError::SessionInvalid`] when there is none, when query and body differ, or when it has another form. A bearer
/// token is never an `app_key`.
pub(crate) fn find(intake: &Intake) -> Result<&str, ApiError> {
    let key = match (given(&intake.query)?, given(&intake.body)?) {
        (Some(query), Some(body)) if query != body => return Err(ApiError::SessionInvalid),
        (query, body) => query.or(body).ok_or(ApiError::SessionInvalid)?,
    };
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if key.len() == LENGTH && key.bytes().all(is_hex) { Ok(key) } else { Err(ApiError::SessionInvalid) }
}

fn given(parameters: &Parameters) -> Result<Option<&str>, ApiError> {
    match parameters.get("app_key") {
        None | Some(Given::Null) => Ok(None),
        Some(Given::Text(key)) => Ok(Some(key.as_str()).filter(|key| !key.is_empty())),
        Some(Given::Number(_) | Given::Boolean(_) | Given::Unusable | Given::Repeated) => Err(ApiError::SessionInvalid),
    }
}

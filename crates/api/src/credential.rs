//! Finding out who calls: the `app_key`, else the bearer token of a session (contract 0.2). Every doubt is code 3.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use turnpike_service::{CustomerView, Service};

use crate::error::ApiError;
use crate::intake::Intake;
use crate::parameters::{Given, Parameters};

/// How many characters an `app_key` has.
const KEY_LENGTH: usize = 32;

/// The customer who calls. A key that is not empty decides, whatever else is presented.
///
/// # Errors
/// [`ApiError::SessionInvalid`] when nobody is known by what is presented, or the store's.
pub(crate) async fn customer(
    service: &Service,
    intake: &Intake,
    headers: &HeaderMap,
) -> Result<CustomerView, ApiError> {
    let found = match app_key(intake)? {
        Some(key) => service.authenticate(key).await?,
        None => match bearer(headers) {
            Some(token) => service.authenticate_session(token).await?,
            None => None,
        },
    };
    found.ok_or(ApiError::SessionInvalid)
}

/// The one `app_key` of a request, in its right form: 32 lower-case hexadecimal digits. `None` when none is given.
///
/// # Errors
/// [`ApiError::SessionInvalid`] when query and body differ, or when it has another form.
fn app_key(intake: &Intake) -> Result<Option<&str>, ApiError> {
    let key = match (given(&intake.query)?, given(&intake.body)?) {
        (Some(query), Some(body)) if query != body => return Err(ApiError::SessionInvalid),
        (query, body) => query.or(body),
    };
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match key {
        Some(key) if key.len() != KEY_LENGTH || !key.bytes().all(is_hex) => Err(ApiError::SessionInvalid),
        key => Ok(key),
    }
}

fn given(parameters: &Parameters) -> Result<Option<&str>, ApiError> {
    match parameters.get("app_key") {
        None | Some(Given::Null) => Ok(None),
        Some(Given::Text(key)) => Ok(Some(key.as_str()).filter(|key| !key.is_empty())),
        Some(Given::Number(_) | Given::Boolean(_) | Given::Unusable | Given::Repeated) => Err(ApiError::SessionInvalid),
    }
}

/// The one token of `Authorization: Bearer TOKEN` (RFC 6750, 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(values: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn a_bearer_token_is_read_from_one_header() {
        assert_eq!(token(&["Bearer a.b.c"]).as_deref(), Some("a.b.c"));
        assert_eq!(token(&["bearer  a.b.c"]).as_deref(), Some("a.b.c"));
        assert_eq!(token(&[]), None);
        assert_eq!(token(&["Basic a"]), None);
        assert_eq!(token(&["Bearer"]), None);
        assert_eq!(token(&["Bearer a.b.c", "Bearer a.b.c"]), None);
    }
}

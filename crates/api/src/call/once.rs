//! Requests with an `Idempotency-Key`: carried out once, answered with the same bytes for seven days.

use std::sync::Arc;

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use turnpike_service::{Once, OnceTicket};

use super::{Act, Desk, Done, Who, Wish, read};
use crate::envelope::{Nothing, Written};
use crate::error::ApiError;
use crate::field_error::{FieldError, FieldErrors};
use crate::parameters::Parameters;

const HEADER: &str = "idempotency-key";
/// The longest key, in characters.
const LONGEST_KEY: usize = 255;
/// How often a request begins again that another process turns out to have carried out.
const MOST_BEGINNINGS: usize = 3;

/// What is asked for, and under which key.
pub(super) struct Asked<'a> {
    pub(super) scope: &'a str,
    pub(super) key: &'a str,
    pub(super) path: &'static str,
    pub(super) parameters: &'a Parameters,
}

impl Asked<'_> {
    /// Everything that makes it this request and no other. Who asks is in the scope, and the language changes nothing.
    fn written(&self) -> Vec<u8> {
        let mut written = Vec::from(self.path);
        written.push(0);
        for (name, given) in self.parameters.iter().filter(|(name, _)| !matches!(*name, "app_key" | "language")) {
            for part in [name, &format!("{given:?}")] {
                written.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                written.extend_from_slice(part.as_bytes());
            }
        }
        written
    }
}

/// The request's key, if it has one.
pub(super) fn key(headers: &HeaderMap) -> Option<Result<String, ApiError>> {
    let mut values = headers.get_all(HEADER).iter();
    let first = values.next()?;
    let key = first.to_str().ok().filter(|_| values.next().is_none());
    let is_key = |key: &&str| (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let refused = || ApiError::Parameters(FieldErrors::one("Idempotency-Key", FieldError::IdempotencyKey));
    Some(key.filter(is_key).map(str::to_owned).ok_or_else(refused))
}

/// Carries a request out, or says again what was said before.
pub(super) async fn carry_out<C, W, D, F>(
    desk: &Desk,
    caller: &C,
    asked: &Asked<'_>,
    act: impl Act<C, W, F>,
) -> Result<Done, ApiError>
where
    C: Who,
    W: Wish,
    D: Serialize,
    F: Future<Output = Result<D, ApiError>>,
{
    let hash = desk.service.request_hash(&[&asked.written()]);
    for _ in 0..MOST_BEGINNINGS {
        let ticket = match desk.service.begin_once(asked.scope, asked.key, hash).await? {
            Once::First(ticket) => Arc::new(ticket),
            Once::Again(kept) => {
                let code = code_of(&kept.body).unwrap_or(desk.success.code);
                return Ok(Done { written: Written::of_kept(kept), code, again: true });
            }
            Once::Lost => {
                let written = Written::success(desk.success, &Nothing, desk.language);
                return Ok(Done { written, code: desk.success.code, again: true });
            }
            Once::Other => return Err(ApiError::KeyReused),
            Once::UnderWay => return Err(ApiError::KeyUnderWay),
        };
        let wish = read(asked.parameters, desk)?;
        let (written, code) = match act(caller.with_ticket(Arc::clone(&ticket)), wish).await {
            Ok(data) => (Written::success(desk.success, &data, desk.language), desk.success.code),
            Err(ApiError::DoneBefore) => continue,
            Err(error) if error.is_final() => (Written::failure(&error, desk.language), error.code()),
            Err(error) => return Err(error),
        };
        keep(desk, ticket, &written).await?;
        return Ok(Done { written, code, again: false });
    }
    Err(ApiError::Unavailable)
}

/// Nothing goes out that would not go out again.
async fn keep(desk: &Desk, ticket: Arc<OnceTicket>, written: &Written) -> Result<(), ApiError> {
    // What carried the act out has let go of it by now.
    let ticket = Arc::into_inner(ticket).ok_or(ApiError::Unavailable)?;
    Ok(desk.service.keep_answer(ticket, &written.to_kept()).await?)
}

/// The code in a kept answer, for the log.
fn code_of(json: &[u8]) -> Option<u16> {
    #[derive(Deserialize)]
    struct Code {
        code: u16,
    }
    serde_json::from_slice(json).ok().map(|Code { code }| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code of a refusal, or the key.
    fn read(values: &[&str]) -> Option<Result<String, u16>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        key(&headers).map(|key| key.map_err(|error| error.code()))
    }

    #[test]
    fn a_key_is_one_header_of_at_most_255_visible_characters() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["a!~"]), Some(Ok("a!~".to_owned())));
        assert!(matches!(read(&[&"k".repeat(255)]), Some(Ok(_))));
        for refused in [&[""][..], &[" "], &["a b"], &["é"], &[&"k".repeat(256)], &["a", "a"]] {
            assert_eq!(read(refused), Some(Err(400)), "{refused:?}");
        }
    }

    #[test]
    fn what_is_asked_is_told_apart_and_key_and_language_do_not_count() {
        let written = |path: &'static str, query: &str| {
            let parameters = Parameters::of_query(query).unwrap();
            Asked { scope: "customer:1", key: "k", path, parameters: &parameters }.written()
        };
        assert_eq!(written("/a", "x=1&y=2"), written("/a", "y=2&x=1&app_key=z&language=en"));
        let others = ["x=1&y=2", "x=1&y=3", "x=1", "x=1&y=2&z=", "x=12&y=", "xy=1&=2", ""];
        for (place, one) in others.iter().enumerate() {
            assert!(others[place + 1..].iter().all(|other| written("/a", one) != written("/a", other)), "{one}");
            assert_ne!(written("/a", one), written("/b", one));
        }
    }
}

//! Requests with an `Idempotency-Key`: carried out once, answered with the same bytes for seven days.

use std::sync::Arc;

use axum::response::Response;
use http::HeaderMap;
use serde::Serialize;
use turnpike_service::Once;

use super::{Act, Case, carry_out as act_on, response};
use crate::desk::Desk;
use crate::members::Wish;
use crate::problem::{Kind, Problem};

const HEADER: &str = "idempotency-key";
/// The longest key, in characters.
const LONGEST_KEY: usize = 255;
/// How often a request begins again that another process turns out to have carried out.
const MOST_BEGINNINGS: usize = 3;

/// The request's key, if it has one.
pub(super) fn key(headers: &HeaderMap) -> Option<Result<String, Problem>> {
    let mut values = headers.get_all(HEADER).iter();
    let first = values.next()?;
    let key = first.to_str().ok().filter(|_| values.next().is_none());
    let is_key = |key: &&str| (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let refused = || Problem::new(Kind::IdempotencyKey, "a key is 1 to 255 visible ASCII characters, given once");
    Some(key.filter(is_key).map(str::to_owned).ok_or_else(refused))
}

/// Carries a request out, or says again what was said before.
pub(super) async fn carry_out<W, D, F>(case: &Case, key: &str, act: impl Act<W, F>) -> Result<Response, Problem>
where
    W: Wish,
    D: Serialize,
    F: Future<Output = Result<D, Problem>>,
{
    let service = &case.desk.service;
    for _ in 0..MOST_BEGINNINGS {
        let ticket = match service.begin_once(&case.scope, key, case.asked).await? {
            Once::First(ticket) => Arc::new(ticket),
            Once::Again(kept) => return Ok(response(kept, true)),
            Once::Lost => return Err(Problem::new(Kind::AnswerLost, "look at what is there now")),
            Once::Other => return Err(Problem::new(Kind::KeyReused, "take a new key for another request")),
            Once::UnderWay => return Err(Problem::new(Kind::KeyUnderWay, "ask again in a moment")),
        };
        let desk = Desk { ticket: Some(Arc::clone(&ticket)), ..case.desk.clone() };
        let answer = match act_on(desk, act.clone(), case.read::<W>()?).await {
            Ok(answer) => answer,
            Err(problem) if problem.was_done_before() => continue,
            Err(problem) if problem.is_final() => problem.to_kept(&case.desk.path),
            Err(problem) => return Err(problem),
        };
        // What carried the act out has let go of it by now.
        let ticket = Arc::into_inner(ticket).ok_or_else(Problem::internal)?;
        // Nothing goes out that would not go out again.
        service.keep_answer(ticket, &answer).await?;
        return Ok(response(answer, false));
    }
    Err(Problem::unavailable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_header_of_at_most_255_visible_characters() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            key(&headers).map(Result::ok)
        };
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["a!~"]), Some(Some("a!~".to_owned())));
        for refused in [&[""][..], &["a b"], &["é"], &[&"k".repeat(256)], &["a", "a"]] {
            assert_eq!(read(refused), Some(None), "{refused:?}");
        }
    }
}

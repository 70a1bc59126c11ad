//! Taking a request in: its query and its JSON body, whole, within limits.

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{JSON, malformed};
use crate::problem::{FieldProblem, Kind, PROBLEM_JSON, Problem};
use crate::settings::OperatorSettings;

/// The most parameters a query may have.
const MOST_PARAMETERS: usize = 32;

/// What came with a request.
pub(super) struct Intake {
    /// Every value a text.
    pub(super) query: Map<String, Value>,
    /// An absent body is an empty object.
    pub(super) body: Map<String, Value>,
    pub(super) raw_body: Bytes,
}

impl Intake {
    /// Reads query and body.
    ///
    /// # Errors
    /// When they cannot be read, are too large, too slow, or of another media type.
    pub(super) async fn of(parts: &Parts, body: Body, settings: &OperatorSettings) -> Result<Self, Problem> {
        let query = query(parts.uri.query().unwrap_or_default())?;
        let raw_body = bytes(body, settings).await?;
        if raw_body.is_empty() {
            return Ok(Self { query, body: Map::new(), raw_body });
        }
        check_media_type(&parts.headers)?;
        let body = match serde_json::from_slice(&raw_body) {
            Ok(Value::Object(body)) => body,
            Ok(_) => return Err(malformed("the body must be a JSON object")),
            Err(error) => return Err(malformed(&format!("the body is no JSON: {error}"))),
        };
        Ok(Self { query, body, raw_body })
    }
}

async fn bytes(body: Body, settings: &OperatorSettings) -> Result<Bytes, Problem> {
    let whole = Limited::new(body, settings.body_limit_bytes).collect();
    match tokio::time::timeout(settings.body_deadline(), whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let most = settings.body_limit_bytes;
            Err(Problem::new(Kind::BodyTooLarge, format!("a body may have {most} bytes")))
        }
        Ok(Err(_)) => Err(malformed("the body's framing is broken")),
        Err(_) => Err(Problem::new(Kind::BodySlow, "send the body sooner")),
    }
}

fn query(text: &str) -> Result<Map<String, Value>, Problem> {
    let mut query = Map::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name)?;
        let value = Value::String(decoded(value)?);
        if query.len() >= MOST_PARAMETERS {
            return Err(Problem::new(Kind::Parameter, format!("at most {MOST_PARAMETERS} parameters are read")));
        }
        if query.contains_key(&name) {
            let detail = format!("{name}: was given twice");
            let twice = FieldProblem { detail, pointer: None, parameter: Some(name) };
            return Err(Problem::of_fields(Kind::Parameter, vec![twice]));
        }
        query.insert(name, value);
    }
    Ok(query)
}

fn decoded(text: &str) -> Result<String, Problem> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().map(String::from);
    decoded.map_err(|_| Problem::new(Kind::Parameter, "the query is not in UTF-8"))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text(CONTENT_TYPE).unwrap_or_default();
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let charset = parameters.trim().to_ascii_lowercase();
    let in_utf8 = matches!(charset.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"");
    let plain = text(CONTENT_ENCODING).is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    if media_type.trim().eq_ignore_ascii_case(JSON) && in_utf8 && plain {
        Ok(())
    } else {
        Err(Problem::new(Kind::MediaType, "send the body as application/json, in UTF-8, not compressed"))
    }
}

/// Refuses those who would not take what is answered, of that media type such as `application/json`.
///
/// # Errors
/// When it is not accepted.
pub(super) fn check_accept(headers: &HeaderMap, answered: &str) -> Result<(), Problem> {
    let kind = answered.split_once('/').map_or(answered, |(kind, _)| kind);
    let any_of_kind = format!("{kind}/*");
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    let ours = |range: &str| {
        let media_type = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        ["", "*/*", any_of_kind.as_str(), answered, PROBLEM_JSON].contains(&media_type.as_str())
    };
    if accepted.peek().is_none() || accepted.any(|list| list.split(',').any(ours)) {
        Ok(())
    } else {
        Err(Problem::new(Kind::NotAcceptable, format!("accept {answered}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_and_say_everything_once() {
        let read = query("a=x%20y+z&b=&%63=%E5%A4%87").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"a":"x y z","b":"","c":"备"}"#);
        assert!(query("").unwrap().is_empty());
        for refused in ["a=1&a=2", "a=1&%61=2", "a=%ff", &"x=1&".repeat(2)] {
            assert_eq!(query(refused).unwrap_err().status(), 400, "{refused}");
        }
        let many = (0..=MOST_PARAMETERS).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(query(&many).unwrap_err().status(), 400);
    }

    #[test]
    fn whoever_takes_no_json_is_told_so() {
        let accept =
            |text: &'static str| check_accept(&HeaderMap::from_iter([(ACCEPT, text.parse().unwrap())]), JSON).is_ok();
        for fine in ["*/*", "application/json", "text/html, application/*;q=0.8", "Application/Problem+JSON", ""] {
            assert!(accept(fine), "{fine}");
        }
        for other in ["text/html", "image/*, text/plain"] {
            assert!(!accept(other), "{other}");
        }
        assert!(check_accept(&HeaderMap::new(), JSON).is_ok());
    }
}

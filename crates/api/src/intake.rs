//! Taking a request in: its query and its body, within the limits (contract 0.2, 0.3).

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt;

use crate::error::ApiError;
use crate::parameters::{BodyKind, Parameters};
use crate::settings::ApiSettings;

/// Of a body that is too large so much is still read, so that its sender gets to the answer: a connection that is
/// closed with unread bytes is reset, and the answer is lost.
const DRAINED_BYTES: usize = 16 * 1024 * 1024;

/// What came with a request.
pub(crate) struct Intake {
    /// From the query.
    pub(crate) query: Parameters,
    /// From the body.
    pub(crate) body: Parameters,
    /// Why one of them could not be read.
    fault: Option<ApiError>,
}

impl Intake {
    /// Reads query and body. What cannot be read is kept as a fault, because a wrong key is told first.
    ///
    /// # Errors
    /// What HTTP itself answers: a body that is too large, too late or of an unknown kind.
    pub(crate) async fn of(parts: &Parts, body: Body, settings: &ApiSettings) -> Result<Self, ApiError> {
        let reading = read_body(&parts.headers, body, settings.body_limit_bytes);
        let bytes = tokio::time::timeout(settings.body_deadline(), reading).await.map_err(|_| ApiError::BodyLate)??;
        let mut intake = Self { query: Parameters::default(), body: Parameters::default(), fault: None };
        match Parameters::of_query(parts.uri.query().unwrap_or_default()) {
            Ok(query) => intake.query = query,
            Err(malformed) => intake.fault = Some(malformed.into()),
        }
        // Nothing is nothing, whatever it is called.
        if !bytes.is_empty() {
            match Parameters::of_body(&body_kind(&parts.headers)?, bytes).await {
                Ok(body) => intake.body = body,
                Err(malformed) => intake.fault = Some(malformed.into()),
            }
        }
        Ok(intake)
    }

    /// The language asked for by parameter.
    pub(crate) fn language(&self) -> Option<&str> {
        self.body.text("language").or_else(|| self.query.text("language"))
    }

    /// All parameters, the body's before the query's.
    ///
    /// # Errors
    /// The fault, when something could not be read.
    pub(crate) fn into_parameters(self) -> Result<Parameters, ApiError> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.query.overridden_by(self.body)),
        }
    }
}

async fn read_body(headers: &HeaderMap, mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let too_large = announced.is_some_and(|length| length > limit);
    // Someone who asks before sending gets the answer instead.
    if too_large && headers.contains_key(EXPECT) {
        return Err(ApiError::BodyTooLarge(limit));
    }
    let mut taken = BytesMut::new();
    let mut seen: usize = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| ApiError::BodyBroken)?.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen > DRAINED_BYTES {
            break;
        }
        if seen <= limit && !too_large {
            taken.extend_from_slice(&data);
        }
    }
    if seen > limit || too_large { Err(ApiError::BodyTooLarge(limit)) } else { Ok(taken.freeze()) }
}

/// How the body is written; JSON when nothing is said.
fn body_kind(headers: &HeaderMap) -> Result<BodyKind, ApiError> {
    let is_plain = |encoding: &HeaderValue| encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Err(ApiError::MediaUnsupported);
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let text = match (types.next(), types.next()) {
        (None, _) => return Ok(BodyKind::Json),
        (Some(one), None) => one.to_str().map_err(|_| ApiError::MediaUnsupported)?,
        (Some(_), Some(_)) => return Err(ApiError::MediaUnsupported),
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let is_utf8 = parameters
        .split(';')
        .filter_map(charset)
        .all(|charset| ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known)));
    match essence.trim().to_ascii_lowercase().as_str() {
        _ if !is_utf8 => Err(ApiError::MediaUnsupported),
        "application/json" => Ok(BodyKind::Json),
        "application/x-www-form-urlencoded" => Ok(BodyKind::Form),
        "multipart/form-data" => {
            multer::parse_boundary(text).map(BodyKind::Multipart).map_err(|_| ApiError::MediaUnsupported)
        }
        _ => Err(ApiError::MediaUnsupported),
    }
}

fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(content_types: &[&'static str]) -> Result<BodyKind, u16> {
        let mut headers = HeaderMap::new();
        for content_type in content_types {
            headers.append(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        body_kind(&headers).map_err(|error| error.code())
    }

    #[test]
    fn the_content_type_decides_and_json_is_the_default() {
        assert_eq!(kind(&[]), Ok(BodyKind::Json));
        assert_eq!(kind(&["Application/JSON; Charset=\"UTF-8\""]), Ok(BodyKind::Json));
        assert_eq!(kind(&["application/x-www-form-urlencoded;charset=utf8"]), Ok(BodyKind::Form));
        assert_eq!(kind(&["multipart/form-data; boundary=xyz"]), Ok(BodyKind::Multipart("xyz".into())));
    }

    #[test]
    fn other_kinds_are_refused() {
        for content_type in [
            "",
            "text/plain",
            "text/xml",
            "application/json; charset=utf-16",
            "application/jsonx",
            "multipart/form-data",
            "multipart/mixed; boundary=x",
            "application/json, text/plain",
        ] {
            assert_eq!(kind(&[content_type]), Err(415), "{content_type}");
        }
        assert_eq!(kind(&["application/json", "application/json"]), Err(415));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(matches!(body_kind(&headers), Err(ApiError::MediaUnsupported)));
    }
}

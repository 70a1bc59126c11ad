//! Answers that are written once and kept in memory, as they are and compressed, with an `ETag` by which clients that
//! have one ask whether it still holds (RFC 9110 §8.8.3, §13.1.2).

use std::io::Write;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};

use crate::envelope::{JSON, Written};
use crate::language::preference;

/// What an answer depends on beside the parameters.
const VARIES_BY: &str = "accept-encoding, accept-language, language";
/// How many bytes of the hash are in an `ETag`.
const ETAG_BYTES: usize = 16;
/// The most codings and tags of a client that are looked at.
const MOST_NAMED: usize = 20;

/// An answer.
pub(crate) struct Kept {
    /// What the `ETag` has between its quotes. It follows from the body alone, so it is the same in every process. It is a weak
    /// one: the compressed body is not the plain one byte for byte.
    tag: String,
    json: Bytes,
    /// The same, compressed, if that is any smaller.
    gzip: Option<Bytes>,
}

/// What the client of a request can read, and has.
pub(crate) struct Reader {
    reads_gzip: bool,
    has: Vec<String>,
}

impl Kept {
    /// Keeps an answer. Compressing takes time by its length: some 25 ms a megabyte.
    pub(crate) fn of(written: Written) -> Self {
        let json = written.into_json();
        let hash = Sha256::digest(&json);
        let tag = hex::encode(hash.get(..ETAG_BYTES).unwrap_or(&hash));
        let gzip = compressed(&json).ok().filter(|gzip| gzip.len() < json.len());
        Self { tag, json: json.into(), gzip: gzip.map(Bytes::from) }
    }

    /// The answer to one request.
    pub(crate) fn response(&self, reader: &Reader) -> Response {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        set(headers, ETAG, &format!("W/\"{}\"", self.tag));
        set(headers, VARY, VARIES_BY);
        if reader.has.iter().any(|tag| *tag == self.tag || tag == "*") {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        set(headers, CONTENT_TYPE, JSON);
        let gzip = self.gzip.as_ref().filter(|_| reader.reads_gzip);
        if gzip.is_some() {
            set(headers, CONTENT_ENCODING, "gzip");
        }
        *response.body_mut() = Body::from(gzip.unwrap_or(&self.json).clone());
        response
    }
}

fn compressed(json: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json)?;
    encoder.finish()
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

impl Reader {
    /// Reads what a client says.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let tag = |entry: &str| entry.trim_start_matches("W/").trim_matches('"').to_owned();
        Self {
            reads_gzip: reads_gzip(entries(headers, &ACCEPT_ENCODING)),
            has: entries(headers, &IF_NONE_MATCH).map(tag).collect(),
        }
    }
}

/// The entries of a header that is a list, over all its lines.
fn entries<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).take(MOST_NAMED)
}

/// Whether gzip is named with a weight above nothing; if it is not named, whether everything else is.
fn reads_gzip<'a>(codings: impl Iterator<Item = &'a str>) -> bool {
    let (mut gzip, mut others) = (None, false);
    for (weight, coding) in codings.map(preference) {
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight > 0),
            "*" => others = weight > 0,
            _ => {}
        }
    }
    gzip.unwrap_or(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_whoever_says_so() {
        for (codings, expected) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("", false),
            ("br", false),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("identity", false),
        ] {
            assert_eq!(reads_gzip(codings.split(',')), expected, "{codings}");
        }
    }

    #[test]
    fn tags_are_compared_weakly() {
        let kept = Kept { tag: "ab".to_owned(), json: Bytes::from_static(b"{}"), gzip: None };
        for (has, expected) in [
            (r#""ab""#, StatusCode::NOT_MODIFIED),
            (r#"W/"ab""#, StatusCode::NOT_MODIFIED),
            (r#""x", W/"ab""#, StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            (r#""abc""#, StatusCode::OK),
            ("", StatusCode::OK),
        ] {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(has))]);
            let response = kept.response(&Reader::of(&headers));
            assert_eq!(response.status(), expected, "{has}");
            assert_eq!(response.headers()[ETAG], r#"W/"ab""#);
        }
    }
}

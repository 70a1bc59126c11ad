//! `/docs`: a page that shows the `OpenAPI` document and lets one try its calls, without asking any other host.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use axum::routing::get;
use http::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

const PAGE: &[u8] = include_bytes!("../assets/docs/index.html");
/// Packed with gzip: it is served so, and never unpacked here.
const SCRIPT: &[u8] = include_bytes!("../assets/docs/rapidoc-min.js.gz");
/// The viewer writes style attributes; everything else comes from here alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and its script.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = get(async || answer("text/html; charset=utf-8", PAGE));
    Router::new().route("/docs", page.clone()).route("/docs/", page).route("/docs/rapidoc-min.js", get(script))
}

async fn script(headers: HeaderMap) -> Response {
    if refuses_gzip(&headers) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_ACCEPTABLE;
        return response;
    }
    let mut response = answer("text/javascript; charset=utf-8", SCRIPT);
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

/// Whoever says nothing takes anything (RFC 9110, 12.5.3).
fn refuses_gzip(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(http::header::ACCEPT_ENCODING).iter().peekable();
    if codings.peek().is_none() {
        return false;
    }
    let texts = codings.filter_map(|coding| coding.to_str().ok()).flat_map(|coding| coding.split(','));
    !texts.map(str::trim).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let is_gzip = ["gzip", "x-gzip", "*"].iter().any(|known| name.trim().eq_ignore_ascii_case(known));
        let weight = weight.trim().trim_start_matches("q=");
        is_gzip && (weight.is_empty() || weight.bytes().any(|digit| (b'1'..=b'9').contains(&digit)))
    })
}

fn answer(content_type: &'static str, body: &'static [u8]) -> Response {
    let mut response = Response::new(Body::from(Bytes::from_static(body)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(accepted: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in accepted {
            headers.append(http::header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        refuses_gzip(&headers)
    }

    #[test]
    fn gzip_is_sent_to_whoever_takes_it() {
        for accepted in [&[][..], &["gzip"], &["br, GZIP;q=0.5"], &["*"], &["identity", "gzip"], &["gzip; q=1.0"]] {
            assert!(!refused(accepted), "{accepted:?}");
        }
        for accepted in [&["identity"][..], &["br"], &["gzip;q=0"], &[""], &["gzip;q=0.000, br"]] {
            assert!(refused(accepted), "{accepted:?}");
        }
    }

    #[test]
    fn the_page_names_no_other_host() {
        let page = std::str::from_utf8(PAGE).unwrap();
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src=\"//"));
        assert!(SCRIPT.starts_with(&[0x1f, 0x8b]));
    }
}

//! The request line: method, target, version, parted by single spaces (RFC 9112 §3). A forward proxy takes
//! absolute-form, and authority-form for CONNECT; the target decides where a request goes, never `Host`.

use super::fault::MessageFault;
use super::framing::Version;
use super::head::is_token;

/// The longest method.
const LONGEST_METHOD: usize = 32;

/// A request line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLine<'a> {
    /// The method; its case counts.
    pub method: &'a str,
    /// Where to.
    pub target: RequestTarget<'a>,
    /// The client's version.
    pub version: Version,
}

/// What the client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestTarget<'a> {
    /// A tunnel to `host:port`, not yet checked.
    Tunnel(&'a str),
    /// A resource of an `http` URL.
    Resource {
        /// `host[:port]`, not empty, not yet checked.
        authority: &'a str,
        /// Path and query; begins with `/` or `?`, or is empty.
        path: &'a str,
    },
}

impl<'a> RequestLine<'a> {
    /// Takes a line apart, given without its CR LF.
    ///
    /// # Errors
    /// The line, its method, its version or its target is malformed or not served.
    pub fn parse(line: &'a [u8]) -> Result<Self, MessageFault> {
        let line = std::str::from_utf8(line).map_err(|_| MessageFault::RequestLine)?;
        let mut words = line.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(MessageFault::RequestLine);
        };
        let version = parse_version(version)?;
        if !is_token(method.as_bytes()) || method.len() > LONGEST_METHOD {
            return Err(MessageFault::Method);
        }
        if method == "TRACE" {
            return Err(MessageFault::Trace);
        }
        if target.is_empty() || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(MessageFault::Target);
        }
        let target = if method == "CONNECT" { RequestTarget::Tunnel(target) } else { split_url(target)? };
        Ok(Self { method, target, version })
    }
}

fn parse_version(text: &str) -> Result<Version, MessageFault> {
    match text {
        "HTTP/1.1" => Ok(Version::Http11),
        "HTTP/1.0" => Ok(Version::Http10),
        _ => {
            let digits = text.strip_prefix("HTTP/").and_then(|rest| rest.split_once('.'));
            let number = |text: &str| text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_digit());
            let well_formed = digits.is_some_and(|(major, minor)| number(major) && number(minor));
            Err(if well_formed { MessageFault::Version } else { MessageFault::RequestLine })
        }
    }
}

/// Parts an absolute URL. Only `http` is served: every other scheme would need a protocol of its own.
fn split_url(url: &str) -> Result<RequestTarget<'_>, MessageFault> {
    let (scheme, rest) = url.split_once("://").ok_or(MessageFault::Target)?;
    if scheme.eq_ignore_ascii_case("https") {
        return Err(MessageFault::HttpsTarget);
    }
    if !scheme.eq_ignore_ascii_case("http") || rest.contains('#') {
        return Err(MessageFault::Target);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err(MessageFault::Userinfo);
    }
    if authority.is_empty() {
        return Err(MessageFault::Target);
    }
    Ok(RequestTarget::Resource { authority, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: &str) -> MessageFault {
        RequestLine::parse(line.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_url_is_parted_into_authority_and_path() {
        let line = RequestLine::parse(b"GET HTTP://a.example:81/b?c HTTP/1.1").unwrap();
        assert_eq!(line.target, RequestTarget::Resource { authority: "a.example:81", path: "/b?c" });
        let line = RequestLine::parse(b"GET http://a.example?c@d HTTP/1.0").unwrap();
        assert_eq!(line.target, RequestTarget::Resource { authority: "a.example", path: "?c@d" });
        assert_eq!(line.version, Version::Http10);
        let line = RequestLine::parse(b"CONNECT a:443 HTTP/1.1").unwrap();
        assert_eq!(line.target, RequestTarget::Tunnel("a:443"));
    }

    #[test]
    fn each_malformed_line_is_told_apart() {
        assert_eq!(fault("GET  http://a/ HTTP/1.1"), MessageFault::RequestLine);
        assert_eq!(fault("GET http://a/"), MessageFault::RequestLine);
        assert_eq!(fault("GET http://a/ http/1.1"), MessageFault::RequestLine);
        assert_eq!(fault("GET http://a/ HTTP/1.32"), MessageFault::RequestLine);
        assert_eq!(fault("PRI * HTTP/2.0"), MessageFault::Version);
        assert_eq!(fault("G(T http://a/ HTTP/1.1"), MessageFault::Method);
        assert_eq!(fault("GET / HTTP/1.1"), MessageFault::Target);
        assert_eq!(fault("GET http:/a HTTP/1.1"), MessageFault::Target);
        assert_eq!(fault("GET http:///a HTTP/1.1"), MessageFault::Target);
        assert_eq!(fault("GET http://a/#b HTTP/1.1"), MessageFault::Target);
        assert_eq!(fault("GET ftp://a/ HTTP/1.1"), MessageFault::Target);
        assert_eq!(fault("GET https://a/ HTTP/1.1"), MessageFault::HttpsTarget);
        assert_eq!(fault("GET http://u:p@a/ HTTP/1.1"), MessageFault::Userinfo);
        assert_eq!(fault("TRACE http://a/ HTTP/1.1"), MessageFault::Trace);
    }
}

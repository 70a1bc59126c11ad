//! A request's head: read once, judged, and written anew for the origin.

use super::fault::MessageFault;
use super::framing::{Framing, Lengths, Version};
use super::head::{Field, FieldRoom, HeadLimits, split_first_line};
use super::hop_by_hop::ConnectionOptions;
use super::request_line::{RequestLine, RequestTarget};

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Method, target and version.
    pub line: RequestLine<'a>,
    /// Where its body ends; never [`Framing::UntilClose`].
    pub body: Framing,
    /// Whether the client may send another request on the same connection.
    pub persistent: bool,
    /// The value of `Proxy-Authorization`.
    pub login: Option<&'a [u8]>,
}

/// Reads a complete head and, unless it is a CONNECT, appends to `out` what the origin is sent instead.
///
/// # Errors
/// The head can be read in more than one way, or asks for what is not served.
pub fn read<'a>(head: &'a [u8], limits: HeadLimits, out: &mut Vec<u8>) -> Result<Request<'a>, MessageFault> {
    let (line, lines) = split_first_line(head).ok_or(MessageFault::RequestLine)?;
    let line = RequestLine::parse(line)?;
    let mut room = FieldRoom::new();
    let fields = room.read(lines, limits.fields)?;
    let facts = Facts::gather(fields)?;
    let options = ConnectionOptions::of(fields)?;
    let persistent = line.version == Version::Http11 && !options.close;
    let framing = facts.lengths.framing(line.version)?;
    let request = Request { line, body: framing.unwrap_or(Framing::Length(0)), persistent, login: facts.login };
    match line.target {
        RequestTarget::Tunnel(_) if framing.is_some() => Err(MessageFault::ConnectBody),
        RequestTarget::Tunnel(_) => Ok(request),
        RequestTarget::Resource { .. } if !facts.has_host && line.version == Version::Http11 => Err(MessageFault::Host),
        RequestTarget::Resource { .. } if facts.limits_hops => Err(MessageFault::Trace),
        RequestTarget::Resource { authority, path } => {
            write_line(out, line.method, path);
            write_fields(out, &request, authority, fields, options);
            Ok(request)
        }
    }
}

/// What the field lines say, apart from what is passed on.
#[derive(Default)]
struct Facts<'a> {
    lengths: Lengths,
    login: Option<&'a [u8]>,
    has_host: bool,
    limits_hops: bool,
}

impl<'a> Facts<'a> {
    fn gather(fields: &[Field<'a>]) -> Result<Self, MessageFault> {
        let mut facts = Self::default();
        for field in fields {
            facts.lengths.note(field)?;
            if field.name.eq_ignore_ascii_case("host") {
                if !is_host(field.value) || std::mem::replace(&mut facts.has_host, true) {
                    return Err(MessageFault::Host);
                }
            } else if field.name.eq_ignore_ascii_case("proxy-authorization") {
                if facts.login.replace(field.value).is_some() {
                    return Err(MessageFault::TwoLogins);
                }
            } else if field.name.eq_ignore_ascii_case("max-forwards") {
                facts.limits_hops = true;
            }
        }
        Ok(facts)
    }
}

/// Whether a `Host` value could be one. It may differ from the target and may be empty; it is replaced either way.
fn is_host(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(byte))
}

/// The request line in origin-form, or `*` for an OPTIONS of the whole server (RFC 9112 §3.2.4).
fn write_line(out: &mut Vec<u8>, method: &str, path: &str) {
    out.extend_from_slice(method.as_bytes());
    let lead = match path.as_bytes().first() {
        Some(b'/') => " ",
        None if method == "OPTIONS" => " *",
        _ => " /",
    };
    out.extend_from_slice(lead.as_bytes());
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

fn write_fields(
    out: &mut Vec<u8>,
    request: &Request<'_>,
    authority: &str,
    fields: &[Field<'_>],
    options: ConnectionOptions,
) {
    let mut host_written = false;
    for field in fields {
        if field.name.eq_ignore_ascii_case("host") {
            write_field(out, field.name, authority.as_bytes());
            host_written = true;
        } else if !options.strips(field, fields) && !is_premature(field, request.line.version) {
            write_field(out, field.name, field.value);
        }
    }
    if !host_written {
        write_field(out, "Host", authority.as_bytes());
    }
    if request.body == Framing::Chunked {
        write_field(out, "Transfer-Encoding", b"chunked");
    }
    if !request.persistent {
        write_field(out, "Connection", b"close");
    }
    out.extend_from_slice(b"\r\n");
}

/// An HTTP/1.0 client does not wait for, nor understand, an interim response (RFC 9110 §10.1.1).
fn is_premature(field: &Field<'_>, version: Version) -> bool {
    version == Version::Http10 && field.name.eq_ignore_ascii_case("expect")
}

/// Appends one field line.
pub(super) fn write_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits { bytes: 65_536, fields: 100 };

    fn sent(head: &str) -> String {
        let mut out = Vec::new();
        read(head.as_bytes(), LIMITS, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn fault(head: &str) -> MessageFault {
        let mut out = Vec::new();
        let fault = read(head.as_bytes(), LIMITS, &mut out).unwrap_err();
        assert!(out.is_empty());
        fault
    }

    #[test]
    fn the_url_decides_and_the_order_of_fields_stays() {
        assert_eq!(
            sent(
                "GET http://a.example/b HTTP/1.1\r\nUser-Agent: x\r\nHost: other\r\nProxy-Authorization: Basic x\r\n\
                 Accept: */*\r\nProxy-Connection: keep-alive\r\n\r\n"
            ),
            "GET /b HTTP/1.1\r\nUser-Agent: x\r\nHost: a.example\r\nAccept: */*\r\n\r\n"
        );
    }

    #[test]
    fn an_http_1_0_request_goes_out_as_1_1_and_closes() {
        assert_eq!(
            sent("GET http://a.example HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn framing_is_written_anew() {
        assert_eq!(
            sent("POST http://a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n"),
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        assert_eq!(
            sent("POST http://a/ HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\n"),
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
        );
    }

    #[test]
    fn options_of_the_whole_server_keeps_its_meaning() {
        assert_eq!(sent("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n").lines().next(), Some("OPTIONS * HTTP/1.1"));
        assert_eq!(sent("OPTIONS http://a?b HTTP/1.1\r\nHost: a\r\n\r\n").lines().next(), Some("OPTIONS /?b HTTP/1.1"));
    }

    #[test]
    fn ambiguity_is_refused() {
        let of = |fields: &str| fault(&format!("GET http://a/ HTTP/1.1\r\n{fields}\r\n"));
        assert_eq!(of(""), MessageFault::Host);
        assert_eq!(of("Host: a\r\nHost: a\r\n"), MessageFault::Host);
        assert_eq!(of("Host: a b\r\n"), MessageFault::Host);
        assert_eq!(of("Host: a\r\nProxy-Authorization: x\r\nProxy-Authorization: x\r\n"), MessageFault::TwoLogins);
        assert_eq!(of("Host: a\r\n: b\r\n"), MessageFault::Field);
        assert_eq!(of("Host: a\r\nA : b\r\n"), MessageFault::Field);
        assert_eq!(of("Host: a\r\n folded\r\n"), MessageFault::Field);
        assert_eq!(of("Host: a\r\nMax-Forwards: 0\r\n"), MessageFault::Trace);
        assert_eq!(of(&format!("Host: a\r\n{}", "A: b\r\n".repeat(100))), MessageFault::TooLarge);
        assert_eq!(fault("CONNECT a:1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), MessageFault::ConnectBody);
    }
}

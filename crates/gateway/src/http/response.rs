//! A response's head: read as strictly as a request's, and written anew for the client.

use super::fault::ResponseFault;
use super::framing::{Framing, Lengths, Version};
use super::head::{Field, FieldRoom, HeadLimits, split_first_line};
use super::hop_by_hop::ConnectionOptions;
use super::request::write_field;

/// What the origin answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// 100 to 999.
    pub status: u16,
    /// Where its body ends.
    pub body: Framing,
    /// Whether the origin will take another request on the same connection.
    pub persistent: bool,
    status_line: &'a [u8],
}

/// What the request makes of the response.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The request was a HEAD: whatever the response says of its body, there is none.
    pub head_only: bool,
    /// The version of the client that is answered.
    pub client_version: Version,
    /// Whether the client may send another request afterwards.
    pub client_persists: bool,
}

impl Response<'_> {
    /// Whether another response to the same request follows.
    pub const fn is_interim(&self) -> bool {
        self.status < 200
    }
}

/// Reads a complete head and appends to `out` what the client is sent instead.
///
/// # Errors
/// The head can be read in more than one way, or breaks a rule of HTTP that the framing hangs on.
pub fn read<'a>(
    head: &'a [u8],
    asked: Asked,
    limits: HeadLimits,
    out: &mut Vec<u8>,
) -> Result<Response<'a>, ResponseFault> {
    let (line, lines) = split_first_line(head).ok_or(ResponseFault::StatusLine)?;
    let (version, status) = parse_status_line(line).ok_or(ResponseFault::StatusLine)?;
    let mut room = FieldRoom::new();
    let fields = room.read(lines, limits.fields)?;
    let mut lengths = Lengths::default();
    fields.iter().try_for_each(|field| lengths.note(field))?;
    let framing = lengths.framing(version)?;
    let options = ConnectionOptions::of(fields)?;
    let response = Response {
        status,
        body: body_of(status, framing, asked)?,
        persistent: version == Version::Http11 && !options.close,
        status_line: line,
    };
    write_head(out, &response, asked, fields, options);
    Ok(response)
}

/// Reads the status of a complete head of which nothing else is wanted, as strictly as all of it.
///
/// # Errors
/// The head breaks a rule.
pub(crate) fn status(head: &[u8], limits: HeadLimits) -> Result<u16, ResponseFault> {
    let (line, lines) = split_first_line(head).ok_or(ResponseFault::StatusLine)?;
    let (_, status) = parse_status_line(line).ok_or(ResponseFault::StatusLine)?;
    FieldRoom::new().read(lines, limits.fields)?;
    Ok(status)
}

/// `HTTP/1.x SP 3DIGIT SP reason`; the reason may be empty, and then its space may be missing.
fn parse_status_line(line: &[u8]) -> Option<(Version, u16)> {
    let (version, rest) = match line.split_at_checked(9)? {
        (b"HTTP/1.1 ", rest) => (Version::Http11, rest),
        (b"HTTP/1.0 ", rest) => (Version::Http10, rest),
        _ => return None,
    };
    let (digits, reason) = rest.split_at_checked(3)?;
    let visible = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    let reason_fits = reason.is_empty() || (reason.starts_with(b" ") && reason.iter().all(visible));
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let status = digits.parse().ok().filter(|status| *status >= 100)?;
    reason_fits.then_some((version, status))
}

/// RFC 9112 §6.3.
fn body_of(status: u16, framing: Option<Framing>, asked: Asked) -> Result<Framing, ResponseFault> {
    match (status, framing) {
        (101, _) => Err(ResponseFault::Upgrade),
        (100..=199 | 204, Some(Framing::Chunked)) => Err(ResponseFault::UnexpectedBody),
        (100..=199 | 204, Some(Framing::Length(length))) if length > 0 => Err(ResponseFault::UnexpectedBody),
        (100..=199 | 204 | 304, _) => Ok(Framing::Length(0)),
        _ if asked.head_only => Ok(Framing::Length(0)),
        (_, Some(framing)) => Ok(framing),
        (_, None) => Ok(Framing::UntilClose),
    }
}

fn write_head(
    out: &mut Vec<u8>,
    response: &Response<'_>,
    asked: Asked,
    fields: &[Field<'_>],
    options: ConnectionOptions,
) {
    out.extend_from_slice(b"HTTP/1.1");
    out.extend_from_slice(response.status_line.get(8..).unwrap_or_default());
    if response.status_line.len() == 12 {
        out.push(b' ');
    }
    out.extend_from_slice(b"\r\n");
    // A length that says "none" is needless where no body can be (RFC 9110 §8.6).
    let bodiless = response.is_interim() || response.status == 204;
    for field in fields.iter().filter(|field| !options.strips(field, fields)) {
        if !(bodiless && field.name.eq_ignore_ascii_case("content-length")) {
            write_field(out, field.name, field.value);
        }
    }
    if !response.is_interim() {
        let chunks = announces_chunks(response, fields) && asked.client_version == Version::Http11;
        if chunks {
            write_field(out, "Transfer-Encoding", b"chunked");
        }
        if response.closes(asked) {
            write_field(out, "Connection", b"close");
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// The answer to a HEAD tells of chunks that do not follow; so does a 304.
fn announces_chunks(response: &Response<'_>, fields: &[Field<'_>]) -> bool {
    response.body == Framing::Chunked || fields.iter().any(|field| field.name.eq_ignore_ascii_case("transfer-encoding"))
}

impl Response<'_> {
    /// Whether the client's connection ends with this response: it asked for that, or only that shows where the body
    /// ends.
    pub fn closes(&self, asked: Asked) -> bool {
        !asked.client_persists || self.body == Framing::UntilClose
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fault::MessageFault;

    const LIMITS: HeadLimits = HeadLimits { bytes: 65_536, fields: 100 };
    const GET: Asked = Asked { head_only: false, client_version: Version::Http11, client_persists: true };
    const HEAD: Asked = Asked { head_only: true, ..GET };

    fn answer(head: &str, asked: Asked) -> Result<(Framing, String), ResponseFault> {
        let mut out = Vec::new();
        let body = read(head.as_bytes(), asked, LIMITS, &mut out)?.body;
        Ok((body, String::from_utf8(out).unwrap()))
    }

    #[test]
    fn the_head_is_written_anew_without_what_ends_here() {
        let (body, head) = answer(
            "HTTP/1.1 200\r\nServer: x\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nContent-Length: 5\r\n\r\n",
            GET,
        )
        .unwrap();
        assert_eq!(body, Framing::Length(5));
        assert_eq!(head, "HTTP/1.1 200 \r\nServer: x\r\nContent-Length: 5\r\n\r\n");
    }

    #[test]
    fn a_body_until_close_closes() {
        let (body, head) = answer("HTTP/1.0 200 OK\r\nA: b\r\n\r\n", GET).unwrap();
        assert_eq!(body, Framing::UntilClose);
        assert_eq!(head, "HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n\r\n");
    }

    #[test]
    fn an_old_client_is_sent_no_chunks() {
        let old = Asked { client_version: Version::Http10, client_persists: false, head_only: false };
        let (body, head) = answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", old).unwrap();
        assert_eq!(body, Framing::Chunked);
        assert_eq!(head, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    }

    #[test]
    fn some_responses_have_no_body_whatever_they_say() {
        let sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(answer(sized, HEAD).unwrap(), (Framing::Length(0), sized.to_owned()));
        assert_eq!(answer("HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n", GET).unwrap().0, Framing::Length(0));
        assert_eq!(answer("HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n", GET).unwrap().0, Framing::Length(0));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(answer(chunked, HEAD).unwrap(), (Framing::Length(0), chunked.to_owned()));
    }

    #[test]
    fn hostile_responses_are_refused() {
        let fault = |head: &str| answer(head, GET).unwrap_err();
        for line in
            ["HTTP/1.1 99 x", "HTTP/1.1 1000 x", "HTTP/1.1 +20 x", "HTTP/2.0 200 x", "HTTP/1.1  200 x", "ICY 200"]
        {
            assert_eq!(fault(&format!("{line}\r\n\r\n")), ResponseFault::StatusLine, "{line}");
        }
        assert_eq!(fault("HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n"), ResponseFault::Upgrade);
        assert_eq!(fault("HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n"), ResponseFault::UnexpectedBody);
        assert_eq!(
            fault("HTTP/1.1 200 x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"),
            ResponseFault::Head(MessageFault::ContentLength)
        );
        assert_eq!(
            fault("HTTP/1.1 200 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ResponseFault::Head(MessageFault::LengthAndCoding)
        );
        assert_eq!(
            fault("HTTP/1.0 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ResponseFault::Head(MessageFault::Coding)
        );
    }
}

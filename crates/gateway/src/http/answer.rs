//! The proxy's own answers: a status, what RFC 9209 has to say of it, and a line of text that says what to do.

use std::io::Write;

use crate::refusal::Refusal;

/// The answer to a CONNECT that succeeded.
pub(super) const TUNNEL_OPEN: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// What surrounds a refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// The request was a HEAD, so the text is only announced.
    pub(super) head_only: bool,
    /// The connection ends behind the answer.
    pub(super) close: bool,
}

/// Writes an answer. It depends on the refusal and its circumstances only, never on which part of a login was wrong.
pub(super) fn write_refusal(refusal: &Refusal, circumstances: Circumstances) -> Vec<u8> {
    let answer = refusal.http();
    let text = format!("turnpike: {refusal}.\n");
    let mut out = Vec::with_capacity(512);
    let mut line = |line: std::fmt::Arguments<'_>| {
        // A vector takes everything.
        out.write_fmt(line).ok();
    };
    line(format_args!("HTTP/1.1 {} {}\r\n", answer.status, answer.reason));
    line(format_args!(
        "Proxy-Status: turnpike; error={}; details=\"{}\"\r\n",
        answer.error,
        Quoted(&refusal.to_string())
    ));
    if *refusal == Refusal::Credentials {
        line(format_args!("Proxy-Authenticate: Basic realm=\"turnpike\", charset=\"UTF-8\"\r\n"));
    }
    if let Some(seconds) = answer.retry_after_s {
        line(format_args!("Retry-After: {seconds}\r\n"));
    }
    line(format_args!("Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n", text.len()));
    line(format_args!("Cache-Control: no-store\r\n"));
    if circumstances.close {
        line(format_args!("Connection: close\r\n"));
    }
    line(format_args!("\r\n"));
    if !circumstances.head_only {
        out.extend_from_slice(text.as_bytes());
    }
    out
}

/// Text within a quoted string of structured fields (RFC 8941 §3.3.3).
struct Quoted<'a>(&'a str);

impl std::fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::fmt::Write;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                ' '..='~' => f.write_char(character)?,
                _ => f.write_char('?')?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(refusal: &Refusal, head_only: bool, close: bool) -> String {
        String::from_utf8(write_refusal(refusal, Circumstances { head_only, close })).unwrap()
    }

    #[test]
    fn wrong_credentials_are_asked_for_again() {
        assert_eq!(
            text(&Refusal::Credentials, false, false),
            "HTTP/1.1 407 Proxy Authentication Required\r\n\
             Proxy-Status: turnpike; error=http_request_denied; \
             details=\"send the username and password of a proxy account\"\r\n\
             Proxy-Authenticate: Basic realm=\"turnpike\", charset=\"UTF-8\"\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: 61\r\n\
             Cache-Control: no-store\r\n\
             \r\n\
             turnpike: send the username and password of a proxy account.\n"
        );
    }

    #[test]
    fn the_answer_to_a_head_has_no_text() {
        let answer = text(&Refusal::TooManyConnections { retry_after_s: 3 }, true, true);
        assert!(answer.contains("\r\nRetry-After: 3\r\n"));
        assert!(answer.ends_with("Connection: close\r\n\r\n"));
    }

    #[test]
    fn details_stay_within_their_quotes() {
        assert_eq!(Quoted("a\"b\\c\u{e9}").to_string(), "a\\\"b\\\\c?");
    }
}

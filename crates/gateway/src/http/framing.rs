//! How long a message's body is (RFC 9112 §6). Whatever could be read in two ways is refused.

use super::fault::MessageFault;
use super::head::{Field, is_token};

/// The version of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: no chunks, no interim responses, one message per connection here.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes; 0 is no body.
    Length(u64),
    /// With the last chunk.
    Chunked,
    /// With the connection. Only responses.
    UntilClose,
}

/// What the head says of the body's length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    content_length: Option<u64>,
    chunked: bool,
}

impl Lengths {
    /// Takes note of a field line, if it is about the length.
    ///
    /// # Errors
    /// A malformed or repeated `Content-Length` or `Transfer-Encoding`.
    pub fn note(&mut self, field: &Field<'_>) -> Result<(), MessageFault> {
        if field.name.eq_ignore_ascii_case("content-length") {
            let length = decimal(field.value).ok_or(MessageFault::ContentLength)?;
            if self.content_length.replace(length).is_some() {
                return Err(MessageFault::ContentLength);
            }
        } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
            check_coding(field.value)?;
            if std::mem::replace(&mut self.chunked, true) {
                return Err(MessageFault::Coding);
            }
        }
        Ok(())
    }

    /// The framing, or `None` when the head says nothing.
    ///
    /// # Errors
    /// Both kinds of length at once, or chunks in a version that has none.
    pub const fn framing(self, version: Version) -> Result<Option<Framing>, MessageFault> {
        match (self.content_length, self.chunked) {
            (Some(_), true) => Err(MessageFault::LengthAndCoding),
            (Some(length), false) => Ok(Some(Framing::Length(length))),
            (None, true) if matches!(version, Version::Http10) => Err(MessageFault::Coding),
            (None, true) => Ok(Some(Framing::Chunked)),
            (None, false) => Ok(None),
        }
    }
}

/// A decimal number without sign, blanks or leading zeros, of at most 18 digits.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 || (digits.len() > 1 && digits.starts_with(b"0")) {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte.wrapping_sub(b'0')))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// `chunked` alone is served. A tidy list of other codings is unknown; anything else is malformed.
fn check_coding(value: &[u8]) -> Result<(), MessageFault> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let mut codings = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).peekable();
    while let Some(coding) = codings.next() {
        let chunked_early = coding.eq_ignore_ascii_case(b"chunked") && codings.peek().is_some();
        if !is_token(coding) || chunked_early {
            return Err(MessageFault::Coding);
        }
    }
    Err(MessageFault::UnknownCoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(fields: &[(&str, &str)], version: Version) -> Result<Option<Framing>, MessageFault> {
        let mut lengths = Lengths::default();
        for (name, value) in fields {
            lengths.note(&Field { name, value: value.as_bytes() })?;
        }
        lengths.framing(version)
    }

    #[test]
    fn a_content_length_is_a_plain_number_given_once() {
        assert_eq!(framing(&[("Content-Length", "42")], Version::Http11), Ok(Some(Framing::Length(42))));
        for bad in ["", "+5", "-48", "0x10", "010", "00", "1_0", "5 ,5", "5,5", "1Z", "1000000000000000000"] {
            assert_eq!(framing(&[("content-length", bad)], Version::Http11), Err(MessageFault::ContentLength), "{bad}");
        }
        let twice = [("Content-Length", "5"), ("Content-Length", "5")];
        assert_eq!(framing(&twice, Version::Http11), Err(MessageFault::ContentLength));
    }

    #[test]
    fn chunked_is_the_only_coding_and_stands_alone() {
        for good in ["chunked", "Chunked", "CHUNKED"] {
            assert_eq!(framing(&[("Transfer-Encoding", good)], Version::Http11), Ok(Some(Framing::Chunked)));
            assert_eq!(framing(&[("Transfer-Encoding", good)], Version::Http10), Err(MessageFault::Coding));
        }
        for unknown in ["gzip", "identity", "gzip, chunked", "xchunked"] {
            assert_eq!(framing(&[("Transfer-Encoding", unknown)], Version::Http11), Err(MessageFault::UnknownCoding));
        }
        for bad in ["", ",chunked", "chunked,", "chunked, chunked", "chunked;q=1", "chunked, gzip", "\"chunked\""] {
            assert_eq!(framing(&[("Transfer-Encoding", bad)], Version::Http11), Err(MessageFault::Coding), "{bad}");
        }
        let both = [("Transfer-Encoding", "chunked"), ("Content-Length", "5")];
        assert_eq!(framing(&both, Version::Http11), Err(MessageFault::LengthAndCoding));
    }
}

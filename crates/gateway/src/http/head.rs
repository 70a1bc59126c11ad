//! Where a head ends, and its field lines. Requests, responses and trailers share these rules: every line ends with
//! CR LF, no NUL, no folded lines, no space before the colon, no empty name.

use std::ops::Range;

use super::fault::MessageFault;

/// The most field lines a head may have, whatever the settings say.
pub const MOST_FIELDS: usize = 128;

/// One field line: a token and a value without surrounding blanks.
pub type Field<'a> = httparse::Header<'a>;

/// How large a head may be.
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// From its first byte to the end of its empty line, in bytes.
    pub bytes: usize,
    /// Field lines, at most [`MOST_FIELDS`].
    pub fields: usize,
}

/// What an empty line at the very beginning means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// One is skipped (RFC 9112 §2.2).
    Forgives,
    /// It is a fault.
    Refuses,
    /// It is the end: a trailer without fields.
    Ends,
}

/// Looks for the empty line that ends a head, in bytes that arrive bit by bit. Every byte is looked at once, so a
/// head gets the same answer however it is split, and a slow sender costs no more than a fast one.
#[derive(Clone, Debug)]
pub struct HeadEnd {
    /// Where to go on.
    at: usize,
    /// Where the present line begins.
    line: usize,
    /// Where the head begins: behind an empty line, if one was skipped.
    begin: usize,
    opening: Opening,
}

impl HeadEnd {
    /// For a request.
    pub const fn of_request() -> Self {
        Self { at: 0, line: 0, begin: 0, opening: Opening::Forgives }
    }

    /// For a response.
    pub const fn of_response() -> Self {
        Self { at: 0, line: 0, begin: 0, opening: Opening::Refuses }
    }

    /// For the trailer of a chunked body, which may be the empty line alone.
    pub const fn of_trailer() -> Self {
        Self { at: 0, line: 0, begin: 0, opening: Opening::Ends }
    }

    /// Where the head lies in `bytes`, which must begin with what earlier calls saw; `None` when more must come.
    ///
    /// # Errors
    /// A malformed line ending, a NUL, or more than `limit` bytes.
    pub fn find(&mut self, bytes: &[u8], limit: usize) -> Result<Option<Range<usize>>, MessageFault> {
        while let Some(byte) = bytes.get(self.at) {
            if self.at >= limit {
                return Err(MessageFault::TooLarge);
            }
            match byte {
                b'\r' => match bytes.get(self.at + 1) {
                    None => return Ok(None),
                    Some(b'\n') => {
                        if self.line_ends()? {
                            return if self.at > limit {
                                Err(MessageFault::TooLarge)
                            } else {
                                Ok(Some(self.begin..self.at))
                            };
                        }
                    }
                    Some(_) => return Err(MessageFault::LineEnding),
                },
                b'\n' => return Err(MessageFault::LineEnding),
                0 => return Err(MessageFault::Nul),
                _ => self.at += 1,
            }
        }
        Ok(None)
    }

    /// Steps over a CR LF; true when it ended the head.
    fn line_ends(&mut self) -> Result<bool, MessageFault> {
        let empty = self.at == self.line;
        let first = self.line == self.begin;
        self.at += 2;
        self.line = self.at;
        match self.opening {
            _ if !empty => Ok(false),
            Opening::Forgives if first && self.begin == 0 => {
                self.begin = self.at;
                Ok(false)
            }
            Opening::Forgives | Opening::Refuses if first => Err(MessageFault::LeadingLines),
            _ => Ok(true),
        }
    }
}

/// As many field lines as most heads have.
const FEW_FIELDS: usize = 24;

/// Room for the field lines of one head, on the stack of whoever reads it; of a head with many, on the heap.
pub struct FieldRoom<'a> {
    few: [Field<'a>; FEW_FIELDS],
    many: Vec<Field<'a>>,
}

impl<'a> FieldRoom<'a> {
    /// Empty.
    pub const fn new() -> Self {
        Self { few: [httparse::EMPTY_HEADER; FEW_FIELDS], many: Vec::new() }
    }

    /// Reads field lines up to and including the empty line, which must end `lines`.
    ///
    /// # Errors
    /// A malformed line, or more than `limit` of them.
    pub fn read(&mut self, lines: &'a [u8], limit: usize) -> Result<&[Field<'a>], MessageFault> {
        let limit = limit.min(MOST_FIELDS);
        let few = self.few.get_mut(..limit.min(FEW_FIELDS)).unwrap_or_default();
        let mut parsed = httparse::parse_headers(lines, few);
        if parsed == Err(httparse::Error::TooManyHeaders) && limit > FEW_FIELDS {
            self.many.resize(limit, httparse::EMPTY_HEADER);
            parsed = httparse::parse_headers(lines, &mut self.many);
        }
        match parsed {
            Ok(httparse::Status::Complete((length, fields))) if length == lines.len() => Ok(fields),
            Err(httparse::Error::TooManyHeaders) => Err(MessageFault::TooLarge),
            _ => Err(MessageFault::Field),
        }
    }
}

impl Default for FieldRoom<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// Parts the first line of a head, without its CR LF, from the field lines.
pub(super) fn split_first_line(head: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = head.iter().position(|byte| *byte == b'\r')?;
    Some((head.get(..end)?, head.get(end + 2..)?))
}

/// Whether all bytes are token characters (RFC 9110 §5.6.2) and there is at least one.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(bytes: &[u8]) -> Result<Option<Range<usize>>, MessageFault> {
        HeadEnd::of_request().find(bytes, 1000)
    }

    #[test]
    fn a_head_ends_with_its_empty_line() {
        assert_eq!(find(b"GET / HTTP/1.1\r\n\r\nrest"), Ok(Some(0..18)));
        assert_eq!(find(b"\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n"), Ok(Some(2..26)));
        assert_eq!(find(b"GET / HTTP/1.1\r\nA: b\r\n"), Ok(None));
    }

    #[test]
    fn only_a_trailer_may_be_empty() {
        assert_eq!(HeadEnd::of_trailer().find(b"\r\nX", 1000), Ok(Some(0..2)));
        assert_eq!(HeadEnd::of_trailer().find(b"A: b\r\n\r\nX", 1000), Ok(Some(0..8)));
        assert_eq!(HeadEnd::of_response().find(b"\r\nX", 1000), Err(MessageFault::LeadingLines));
    }

    #[test]
    fn line_endings_are_strict() {
        for bad in [&b"GET\n"[..], b"GET\rX", b"A\r\r\n\r\n", b"A\r\n\n"] {
            assert_eq!(find(bad), Err(MessageFault::LineEnding), "{bad:?}");
        }
        assert_eq!(find(b"A\0\r\n"), Err(MessageFault::Nul));
        assert_eq!(find(b"\r\n\r\nGET"), Err(MessageFault::LeadingLines));
    }

    #[test]
    fn the_limit_counts_the_whole_head() {
        let head = b"A\r\n\r\n";
        assert_eq!(HeadEnd::of_request().find(head, 5), Ok(Some(0..5)));
        assert_eq!(HeadEnd::of_request().find(head, 4), Err(MessageFault::TooLarge));
        assert_eq!(HeadEnd::of_request().find(b"AAAAA", 4), Err(MessageFault::TooLarge));
    }

    #[test]
    fn bit_by_bit_finds_the_same() {
        let head = b"\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n";
        let mut end = HeadEnd::of_request();
        for length in 0..head.len() {
            assert_eq!(end.find(&head[..length], 1000), Ok(None));
        }
        assert_eq!(end.find(head, 1000), Ok(Some(2..head.len())));
    }
}

//! The chunked coding (RFC 9112 §7.1), read strictly and a piece at a time, and written anew.
//!
//! Extensions are checked and dropped, trailer fields too: nobody on either side asked for them, because `TE` ends at
//! this proxy.

use super::fault::MessageFault;
use super::head::{FieldRoom, HeadEnd, MOST_FIELDS};

/// The longest line with a chunk's size, extensions and all, in bytes.
pub const LONGEST_SIZE_LINE: usize = 1024;
/// The most digits of a chunk's size: 2^60 bytes are more than any body.
const MOST_DIGITS: usize = 15;

/// What stands at the front of the bytes at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The size line of a chunk with so many bytes, never 0.
    Size(u64),
    /// Data of the present chunk.
    Data,
    /// The CR LF behind a chunk's data.
    DataEnd,
    /// The size line of the last chunk.
    LastSize,
    /// The trailer: the body is over.
    Trailer,
}

#[derive(Clone, Debug)]
enum State {
    /// Before a size line, of which so many bytes were looked at.
    Size(usize),
    /// Within data, so many bytes before its end, never 0.
    Data(u64),
    /// Behind data.
    DataEnd,
    /// Within the trailer.
    Trailer(HeadEnd),
    /// Behind it all.
    Over,
}

/// Reads a chunked body.
#[derive(Clone, Debug)]
pub struct ChunkReader {
    state: State,
    trailer_limit: usize,
}

impl ChunkReader {
    /// At the beginning of a body, with a limit for the trailer in bytes.
    pub const fn new(trailer_limit: usize) -> Self {
        Self { state: State::Size(0), trailer_limit }
    }

    /// How many bytes of the present chunk's data are still to come.
    pub const fn data_left(&self) -> u64 {
        match self.state {
            State::Data(left) => left,
            _ => 0,
        }
    }

    /// Whether the body was read to its end.
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// So many bytes of data were moved past this reader.
    pub const fn skip_data(&mut self, bytes: u64) {
        if let State::Data(left) = self.state {
            let left = left.saturating_sub(bytes);
            self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
        }
    }

    /// The piece at the front of `bytes` and its length. The caller removes it before the next call; after `None` it
    /// calls again with more behind the same bytes.
    ///
    /// # Errors
    /// The coding is malformed, or a line or the trailer is too long.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Option<(Piece, usize)>, MessageFault> {
        match &mut self.state {
            State::Size(seen) => match find_line(bytes, seen)? {
                None => Ok(None),
                Some(line) => Ok(Some((self.size(line)?, line.len() + 2))),
            },
            State::Data(_) if bytes.is_empty() => Ok(None),
            State::Data(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                self.skip_data(u64::try_from(length).unwrap_or(u64::MAX));
                Ok(Some((Piece::Data, length)))
            }
            State::DataEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    self.state = State::Size(0);
                    Ok(Some((Piece::DataEnd, 2)))
                }
                [] | [b'\r'] => Ok(None),
                _ => Err(MessageFault::Chunk),
            },
            State::Trailer(end) => {
                let found = end.find(bytes, self.trailer_limit).map_err(|_| MessageFault::Chunk)?;
                let Some(trailer) = found.and_then(|range| bytes.get(range)) else { return Ok(None) };
                check_trailer(trailer)?;
                self.state = State::Over;
                Ok(Some((Piece::Trailer, trailer.len())))
            }
            State::Over => Ok(None),
        }
    }

    fn size(&mut self, line: &[u8]) -> Result<Piece, MessageFault> {
        let data = read_size(line)?;
        if data == 0 {
            self.state = State::Trailer(HeadEnd::of_trailer());
            return Ok(Piece::LastSize);
        }
        self.state = State::Data(data);
        Ok(Piece::Size(data))
    }
}

/// Writes the size line of a chunk.
pub fn write_size(out: &mut Vec<u8>, data: u64) {
    let places = data.checked_ilog2().map_or(0, |bits| bits / 4);
    for place in (0..=places).rev() {
        let digit = u32::try_from((data >> (place * 4)) & 0xf).ok().and_then(|digit| char::from_digit(digit, 16));
        out.extend(digit.and_then(|digit| u8::try_from(digit).ok()));
    }
    out.extend_from_slice(DATA_END);
}

/// The CR LF behind a chunk's data.
pub const DATA_END: &[u8] = b"\r\n";
/// The last chunk and an empty trailer.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The line that `bytes` begin with, without its CR LF, going on behind the `seen` bytes that were looked at before.
fn find_line<'b>(bytes: &'b [u8], seen: &mut usize) -> Result<Option<&'b [u8]>, MessageFault> {
    while let Some(byte) = bytes.get(*seen) {
        if *seen >= LONGEST_SIZE_LINE {
            return Err(MessageFault::Chunk);
        }
        match byte {
            b'\r' => match bytes.get(*seen + 1) {
                None => return Ok(None),
                Some(b'\n') => return Ok(bytes.get(..*seen)),
                Some(_) => return Err(MessageFault::Chunk),
            },
            b'\n' => return Err(MessageFault::Chunk),
            _ => *seen += 1,
        }
    }
    Ok(None)
}

/// `1*HEXDIG [ ";" extensions ]`; no blank may stand beside the size.
fn read_size(line: &[u8]) -> Result<u64, MessageFault> {
    let (digits, extensions) = match line.iter().position(|byte| *byte == b';') {
        Some(at) => line.split_at(at),
        None => (line, &b""[..]),
    };
    let sane = extensions.iter().all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f));
    if digits.is_empty() || digits.len() > MOST_DIGITS || !sane {
        return Err(MessageFault::Chunk);
    }
    digits.iter().try_fold(0_u64, |sum, byte| {
        let digit = char::from(*byte).to_digit(16).ok_or(MessageFault::Chunk)?;
        Ok((sum << 4) | u64::from(digit))
    })
}

/// Trailer fields are dropped, but they must be well-formed and must not pretend to frame or route the message.
fn check_trailer(lines: &[u8]) -> Result<(), MessageFault> {
    if lines == b"\r\n" {
        return Ok(());
    }
    let mut room = FieldRoom::new();
    let fields = room.read(lines, MOST_FIELDS).map_err(|_| MessageFault::Chunk)?;
    let refused = ["content-length", "transfer-encoding", "host", "trailer"];
    let pretends = fields.iter().any(|field| refused.iter().any(|name| field.name.eq_ignore_ascii_case(name)));
    if pretends { Err(MessageFault::Chunk) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a body that arrives in steps of so many bytes; gives its data and what was left behind it.
    fn read(body: &[u8], step: usize) -> Result<(Vec<u8>, usize), MessageFault> {
        let mut reader = ChunkReader::new(1000);
        let (mut at, mut arrived, mut data) = (0, 0, Vec::new());
        while !reader.is_over() {
            match reader.next(&body[at..arrived])? {
                Some((piece, length)) => {
                    if piece == Piece::Data {
                        data.extend_from_slice(&body[at..at + length]);
                    }
                    at += length;
                }
                None if arrived == body.len() => return Err(MessageFault::Incomplete),
                None => arrived = body.len().min(arrived + step),
            }
        }
        Ok((data, body.len() - at))
    }

    #[test]
    fn a_body_reads_the_same_however_it_arrives() {
        let body = b"5;x=\"y\"\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\nrest";
        for step in 1..=body.len() {
            let (data, _) = read(body, step).unwrap();
            assert_eq!(data, b"hello 0123456789", "step {step}");
        }
        assert_eq!(read(body, 1).unwrap().1, 4);
    }

    #[test]
    fn malformed_chunks_are_refused() {
        let long_line = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(LONGEST_SIZE_LINE));
        let bad: [&[u8]; 21] = [
            b"0x5\r\nhello\r\n0\r\n\r\n",
            b"+5\r\nhello\r\n0\r\n\r\n",
            b"-0\r\n\r\n",
            b"5_\r\nhello\r\n0\r\n\r\n",
            b"5 \r\nhello\r\n0\r\n\r\n",
            b" 5\r\nhello\r\n0\r\n\r\n",
            b"\r\nhello\r\n0\r\n\r\n",
            b"ffffffffffffffff\r\nhello",
            b"7fffffffffffffff\r\nhello",
            b"5\r\r\nhello\r\n0\r\n\r\n",
            b"5\nhello\r\n0\r\n\r\n",
            b"5\r\nhello\n0\r\n\r\n",
            b"5\r\nhelloX\r\n0\r\n\r\n",
            b"5;a\rb\r\nhello\r\n0\r\n\r\n",
            b"5;\x01\r\nhello\r\n0\r\n\r\n",
            b"0\r\nContent-Length: 5\r\n\r\n",
            b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"0\r\nHost: a\r\n\r\n",
            b"0\r\n: a\r\n\r\n",
            b"0\r\nA: b\n\r\n",
            long_line.as_bytes(),
        ];
        for body in bad {
            for step in 1..=body.len() {
                assert_eq!(read(body, step), Err(MessageFault::Chunk), "{:?}", String::from_utf8_lossy(body));
            }
        }
        assert_eq!(read(b"5\r\nhello\r\n0\r\n", 3), Err(MessageFault::Incomplete));
    }

    #[test]
    fn sizes_are_written_as_they_are_read() {
        for size in [1, 9, 10, 15, 16, 255, 256, 0xabc_def, (1 << 60) - 1] {
            let mut line = Vec::new();
            write_size(&mut line, size);
            assert_eq!(line, format!("{size:x}\r\n").into_bytes());
            assert_eq!(read_size(&line[..line.len() - 2]), Ok(size));
        }
    }
}

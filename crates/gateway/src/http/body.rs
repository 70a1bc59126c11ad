//! A body on its way through: what has arrived is written anew for the other side, what is plain payload is left to
//! be carried over without being looked at.

use super::chunk::{self, ChunkReader, Piece};
use super::fault::MessageFault;
use super::framing::{Framing, Version};
use crate::buffer::{CAPACITY, Inbox};

/// How much of a chunk must be left for carrying to be worth it, in bytes.
const LEAST_CARRIED: u64 = 16 * 1024;

/// What is left of a body.
#[derive(Debug)]
pub(super) enum Body {
    /// So many bytes.
    Length(u64),
    /// Chunks, which are passed on as chunks or, to a client that knows none, as plain data.
    Chunked { reader: ChunkReader, as_chunks: bool },
    /// Whatever comes until the connection ends.
    UntilClose,
}

impl Body {
    /// A body of that framing, for a receiver of that version.
    pub(super) const fn new(framing: Framing, receiver: Version, trailer_limit: usize) -> Self {
        match framing {
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked {
                reader: ChunkReader::new(trailer_limit),
                as_chunks: matches!(receiver, Version::Http11),
            },
            Framing::UntilClose => Self::UntilClose,
        }
    }

    /// Whether all of it has come.
    pub(super) const fn is_over(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked { reader, .. } => reader.is_over(),
            Self::UntilClose => false,
        }
    }

    /// How many bytes may be carried over unseen, now that everything that had arrived was gathered.
    pub(super) const fn carriable(&self) -> u64 {
        match self {
            Self::Length(left) => *left,
            Self::Chunked { reader, .. } if reader.data_left() >= LEAST_CARRIED => reader.data_left(),
            Self::Chunked { .. } => 0,
            Self::UntilClose => u64::MAX,
        }
    }

    /// So many bytes were carried over.
    pub(super) fn carried(&mut self, bytes: u64) {
        match self {
            Self::Length(left) => *left = left.saturating_sub(bytes),
            Self::Chunked { reader, .. } => reader.skip_data(bytes),
            Self::UntilClose => {}
        }
    }

    /// Moves what has arrived of the body from `inbox` to `out`, until it is over or `out` is full.
    ///
    /// # Errors
    /// The chunked coding is malformed.
    pub(super) fn gather(&mut self, inbox: &mut Inbox, out: &mut Vec<u8>) -> Result<(), MessageFault> {
        match self {
            Self::Length(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(inbox.unread().len());
                take(inbox, length, out);
                *left -= u64::try_from(length).unwrap_or(*left);
            }
            Self::Chunked { reader, as_chunks } => gather_chunks(reader, *as_chunks, inbox, out)?,
            Self::UntilClose => take(inbox, inbox.unread().len(), out),
        }
        Ok(())
    }
}

fn take(inbox: &mut Inbox, length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(inbox.unread().get(..length).unwrap_or_default());
    inbox.consume(length);
}

fn gather_chunks(
    reader: &mut ChunkReader,
    as_chunks: bool,
    inbox: &mut Inbox,
    out: &mut Vec<u8>,
) -> Result<(), MessageFault> {
    while out.len() < CAPACITY {
        let Some((piece, length)) = reader.next(inbox.unread())? else { break };
        match piece {
            Piece::Data => out.extend_from_slice(inbox.unread().get(..length).unwrap_or_default()),
            Piece::Size(data) if as_chunks => chunk::write_size(out, data),
            Piece::DataEnd if as_chunks => out.extend_from_slice(chunk::DATA_END),
            Piece::Trailer if as_chunks => out.extend_from_slice(chunk::LAST_CHUNK),
            _ => {}
        }
        inbox.consume(length);
    }
    Ok(())
}

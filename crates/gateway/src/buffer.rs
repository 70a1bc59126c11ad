//! Buffers belong to the thread, not to the connection: taken when bytes are there, given back when none are left.

use std::cell::RefCell;
use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;

/// The capacity a buffer starts with, in bytes: one read takes what a peer usually sends at once.
pub(crate) const CAPACITY: usize = 16 * 1024;
/// How many unused buffers a thread keeps.
const MOST_SPARE: usize = 64;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer of at least [`CAPACITY`].
fn take() -> Vec<u8> {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(CAPACITY))
}

/// Keeps a buffer for the next taker, unless there are enough or it has grown out of size.
fn give_back(mut buffer: Vec<u8>) {
    if !(CAPACITY..=2 * CAPACITY).contains(&buffer.capacity()) {
        return;
    }
    buffer.clear();
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < MOST_SPARE {
            spare.push(buffer);
        }
    });
}

/// Bytes to be sent in one write.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Vec<u8>);

impl Outbox {
    pub(crate) fn new() -> Self {
        Self(take())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// For appending.
    pub(crate) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Outbox {
    /// Gives the buffer back before the end.
    pub(crate) fn release(&mut self) {
        give_back(std::mem::take(&mut self.0));
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.release();
    }
}

/// Bytes that were received and not yet used. It holds a buffer only while there are some.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    /// Where the unused bytes begin.
    begin: usize,
}

impl Inbox {
    /// With bytes that were received before.
    pub(crate) const fn of(received: Vec<u8>) -> Self {
        Self { buffer: received, begin: 0 }
    }

    pub(crate) fn unread(&self) -> &[u8] {
        self.buffer.get(self.begin..).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unread().is_empty()
    }

    /// The first `length` bytes are used.
    pub(crate) fn consume(&mut self, length: usize) {
        self.begin += length;
        if self.is_empty() {
            self.begin = 0;
            give_back(std::mem::take(&mut self.buffer));
        }
    }

    /// Waits for bytes and reads them once; 0 is the end of the stream.
    pub(crate) async fn fill(&mut self, from: &mut ReadHalf<'_>) -> io::Result<usize> {
        from.readable().await?;
        self.make_room();
        let length = from.read_buf(&mut self.buffer).await;
        if self.is_empty() {
            self.consume(0);
        }
        length
    }

    /// [`Inbox::fill`] from a connection that nobody else uses.
    pub(crate) async fn fill_from(&mut self, from: &mut TcpStream) -> io::Result<usize> {
        self.fill(&mut from.split().0).await
    }

    fn make_room(&mut self) {
        if self.buffer.capacity() == 0 {
            self.buffer = take();
        } else if self.begin > 0 {
            self.buffer.drain(..self.begin);
            self.begin = 0;
        }
        if self.buffer.len() == self.buffer.capacity() {
            self.buffer.reserve(self.buffer.capacity());
        }
    }

    /// The unused bytes, to be kept apart from the buffer.
    pub(crate) fn into_rest(self) -> Vec<u8> {
        self.unread().to_vec()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        give_back(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_goes_back_when_its_bytes_are_used() {
        let mut inbox = Inbox { buffer: take(), begin: 0 };
        inbox.buffer.extend_from_slice(b"abc");
        inbox.consume(1);
        assert_eq!(inbox.unread(), b"bc");
        inbox.make_room();
        assert_eq!((inbox.unread(), inbox.begin), (&b"bc"[..], 0));
        inbox.consume(2);
        assert_eq!(inbox.buffer.capacity(), 0);
        assert_eq!(SPARE.with_borrow(Vec::len), 1);
    }
}

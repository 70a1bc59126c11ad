//! Moving by copying, through one buffer of the thread. A direction keeps only what a slow peer did not take.

use anyhow::Result;
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::{Lane, Step};

/// The size of a thread's buffer.
const BUFFER_BYTES: usize = 256 * 1024;

/// The buffer of a thread.
pub(super) struct Buffer(Box<[u8]>);

impl Default for Buffer {
    fn default() -> Self {
        Self(vec![0; BUFFER_BYTES].into_boxed_slice())
    }
}

/// A direction, with what its peer did not take.
#[derive(Default)]
pub(super) struct Buffered(Vec<u8>);

impl Lane for Buffered {
    type Shared = Buffer;

    fn step(&mut self, buffer: &mut Buffer, from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<Step, Errno> {
        if !self.0.is_empty() {
            match send(to, &self.0, SendFlags::NOSIGNAL) {
                Ok(sent) => drop(self.0.drain(..sent)),
                Err(Errno::AGAIN) => return Ok(Step::Blocked),
                Err(error) => return Err(error),
            }
            if self.0.is_empty() {
                self.0 = Vec::new();
            }
            return Ok(Step::Moved);
        }
        let bytes = match recv(from, &mut *buffer.0, RecvFlags::empty()) {
            Ok((_, 0)) => return Ok(Step::Ended),
            Ok((_, read)) => buffer.0.get(..read).unwrap_or_default(),
            Err(Errno::AGAIN) => return Ok(Step::Blocked),
            Err(error) => return Err(error),
        };
        let sent = match send(to, bytes, SendFlags::NOSIGNAL) {
            Ok(sent) => sent,
            Err(Errno::AGAIN) => 0,
            Err(error) => return Err(error),
        };
        self.0.extend_from_slice(bytes.get(sent..).unwrap_or_default());
        Ok(Step::Moved)
    }
}

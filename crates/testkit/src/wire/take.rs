//! Taking what arrives: forgotten unseen, or compared with the pattern.

use std::cell::RefCell;
use std::io;

use rustix::net::RecvFlags;
use tokio::io::Interest;

use super::{Wire, length};
use crate::pattern;

/// How much one discarding or checking read takes.
const BULK_BYTES: usize = 1024 * 1024;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; BULK_BYTES].into_boxed_slice());
}

impl Wire {
    /// Takes and forgets what waits in the kernel; `None` when nothing does, 0 at the end of the stream.
    ///
    /// # Errors
    /// When the connection was reset.
    pub fn try_discard(&mut self) -> io::Result<Option<u64>> {
        self.try_take(BULK_BYTES, RecvFlags::TRUNC, |_| ())
    }

    pub(super) fn try_check(&mut self, offset: u64, right: &mut bool) -> io::Result<Option<u64>> {
        self.try_take(BULK_BYTES, RecvFlags::empty(), |bytes| *right &= pattern::matches(offset, bytes))
    }

    /// One read of at most `at_most` bytes; `look` sees nothing when they are forgotten unseen.
    fn try_take(&mut self, at_most: usize, flags: RecvFlags, look: impl FnOnce(&[u8])) -> io::Result<Option<u64>> {
        let read = SCRATCH.with_borrow_mut(|scratch| {
            let room = scratch.get_mut(..at_most.min(BULK_BYTES)).unwrap_or_default();
            let read = self.stream.try_io(Interest::READABLE, || {
                Ok(rustix::net::recv(&self.stream, &mut *room, flags).map(|(_, read)| read)?)
            })?;
            if !flags.contains(RecvFlags::TRUNC) {
                look(room.get(..read).unwrap_or_default());
            }
            Ok::<_, io::Error>(u64::try_from(read).unwrap_or(0))
        });
        match read {
            Ok(read) => {
                self.received = self.received.saturating_add(read);
                Ok(Some(read))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes and forgets what comes next; 0 at the end of the stream.
    ///
    /// # Errors
    /// When the connection was reset.
    pub async fn discard_some(&mut self) -> io::Result<u64> {
        let early = length(&self.pending);
        if early > 0 {
            self.pending = Vec::new();
            return Ok(early);
        }
        loop {
            if let Some(read) = self.try_discard()? {
                self.take_turns(read).await;
                return Ok(read);
            }
            self.stream.readable().await?;
        }
    }

    /// Takes up to `count` bytes and forgets them unseen, without copying them out of the kernel. Returns how many
    /// came: fewer only at the end of the stream.
    ///
    /// # Errors
    /// When the connection was reset; [`Wire::received`] has what came before.
    pub async fn discard(&mut self, count: u64) -> io::Result<u64> {
        self.take(count, RecvFlags::TRUNC, |_, _| true).await.map(|(taken, _)| taken)
    }

    /// Takes up to `count` bytes and compares them with the pattern from its start. Returns how many came, and whether
    /// all were right.
    ///
    /// # Errors
    /// As [`Wire::discard`].
    pub async fn check(&mut self, count: u64) -> io::Result<(u64, bool)> {
        self.check_from(0, count).await
    }

    /// As [`Wire::check`], from what stands at `offset` on.
    ///
    /// # Errors
    /// As [`Wire::discard`].
    pub async fn check_from(&mut self, offset: u64, count: u64) -> io::Result<(u64, bool)> {
        let look = |taken: u64, bytes: &[u8]| pattern::matches(offset.saturating_add(taken), bytes);
        self.take(count, RecvFlags::empty(), look).await
    }

    async fn take(
        &mut self,
        count: u64,
        flags: RecvFlags,
        mut look: impl FnMut(u64, &[u8]) -> bool,
    ) -> io::Result<(u64, bool)> {
        let early = usize::try_from(count).unwrap_or(usize::MAX).min(self.pending.len());
        let mut right = look(0, self.pending.get(..early).unwrap_or_default());
        self.consume(early);
        let mut taken = u64::try_from(early).unwrap_or(0);
        while taken < count {
            let wanted = usize::try_from(count.saturating_sub(taken)).unwrap_or(BULK_BYTES);
            match self.try_take(wanted, flags, |bytes| right &= look(taken, bytes))? {
                Some(0) => break,
                Some(read) => {
                    taken = taken.saturating_add(read);
                    self.take_turns(read).await;
                }
                None => self.stream.readable().await?,
            }
        }
        Ok((taken, right))
    }
}

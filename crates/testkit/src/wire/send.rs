//! Sending: bytes in memory, the pattern, or the pattern while taking what comes.

use std::io;

use super::{Wire, length};
use crate::pattern;

impl Wire {
    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// When the connection was reset; [`Wire::sent`] has what the kernel took before.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    let written = u64::try_from(written).unwrap_or(0);
                    self.sent = self.sent.saturating_add(written);
                    self.take_turns(written).await;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends `count` bytes of the pattern, beginning with what stands at `offset`.
    ///
    /// # Errors
    /// As [`Wire::send`].
    pub async fn send_pattern(&mut self, offset: u64, count: u64) -> io::Result<()> {
        let mut done = 0;
        while done < count {
            let piece = pattern::piece(offset.saturating_add(done), count.saturating_sub(done));
            self.send(piece).await?;
            done = done.saturating_add(length(piece));
        }
        Ok(())
    }

    /// Sends `count` bytes of the pattern while taking and forgetting what comes, and ends the sending direction; then
    /// takes the rest. What comes must be the pattern from its start when `check` is set. Returns whether it was.
    ///
    /// # Errors
    /// When the connection was reset.
    pub async fn exchange(&mut self, count: u64, check: bool) -> io::Result<bool> {
        let (mut done, mut taken, mut right, mut open) = (0, 0, true, true);
        while done < count && open {
            tokio::select! {
                ready = self.stream.writable() => {
                    ready?;
                    done = done.saturating_add(self.try_send_pattern(done, count.saturating_sub(done))?);
                }
                ready = self.stream.readable() => {
                    ready?;
                    let read = if check { self.try_check(taken, &mut right)? } else { self.try_discard()? };
                    open = read != Some(0);
                    taken = taken.saturating_add(read.unwrap_or(0));
                }
            }
            self.take_turns(pattern::LONGEST_PIECE_BYTES).await;
        }
        self.send_pattern(done, count.saturating_sub(done)).await?;
        self.finish_sending()?;
        let rest = if check { self.check_from(taken, u64::MAX).await?.1 } else { self.discard(u64::MAX).await? > 0 };
        Ok(!check || (right && rest))
    }

    /// Sends what the kernel takes at once of `count` bytes of the pattern from `offset`.
    ///
    /// # Errors
    /// When the connection was reset.
    pub fn try_send_pattern(&mut self, offset: u64, count: u64) -> io::Result<u64> {
        match self.stream.try_write(pattern::piece(offset, count)) {
            Ok(written) => {
                let written = u64::try_from(written).unwrap_or(0);
                self.sent = self.sent.saturating_add(written);
                Ok(written)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error),
        }
    }
}

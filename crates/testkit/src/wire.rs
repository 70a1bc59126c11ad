//! A TCP connection that counts: what its kernel received and handed over, and what it took for sending.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;

use rustix::net::RecvFlags;
use tokio::io::{AsyncReadExt, Interest};
use tokio::net::{TcpSocket, TcpStream};

use crate::pattern;

/// How much one read for parsing takes.
const READ_BYTES: usize = 16 * 1024;
/// How much one discarding or checking read takes.
const BULK_BYTES: usize = 1024 * 1024;
/// After how many bytes a busy connection lets the others of its thread run.
const TURN_BYTES: u64 = 1024 * 1024;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; BULK_BYTES].into_boxed_slice());
}

/// A length as the counters hold it.
pub fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// A counted connection. What was received and not yet taken waits in `pending`.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    pending: Vec<u8>,
    received: u64,
    sent: u64,
    turn: u64,
}

impl Wire {
    /// Counts from here on.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, pending: Vec::new(), received: 0, sent: 0, turn: 0 }
    }

    /// Connects and counts.
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub async fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self::new(stream))
    }

    /// Connects with a receive buffer of so many bytes, so that a reader that stops is soon sent nothing more.
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub async fn connect_narrow(to: SocketAddr, receive_buffer: u32) -> io::Result<Self> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_recv_buffer_size(receive_buffer)?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self::new(stream))
    }

    /// Bytes the kernel received, acknowledged and still holds.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn waiting(&self) -> io::Result<u64> {
        Ok(rustix::io::ioctl_fionread(&self.stream)?)
    }

    /// The connection itself.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Bytes taken from the kernel.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Bytes taken from the kernel that were also consumed here.
    pub fn consumed(&self) -> u64 {
        self.received.saturating_sub(length(&self.pending))
    }

    /// Bytes the kernel took for sending.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Counts from zero again; what is pending stays counted.
    pub fn restart_counts(&mut self) {
        self.received = length(&self.pending);
        self.sent = 0;
    }

    /// What arrived and was not consumed.
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Consumes so much of what is pending.
    pub fn consume(&mut self, bytes: usize) {
        self.pending.drain(..bytes.min(self.pending.len()));
        if self.pending.is_empty() {
            // An idle connection holds no buffer.
            self.pending = Vec::new();
        }
    }

    /// Reads more into `pending`; 0 at the end of the stream.
    ///
    /// # Errors
    /// When the connection was reset.
    pub async fn fill(&mut self) -> io::Result<usize> {
        self.stream.readable().await?;
        self.pending.reserve(READ_BYTES);
        let read = self.stream.read_buf(&mut self.pending).await?;
        self.received = self.received.saturating_add(u64::try_from(read).unwrap_or(0));
        Ok(read)
    }

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

    /// Takes and forgets what waits in the kernel; `None` when nothing does, 0 at the end of the stream.
    ///
    /// # Errors
    /// When the connection was reset.
    pub fn try_discard(&mut self) -> io::Result<Option<u64>> {
        self.try_take(BULK_BYTES, RecvFlags::TRUNC, |_| ())
    }

    fn try_check(&mut self, offset: u64, right: &mut bool) -> io::Result<Option<u64>> {
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

    /// Ends the sending direction.
    ///
    /// # Errors
    /// When the connection is gone already.
    pub fn finish_sending(&self) -> io::Result<()> {
        rustix::net::shutdown(&self.stream, rustix::net::Shutdown::Write).map_err(io::Error::from)
    }

    /// Closes with a reset instead of a FIN.
    ///
    /// # Errors
    /// When the connection is gone already.
    pub fn reset(self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }

    async fn take_turns(&mut self, bytes: u64) {
        self.turn = self.turn.saturating_add(bytes);
        if self.turn >= TURN_BYTES {
            self.turn = 0;
            tokio::task::yield_now().await;
        }
    }
}

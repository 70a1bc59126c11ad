//! A TCP connection that counts: what its kernel received and handed over, and what it took for sending.

mod send;
mod take;

use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};

/// How much one read for parsing takes.
const READ_BYTES: usize = 16 * 1024;
/// After how many bytes a busy connection lets the others of its thread run.
const TURN_BYTES: u64 = 1024 * 1024;

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

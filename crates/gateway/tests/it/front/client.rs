//! A client that says exactly what it is told to.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A test that waits for longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection.
pub(super) struct Client {
    pub(super) stream: TcpStream,
    /// Received and not yet read.
    pending: Vec<u8>,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::of(stream)
    }

    pub(super) const fn of(stream: TcpStream) -> Self {
        Self { stream, pending: Vec::new() }
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// As [`Client::send`], when the other side may have closed already.
    pub(super) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }

    /// Sends a FIN.
    pub(super) fn end_sending(&self) {
        // The other side may have closed already.
        socket2::SockRef::from(&self.stream).shutdown(std::net::Shutdown::Write).ok();
    }

    /// Exactly so many bytes.
    pub(super) async fn receive(&mut self, length: usize) -> Vec<u8> {
        while self.pending.len() < length {
            assert!(self.fill().await.unwrap() > 0, "closed after {:?}", String::from_utf8_lossy(&self.pending));
        }
        self.pending.drain(..length).collect()
    }

    /// A head, up to and including its empty line.
    pub(super) async fn receive_head(&mut self) -> String {
        loop {
            if let Some(end) = self.pending.windows(4).position(|window| window == b"\r\n\r\n") {
                return String::from_utf8(self.pending.drain(..end + 4).collect()).unwrap();
            }
            assert!(self.fill().await.unwrap() > 0, "closed after {:?}", String::from_utf8_lossy(&self.pending));
        }
    }

    /// A head, and a body as long as its `Content-Length` says.
    pub(super) async fn receive_response(&mut self) -> (String, String) {
        let head = self.receive_head().await;
        let length = header(&head, "content-length").map_or(0, |value| value.parse().unwrap());
        let body = self.receive(length).await;
        (head, String::from_utf8(body).unwrap())
    }

    /// Everything until the other side closes; an error when it resets.
    pub(super) async fn receive_to_end(&mut self) -> io::Result<Vec<u8>> {
        while self.fill().await? > 0 {}
        Ok(std::mem::take(&mut self.pending))
    }

    /// As [`Client::receive_to_end`], with what came before a reset.
    pub(super) async fn receive_until_reset(&mut self) -> (Vec<u8>, bool) {
        let reset = loop {
            match self.fill().await {
                Ok(0) => break false,
                Ok(_) => {}
                Err(_) => break true,
            }
        };
        (std::mem::take(&mut self.pending), reset)
    }

    async fn fill(&mut self) -> io::Result<usize> {
        timeout(PATIENCE, self.stream.read_buf(&mut self.pending)).await.expect("an answer in time")
    }
}

/// The value of a field in a head.
pub(super) fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|found| found.1)
}

/// The status of a response's head.
pub(super) fn status(head: &str) -> u16 {
    head.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no status in {head:?}"))
}

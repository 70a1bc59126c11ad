//! A client of the API over one kept connection, as small as it can be, so that the product is what is measured.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const READ_BYTES: usize = 64 * 1024;

/// A connection, as one customer.
pub(super) struct Kept {
    stream: TcpStream,
    key: String,
    answer: Vec<u8>,
}

impl Kept {
    pub(super) async fn connect(address: SocketAddr, key: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, key: key.to_owned(), answer: Vec::new() })
    }

    pub(super) async fn get(&mut self, path: &str, query: &str) -> Result<String> {
        let key = &self.key;
        let head = format!("GET /api-gate-way/{path}?app_key={key}&{query} HTTP/1.1\r\nhost: bench\r\n\r\n");
        self.exchange(&head).await
    }

    pub(super) async fn post(&mut self, path: &str, json: &str) -> Result<String> {
        let (key, length) = (&self.key, json.len());
        let request = format!(
            "POST /api-gate-way/{path}?app_key={key} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{json}"
        );
        self.exchange(&request).await
    }

    /// Sends a request; the body of a success, chunks and all.
    async fn exchange(&mut self, request: &str) -> Result<String> {
        self.stream.write_all(request.as_bytes()).await?;
        self.answer.clear();
        while !self.is_whole()? {
            self.answer.reserve(READ_BYTES);
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the answer broke off");
        }
        let text = std::str::from_utf8(&self.answer)?;
        let (_, body) = text.split_once("\r\n\r\n").context("an answer without an end of its head")?;
        ensure!(body.contains(r#""code":0,"#) || body.contains(r#""code":200,"#), "the API said no: {body}");
        Ok(body.to_owned())
    }

    fn is_whole(&self) -> Result<bool> {
        let Some(end) = self.answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
        let (head, body) = self.answer.split_at(end.saturating_add(4));
        let head = std::str::from_utf8(head)?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        Ok(match length {
            Some(length) => body.len() >= length.trim().parse()?,
            None => body.ends_with(b"\r\n0\r\n\r\n"),
        })
    }
}

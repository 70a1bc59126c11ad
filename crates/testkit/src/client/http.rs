//! Plain HTTP requests through a proxy, one after the other on one connection.

use std::io;

use crate::wire::Wire;

/// The longest answer head.
const LONGEST_HEAD: usize = 64 * 1024;
/// The most header fields.
const MOST_FIELDS: usize = 128;

/// What came back for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Bytes of the body.
    pub body: u64,
    /// Whether the body was the pattern from its start.
    pub right: bool,
    /// Whether the proxy announced the end of the connection.
    pub closes: bool,
}

/// A connection to a proxy for requests in absolute form.
#[derive(Debug)]
pub struct Exchange {
    wire: Wire,
    authorization: Option<String>,
}

/// How the answer's body ends.
enum Framing {
    Length(u64),
    Chunked,
    Close,
}

struct Head {
    status: u16,
    framing: Framing,
    closes: bool,
}

impl Exchange {
    pub(super) fn new(wire: Wire, authorization: Option<String>) -> Self {
        Self { wire, authorization }
    }

    /// The connection with its counts.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// Ends it and gives the connection back.
    pub fn into_wire(self) -> Wire {
        self.wire
    }

    /// Sends `GET url`.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn send_get(&mut self, url: &str) -> io::Result<()> {
        let head = self.head("GET", url, "");
        self.wire.send(head.as_bytes()).await
    }

    /// Sends `GET url` and takes the answer.
    ///
    /// # Errors
    /// When the connection fails or the answer is no HTTP.
    pub async fn get(&mut self, url: &str) -> io::Result<Answer> {
        self.send_get(url).await?;
        self.answer().await
    }

    /// Sends `POST url` with `count` bytes of the pattern, by length, and takes the answer.
    ///
    /// # Errors
    /// When the connection fails or the answer is no HTTP.
    pub async fn post(&mut self, url: &str, count: u64) -> io::Result<Answer> {
        self.send_head_of_post(url, count).await?;
        self.wire.send_pattern(0, count).await?;
        self.answer().await
    }

    /// Sends the head of `POST url` that announces `count` bytes.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn send_head_of_post(&mut self, url: &str, count: u64) -> io::Result<()> {
        let head = self.head("POST", url, &format!("Content-Length: {count}\r\n"));
        self.wire.send(head.as_bytes()).await
    }

    /// Sends `POST url` with `count` bytes of the pattern in chunks of `chunk`, and takes the answer.
    ///
    /// # Errors
    /// When the connection fails or the answer is no HTTP.
    pub async fn post_chunked(&mut self, url: &str, count: u64, chunk: u64) -> io::Result<Answer> {
        let head = self.head("POST", url, "Transfer-Encoding: chunked\r\n");
        self.wire.send(head.as_bytes()).await?;
        let mut done = 0;
        while done < count {
            let size = chunk.max(1).min(count.saturating_sub(done));
            self.wire.send(format!("{size:x}\r\n").as_bytes()).await?;
            self.wire.send_pattern(done, size).await?;
            self.wire.send(b"\r\n").await?;
            done = done.saturating_add(size);
        }
        self.wire.send(b"0\r\n\r\n").await?;
        self.answer().await
    }

    fn head(&self, method: &str, url: &str, framing: &str) -> String {
        let host = url.split('/').nth(2).unwrap_or_default();
        let login = self.authorization.as_ref().map(|value| format!("Proxy-Authorization: {value}\r\n"));
        format!("{method} {url} HTTP/1.1\r\nHost: {host}\r\n{}{framing}\r\n", login.unwrap_or_default())
    }

    /// Takes an answer.
    ///
    /// # Errors
    /// When the connection fails or the answer is no HTTP.
    pub async fn answer(&mut self) -> io::Result<Answer> {
        let head = self.answer_head().await?;
        let (body, right) = match head.framing {
            Framing::Length(length) => {
                let (taken, right) = self.wire.check(length).await?;
                if taken < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                (taken, right)
            }
            Framing::Close => self.wire.check(u64::MAX).await?,
            Framing::Chunked => self.chunks().await?,
        };
        Ok(Answer { status: head.status, body, right, closes: head.closes })
    }

    /// Takes an answer's head and the first `count` bytes of its body; for a client that gives up in the middle.
    ///
    /// # Errors
    /// When the connection fails or the answer is no HTTP.
    pub async fn answer_start(&mut self, count: u64) -> io::Result<u16> {
        let head = self.answer_head().await?;
        self.wire.discard(count).await?;
        Ok(head.status)
    }

    async fn answer_head(&mut self) -> io::Result<Head> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
            let mut head = httparse::Response::new(&mut fields);
            match head.parse(self.wire.pending()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))? {
                httparse::Status::Complete(length) => {
                    let understood = understand(&head)?;
                    self.wire.consume(length);
                    if understood.status != 100 {
                        return Ok(understood);
                    }
                    continue;
                }
                httparse::Status::Partial if self.wire.pending().len() < LONGEST_HEAD => {}
                httparse::Status::Partial => return Err(io::Error::new(io::ErrorKind::InvalidData, "endless head")),
            }
            if self.wire.fill().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn chunks(&mut self) -> io::Result<(u64, bool)> {
        let (mut total, mut right) = (0, true);
        loop {
            let line = self.line().await?;
            let size = u64::from_str_radix(&line, 16).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok((total, right));
            }
            let (taken, same) = self.wire.check_from(total, size).await?;
            if taken < size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            right &= same;
            total = total.saturating_add(size);
            self.line().await?;
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.wire.pending().iter().position(|byte| *byte == b'\n') {
                let line = self.wire.pending().get(..end).unwrap_or_default();
                let line = String::from_utf8_lossy(line).trim_end().to_owned();
                self.wire.consume(end.saturating_add(1));
                return Ok(line);
            }
            if self.wire.pending().len() > LONGEST_HEAD || self.wire.fill().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

fn understand(head: &httparse::Response<'_, '_>) -> io::Result<Head> {
    let field = |name: &str| {
        let field = head.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| String::from_utf8_lossy(field.value).to_ascii_lowercase())
    };
    let framing = if field("transfer-encoding").is_some_and(|value| value == "chunked") {
        Framing::Chunked
    } else {
        match field("content-length").map(|value| value.parse()) {
            Some(Ok(length)) => Framing::Length(length),
            Some(Err(_)) => return Err(io::Error::new(io::ErrorKind::InvalidData, "content-length is no number")),
            None if matches!(head.code, Some(100 | 204 | 304)) => Framing::Length(0),
            None => Framing::Close,
        }
    };
    let closes = matches!(framing, Framing::Close) || field("connection").is_some_and(|value| value == "close");
    Ok(Head { status: head.code.unwrap_or_default(), framing, closes })
}

//! A client of the API as small as it can be: one call, one connection, JSON in and out.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long an answer may take.
const ANSWER_AT_MOST: Duration = Duration::from_secs(30);
/// The longest answer that is read.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// The API with one customer's key.
#[derive(Clone)]
pub struct Api {
    address: SocketAddr,
    app_key: String,
}

/// The API answered, and said no.
#[derive(Debug, thiserror::Error)]
#[error("{path} answered {code}: {message}")]
pub struct ApiRefusal {
    /// Which call.
    pub path: String,
    /// The code in the envelope.
    pub code: i64,
    /// The text in the envelope.
    pub message: String,
}

impl Api {
    /// The API at an address, as the customer with this key.
    pub fn new(address: SocketAddr, app_key: &str) -> Self {
        Self { address, app_key: app_key.to_owned() }
    }

    /// The customer's key.
    pub fn key(&self) -> &str {
        &self.app_key
    }

    /// The same customer's, at another process.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// Calls `POST /api-gate-way/PATH` and returns `data`.
    ///
    /// # Errors
    /// An [`ApiRefusal`] when the call was refused; another error when no whole answer came.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        let mut body = body;
        if let Some(fields) = body.as_object_mut() {
            fields.insert("app_key".to_owned(), json!(self.app_key));
        }
        let body = body.to_string();
        let head = format!("POST /api-gate-way/{path} HTTP/1.1\r\ncontent-type: application/json\r\n");
        self.call(path, &format!("{head}content-length: {}\r\n", body.len()), &body).await
    }

    /// Calls `GET /api-gate-way/PATH?QUERY` and returns `data`.
    ///
    /// # Errors
    /// As [`Api::post`].
    pub async fn get(&self, path: &str, query: &str) -> Result<Value> {
        let key = &self.app_key;
        self.call(path, &format!("GET /api-gate-way/{path}?app_key={key}&{query} HTTP/1.1\r\n"), "").await
    }

    /// Makes proxy accounts, `name:password,name:password`.
    ///
    /// # Errors
    /// As [`Api::post`].
    pub async fn add_accounts(&self, pairs: &str) -> Result<()> {
        self.post("whitelist-account/add", json!({ "accounts": pairs })).await.map(drop)
    }

    async fn call(&self, path: &str, head: &str, body: &str) -> Result<Value> {
        let request = format!("{head}host: {}\r\nlanguage: en\r\nconnection: close\r\n\r\n{body}", self.address);
        let answer = tokio::time::timeout(ANSWER_AT_MOST, exchange(self.address, request.as_bytes()));
        let answer = answer.await.context("the API did not answer in time")??;
        let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no end of its head")?;
        if !head.starts_with("HTTP/1.1 200") {
            bail!("{path} answered {}", head.lines().next().unwrap_or_default());
        }
        let mut envelope: Value = serde_json::from_str(body).context("the answer is no JSON")?;
        match envelope.get("code").and_then(Value::as_i64) {
            Some(0 | 200) => Ok(envelope.get_mut("data").map(Value::take).unwrap_or_default()),
            code => {
                let message = envelope.get("msg").and_then(Value::as_str).unwrap_or_default().to_owned();
                Err(ApiRefusal { path: path.to_owned(), code: code.unwrap_or(-1), message }.into())
            }
        }
    }
}

/// Sends a request that closes and returns the whole answer, as one piece; one that was cut short is an error.
async fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    (&mut stream).take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    let text = String::from_utf8(answer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Err(io::ErrorKind::UnexpectedEof.into()) };
    let field = |wanted: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then(|| value.trim()))
    };
    if field("transfer-encoding") == Some("chunked") {
        let body = dechunked(body).ok_or(io::ErrorKind::UnexpectedEof)?;
        return Ok(format!("{head}\r\n\r\n{body}"));
    }
    let length = field("content-length").and_then(|value| value.parse().ok());
    if length.is_some_and(|length: usize| body.len() < length) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text)
}

/// A body that came in chunks (RFC 9112, 7.1), as one piece; `None` when its last chunk is missing.
fn dechunked(mut body: &str) -> Option<String> {
    let mut whole = String::with_capacity(body.len());
    loop {
        let (size, rest) = body.split_once("\r\n")?;
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.push_str(rest.get(..size)?);
        body = rest.get(size..)?.strip_prefix("\r\n")?;
    }
}

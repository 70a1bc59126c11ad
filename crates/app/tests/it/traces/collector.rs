//! A collector: takes OTLP over HTTP on loopback and keeps the spans.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;

use parking_lot::Mutex;

use super::ARRIVES_WITHIN;
use super::protobuf::{Wire, fields, number, parts};

/// A span as it came.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) trace: Vec<u8>,
    pub(super) id: Vec<u8>,
    pub(super) parent: Option<Vec<u8>>,
    pub(super) name: String,
    pub(super) kind: u64,
    /// Nanoseconds since 1970.
    pub(super) begun: u64,
    pub(super) ended: u64,
    attributes: BTreeMap<String, Attribute>,
    /// Of the process that sent it.
    #[expect(dead_code, reason = "shown")]
    resource: BTreeMap<String, Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Attribute {
    Text(String),
    Number(u64),
}

impl Span {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.attributes.get(key)? {
            Attribute::Text(text) => Some(text),
            Attribute::Number(_) => None,
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        match self.attributes.get(key)? {
            Attribute::Number(number) => Some(*number),
            Attribute::Text(_) => None,
        }
    }
}

/// The collector, for as long as the test lives.
pub(super) struct Collector {
    address: SocketAddr,
    arriving: Mutex<mpsc::Receiver<Span>>,
    kept: Mutex<Vec<Span>>,
}

impl Collector {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (send, arriving) = mpsc::channel();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let send = send.clone();
                std::thread::spawn(move || while take_one(&client, &send).is_some() {});
            }
        });
        Self { address, arriving: Mutex::new(arriving), kept: Mutex::default() }
    }

    /// Where spans are taken.
    pub(super) fn url(&self) -> String {
        format!("http://{}/v1/traces", self.address)
    }

    /// Waits for a span.
    ///
    /// # Panics
    /// When none comes.
    pub(super) fn span(&self, what: &str, wanted: impl Fn(&Span) -> bool) -> Span {
        if let Some(found) = self.kept.lock().iter().find(|span| wanted(span)) {
            return found.clone();
        }
        while let Ok(span) = self.arriving.lock().recv_timeout(ARRIVES_WITHIN) {
            self.kept.lock().push(span.clone());
            if wanted(&span) {
                return span;
            }
        }
        panic!("{what} never came; there are {:#?}", self.kept.lock())
    }

    /// Everything that has come so far.
    pub(super) fn all(&self) -> Vec<Span> {
        let mut kept = self.kept.lock();
        kept.extend(self.arriving.lock().try_iter());
        kept.clone()
    }
}

/// Takes one request; `None` when there are no more.
fn take_one(client: &TcpStream, send: &mpsc::Sender<Span>) -> Option<()> {
    let mut reader = BufReader::new(client);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "content-type" => assert_eq!(value.trim(), "application/x-protobuf"),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    if length == 0 {
        return None;
    }
    // Kept before it is acknowledged, so that what a process has sent is there when it has ended.
    for span in spans(&body) {
        send.send(span).ok()?;
    }
    let mut client = client;
    client.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n").ok()
}

/// The spans of an `ExportTraceServiceRequest`.
fn spans(request: &[u8]) -> Vec<Span> {
    let mut found = Vec::new();
    for resource_spans in parts(request, 1) {
        let resource: BTreeMap<_, _> = parts(resource_spans, 1).flat_map(|resource| attributes(resource, 1)).collect();
        let all = parts(resource_spans, 2).flat_map(|scope| parts(scope, 2).collect::<Vec<_>>());
        found.extend(all.map(|span| read(span, resource.clone())));
    }
    found
}

fn read(span: &[u8], resource: BTreeMap<String, Attribute>) -> Span {
    let bytes = |number| parts(span, number).next().map(<[u8]>::to_vec).filter(|bytes| !bytes.is_empty());
    Span {
        trace: bytes(1).unwrap(),
        id: bytes(2).unwrap(),
        parent: bytes(4),
        name: String::from_utf8(bytes(5).unwrap()).unwrap(),
        kind: number(span, 6),
        begun: number(span, 7),
        ended: number(span, 8),
        attributes: attributes(span, 9).collect(),
        resource,
    }
}

/// The `KeyValue`s in the fields of that number.
fn attributes(message: &[u8], field: u64) -> impl Iterator<Item = (String, Attribute)> {
    parts(message, field).filter_map(|pair| {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let value = match *fields(parts(pair, 2).next()?).first()? {
            (1, Wire::Bytes(bytes)) => Attribute::Text(text(bytes)),
            (_, Wire::Number(number)) => Attribute::Number(number),
            _ => return None,
        };
        Some((text(parts(pair, 1).next()?), value))
    })
}

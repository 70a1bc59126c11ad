//! Deadlines, limits and shutdown of the server. Time is paused: it jumps to the next deadline when nothing else is to do.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use turnpike_api::{ApiSettings, ServerSettings, Surface, serve};
use turnpike_testkit::stores::TestStore;

use crate::given::Given;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const LONG_ANSWER_BYTES: usize = 64 * 1024 * 1024;

struct Served {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    done: JoinHandle<()>,
    /// Lets `/wait` answer.
    go: Arc<Notify>,
    /// Told when `/wait` is called.
    called: Arc<Notify>,
}

async fn start(settings: ServerSettings) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shutdown, go, called) = (CancellationToken::new(), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (wait_go, wait_called) = (go.clone(), called.clone());
    let wait = move || async move {
        wait_called.notify_one();
        wait_go.notified().await;
        "waited"
    };
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route("/long", get(async || vec![b'x'; LONG_ANSWER_BYTES]))
        .route("/wait", get(wait));
    let done = tokio::spawn(serve(listener, Surface::new(router, settings), shutdown.clone()));
    Served { address, shutdown, done, go, called }
}

async fn served() -> Served {
    start(ServerSettings::default()).await
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// Reads one answer with a short body and gives its head.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while !text.ends_with(b"hello") && !text.ends_with(b"waited") {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(text).unwrap()
}

/// Waits until the server ends the connection and says what came before.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes).await {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    bytes
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_sends_nothing_is_closed_ten_seconds_after_accept() {
    let served = served().await;
    let mut stream = served.connect().await;
    let began = Instant::now();
    assert_eq!(rest(&mut stream).await, b"");
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_drip_do_not_extend_the_deadline_of_the_head() {
    let served = served().await;
    let (mut reader, mut writer) = served.connect().await.into_split();
    let began = Instant::now();
    let dripping = tokio::spawn(async move {
        for byte in REQUEST.iter().cycle() {
            tokio::time::sleep(Duration::from_secs(3)).await;
            if writer.write_all(std::slice::from_ref(byte)).await.is_err() {
                return;
            }
        }
    });
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let end = reader.read_to_end(&mut bytes).await;
    assert!(end.is_ok() || bytes.is_empty());
    assert_eq!(began.elapsed().as_secs(), 10);
    dripping.abort();
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_for_a_while_and_then_closed() {
    let served = served().await;
    let mut stream = served.connect().await;
    for _ in 0..3 {
        stream.write_all(REQUEST).await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    let began = Instant::now();
    assert_eq!(rest(&mut stream).await, b"");
    assert_eq!(began.elapsed().as_secs(), 75 - 60);
}

#[tokio::test(start_paused = true)]
async fn a_later_head_has_ten_seconds_from_its_first_byte() {
    let served = served().await;
    let mut stream = served.connect().await;
    stream.write_all(REQUEST).await.unwrap();
    answer(&mut stream).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    stream.write_all(&REQUEST[..5]).await.unwrap();
    let began = Instant::now();
    rest(&mut stream).await;
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_of_an_answer_is_dropped() {
    let served = served().await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET /long HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(31)).await;
    let bytes = rest(&mut stream).await;
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK") && bytes.len() < LONG_ANSWER_BYTES, "{}", bytes.len());
}

#[tokio::test(start_paused = true)]
async fn heads_beyond_the_limits_are_refused() {
    let served = served().await;
    let long = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: x\r\n".repeat(101));
    for head in [long, many] {
        let mut stream = served.connect().await;
        // The server may have closed before all of it is written.
        let written = stream.write_all(head.as_bytes()).await;
        let bytes = rest(&mut stream).await;
        assert!(bytes.starts_with(b"HTTP/1.1 431 ") || (bytes.is_empty() && written.is_err()));
    }
}

#[tokio::test(start_paused = true)]
async fn more_connections_than_places_wait_their_turn() {
    let served = start(ServerSettings { most_connections: 1, ..ServerSettings::default() }).await;
    let mut first = served.connect().await;
    first.write_all(REQUEST).await.unwrap();
    answer(&mut first).await;
    let mut second = served.connect().await;
    second.write_all(REQUEST).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(5), answer(&mut second)).await;
    assert!(waiting.is_err());
    drop(first);
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test(start_paused = true)]
async fn shutdown_finishes_what_is_in_flight_and_nothing_else() {
    let served = served().await;
    let mut idle = served.connect().await;
    idle.write_all(REQUEST).await.unwrap();
    answer(&mut idle).await;
    let mut busy = served.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    served.called.notified().await;

    served.shutdown.cancel();
    let began = Instant::now();
    assert_eq!(rest(&mut idle).await, b"");
    assert_eq!(began.elapsed().as_secs(), 0);
    assert!(TcpStream::connect(served.address).await.is_err());

    served.go.notify_one();
    assert!(answer(&mut busy).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(rest(&mut busy).await, b"");
    served.done.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn shutdown_does_not_wait_for_ever() {
    let served = served().await;
    let mut busy = served.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    served.called.notified().await;
    served.shutdown.cancel();
    let began = Instant::now();
    served.done.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 30);
    assert_eq!(rest(&mut busy).await, b"");
}

/// Sends to the real API on a socket and gives all it answers until it closes.
async fn conversation(settings: ApiSettings, sent: &str) -> String {
    let store = TestStore::sqlite().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let router = Given::with(&store, settings).router;
    let done = tokio::spawn(serve(listener, Surface::new(router, ServerSettings::default()), shutdown.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let answer = String::from_utf8(rest(&mut stream).await).unwrap();
    shutdown.cancel();
    done.await.unwrap();
    store.remove().await.unwrap();
    answer
}

const POST: &str = "POST /api-gate-way/whitelist-account/add HTTP/1.1\r\nHost: h\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_never_ends_is_answered_and_the_connection_closed() {
    let settings = ApiSettings { body_deadline_ms: 50, ..ApiSettings::default() };
    let chunked = format!("{POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n");
    let answer = conversation(settings.clone(), &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains(r#""code":408"#), "{answer}");
    let announced = format!("{POST}Content-Length: 100\r\n\r\n{{");
    let answer = conversation(settings, &announced).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let head = format!("{POST}Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n");
    let answer = conversation(ApiSettings::default(), &head).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && !answer.contains("100 Continue"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_framing_is_refused_and_the_connection_closed() {
    let framings = [
        "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        "Content-Length: x\r\n\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        "Transfer-Encoding: gzip\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ];
    for framing in framings {
        let answer = conversation(ApiSettings::default(), &format!("{POST}{framing}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{framing}: {answer}");
    }
}

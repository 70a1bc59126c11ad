//! The watch listener: its own thread and runtime, and descriptors held in reserve for its connections.

use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::health::{self, Report};
use super::metrics;
use super::vitals::Vitals;

/// Connections at once, each with a descriptor in reserve.
const MOST_CONNECTIONS: usize = 8;
/// From accept to the last byte of the answer.
const CONNECTION_AT_MOST: Duration = Duration::from_secs(5);
/// How long accepting pauses when not even the reserve helps.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The running listener.
pub(crate) struct Watch {
    stop: CancellationToken,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Starts answering on a thread of its own.
    ///
    /// # Errors
    /// When the thread or its runtime cannot be made.
    pub(crate) fn start(socket: TcpListener, vitals: Arc<Vitals>) -> Result<Self> {
        let stop = CancellationToken::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("watch")?;
        let reserve = Reserve::new().context("watch: no descriptors for the reserve")?;
        let stopped = stop.clone();
        let work = move || {
            runtime.block_on(async {
                match tokio::net::TcpListener::from_std(socket) {
                    Ok(listener) => {
                        let tasks = TaskTracker::new();
                        stopped.run_until_cancelled(accept(listener, reserve, vitals, &tasks)).await;
                        tasks.close();
                        tasks.wait().await;
                    }
                    Err(error) => tracing::error!(%error, "the watch listener cannot listen"),
                }
            });
        };
        let thread = std::thread::Builder::new().name("watch".to_owned()).spawn(work).context("watch")?;
        Ok(Self { stop, thread })
    }

    /// Stops answering.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let thread = self.thread;
        if !matches!(tokio::task::spawn_blocking(move || thread.join()).await, Ok(Ok(()))) {
            tracing::error!("the watch listener's thread has panicked");
        }
    }
}

/// Open descriptors that are of no use but to be closed when one is needed.
struct Reserve(Arc<Mutex<Vec<File>>>);

impl Reserve {
    fn new() -> io::Result<Self> {
        let files = (0..MOST_CONNECTIONS).map(|_| File::open("/dev/null")).collect::<io::Result<_>>()?;
        Ok(Self(Arc::new(Mutex::new(files))))
    }

    /// Makes room for one connection; false when there is none.
    fn spend(&self) -> bool {
        self.0.lock().pop().is_some()
    }

    /// Takes back what was spent, as far as there are descriptors. Called when a connection has been closed.
    fn refill(&self) {
        let mut files = self.0.lock();
        while files.len() < MOST_CONNECTIONS {
            match File::open("/dev/null") {
                Ok(file) => files.push(file),
                Err(_) => return,
            }
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, reserve: Reserve, vitals: Arc<Vitals>, tasks: &TaskTracker) {
    let (places, reserve) = (Arc::new(Semaphore::new(MOST_CONNECTIONS)), Arc::new(reserve));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (vitals, reserve) = (Arc::clone(&vitals), Arc::clone(&reserve));
                tasks.spawn(async move {
                    answer(stream, vitals).await;
                    reserve.refill();
                    drop(place);
                });
            }
            // With one descriptor less in reserve the next try succeeds.
            Err(_) if reserve.spend() => {}
            Err(error) => {
                tracing::warn!(%error, "the watch listener cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers one request and closes.
async fn answer(stream: TcpStream, vitals: Arc<Vitals>) {
    let respond = |request: Request<Incoming>| {
        let response = respond(&request, &vitals);
        async { Ok::<_, Infallible>(response) }
    };
    let connection = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service_fn(respond));
    match tokio::time::timeout(CONNECTION_AT_MOST, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a watcher's connection ended early"),
        Err(_) => tracing::debug!("a watcher's connection was too slow"),
    }
}

fn respond(request: &Request<Incoming>, vitals: &Arc<Vitals>) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/livez" => report(&health::live(vitals, Instant::now())),
        "/readyz" => report(&health::ready(vitals, Instant::now())),
        "/metrics" => match metrics::page(vitals) {
            Ok(page) => with_type(StatusCode::OK, metrics::CONTENT_TYPE, page),
            Err(error) => {
                tracing::error!(%error, "the metrics cannot be written");
                text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written\n")
            }
        },
        _ => text(StatusCode::NOT_FOUND, "/livez, /readyz, /metrics\n"),
    }
}

fn report(report: &Report) -> Response<Full<Bytes>> {
    let status = if report.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string(report) {
        Ok(body) => with_type(status, "application/json", body),
        Err(error) => {
            tracing::error!(%error, "the checks cannot be written");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the checks cannot be written\n")
        }
    }
}

fn text(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    with_type(status, "text/plain; charset=utf-8", body.to_owned())
}

fn with_type(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

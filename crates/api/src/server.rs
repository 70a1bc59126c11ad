//! Serving a router on a listener, with every wait bounded: slow heads, idle connections, stalled readers, shutdown.
//!
//! `axum::serve` has none of these deadlines, so connections are driven here.

mod patience;
mod surface;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use patience::{Activity, Patience, Watched};
pub use surface::Surface;

/// The read buffer that the HTTP library insists on, in bytes.
const SMALLEST_BUFFER: usize = 8192;

/// Ends when the server stops taking requests, among the request's extensions: answers that go on end with it.
#[derive(Clone, Debug)]
pub(crate) struct Closing(pub(crate) CancellationToken);

/// Where a request's connection comes from, among the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Serves until `shutdown`, then finishes the requests in flight, for as long as the settings allow.
pub async fn serve(listener: TcpListener, surface: Surface, shutdown: CancellationToken) {
    let server = Server { surface, shutdown: shutdown.clone(), end: CancellationToken::new() };
    let connections = TaskTracker::new();
    shutdown.run_until_cancelled(server.accept_all(&listener, &connections)).await;
    // New connections are refused from here on, rather than left waiting in the queue.
    drop(listener);
    connections.close();
    let grace = Duration::from_millis(server.surface.settings().shutdown_grace_ms);
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "shutdown ends requests that are still in flight");
        server.end.cancel();
        connections.wait().await;
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    surface: Surface,
    /// Stop when the requests in flight are done.
    shutdown: CancellationToken,
    /// Stop now.
    end: CancellationToken,
}

impl Server {
    async fn accept_all(&self, listener: &TcpListener, connections: &TaskTracker) {
        let mut told = None;
        loop {
            let place = self.surface.take_place().await;
            match listener.accept().await {
                Ok((stream, peer)) => {
                    connections.spawn(self.clone().converse(stream, peer, place));
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => self.pause(&error, &mut told).await,
            }
        }
    }

    /// Out of descriptors or memory, accepting fails at once and for ever: without a pause it would spin.
    async fn pause(&self, error: &io::Error, told: &mut Option<tokio::time::Instant>) {
        let now = tokio::time::Instant::now();
        if told.is_none_or(|told| now.duration_since(told) >= Duration::from_secs(1)) {
            tracing::warn!(%error, "connections cannot be accepted");
            *told = Some(now);
        }
        tokio::time::sleep(Duration::from_millis(self.surface.settings().accept_pause_ms)).await;
    }

    async fn converse(self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        // Answers are written whole; waiting for more to send only delays them. Best effort.
        let delayed = stream.set_nodelay(true).is_err();
        tracing::trace!(%peer, delayed, "connection accepted");
        let settings = self.surface.settings();
        let (stream, activity) = Watched::new(stream, Patience::of(&settings));
        let Some(tls) = self.surface.tls() else { return self.answer(stream, activity, peer, place).await };
        match tls.accept(stream).await {
            Ok(stream) => self.answer(stream, activity, peer, place).await,
            Err(error) => tracing::debug!(%peer, %error, "no TLS came about"),
        }
    }

    async fn answer<S>(self, stream: S, activity: Activity, peer: SocketAddr, place: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let settings = self.surface.settings();
        let (surface, closing) = (self.surface, Closing(self.shutdown.clone()));
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let busy = activity.begin();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(closing.clone());
            let answer = surface.router().oneshot(request);
            async move { answer.await.map(|response| busy.until_written(response)) }
        });
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(settings.head_limit_bytes.max(SMALLEST_BUFFER))
            .max_header_size(settings.head_limit_bytes)
            .max_headers(settings.most_headers)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = self.shutdown.run_until_cancelled(connection.as_mut()).await;
        if ended.is_none() {
            connection.as_mut().graceful_shutdown();
        }
        let ended = match ended {
            None => self.end.run_until_cancelled(connection).await,
            ended => ended,
        };
        if let Some(Err(error)) = ended {
            tracing::debug!(%peer, %error, "connection ended early");
        }
        drop(place);
    }
}

/// Errors of `accept` that concern the connection that just failed, not the listener.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

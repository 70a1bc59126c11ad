//! A connection's stream that gives up: on heads that do not end, on idleness, on clients that take no answer.
//!
//! While a request is being answered reading has no deadline here; the request's own deadlines hold then.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http::Response;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::settings::ServerSettings;

/// How long to wait for what.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    head: Duration,
    idle: Duration,
    write_stall: Duration,
}

impl Patience {
    pub(super) fn of(settings: &ServerSettings) -> Self {
        Self {
            head: Duration::from_millis(settings.head_deadline_ms),
            idle: Duration::from_millis(settings.idle_limit_ms),
            write_stall: Duration::from_millis(settings.write_stall_ms),
        }
    }
}

/// Whether a request is being answered on the connection.
#[derive(Clone, Default)]
pub(super) struct Activity(Arc<State>);

#[derive(Default)]
struct State {
    busy: AtomicBool,
    /// Who waits for bytes meanwhile: nobody else would start its idle time when the answer is out.
    reader: AtomicWaker,
}

impl Activity {
    /// A request has arrived.
    pub(super) fn begin(&self) -> Busy {
        self.0.busy.store(true, Ordering::Relaxed);
        Busy(self.clone())
    }

    fn is_busy(&self) -> bool {
        self.0.busy.load(Ordering::Relaxed)
    }
}

/// While it lives, a request is being answered.
pub(super) struct Busy(Activity);

impl Busy {
    /// The request is being answered until the body of its answer is written or dropped.
    pub(super) fn until_written(self, response: Response<Body>) -> Response<Answer> {
        response.map(|body| Answer { body, _busy: self })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let State { busy, reader } = &*self.0.0;
        busy.store(false, Ordering::Relaxed);
        reader.wake();
    }
}

/// The body of an answer.
pub(super) struct Answer {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What the next bytes from the client are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expecting {
    /// The rest of a request head.
    Head,
    /// A new request, or nothing.
    Idle,
    /// A body, or nothing.
    Busy,
}

/// A stream with deadlines.
pub(super) struct Watched<S> {
    stream: S,
    patience: Patience,
    activity: Activity,
    expecting: Expecting,
    read_deadline: Pin<Box<Sleep>>,
    write_deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    /// Begins with the deadline of the first head.
    pub(super) fn new(stream: S, patience: Patience) -> (Self, Activity) {
        let activity = Activity::default();
        let watched = Self {
            stream,
            patience,
            activity: activity.clone(),
            expecting: Expecting::Head,
            read_deadline: Box::pin(tokio::time::sleep(patience.head)),
            write_deadline: None,
        };
        (watched, activity)
    }

    fn expect(&mut self, next: Expecting) {
        if self.expecting != next {
            self.expecting = next;
            let patience = if next == Expecting::Idle { self.patience.idle } else { self.patience.head };
            self.read_deadline.as_mut().reset(Instant::now() + patience);
        }
    }

    /// Bytes came.
    fn arrived(&mut self) {
        self.expect(if self.activity.is_busy() { Expecting::Busy } else { Expecting::Head });
    }

    /// No bytes came.
    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.activity.0.reader.register(cx.waker());
        if self.activity.is_busy() {
            self.expect(Expecting::Busy);
            return Poll::Pending;
        }
        if self.expecting == Expecting::Busy {
            self.expect(Expecting::Idle);
        }
        ready!(self.read_deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_stalled<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_deadline = None;
            return written;
        }
        let patience = self.patience.write_stall;
        let deadline = self.write_deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Pending => self.poll_overdue(cx),
            Poll::Ready(read) => {
                self.arrived();
                Poll::Ready(read)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.poll_stalled(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.poll_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.poll_stalled(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

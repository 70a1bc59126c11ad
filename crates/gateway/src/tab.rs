//! One client connection's metering: bytes are reserved before they are read or written, counted when written, and
//! those for the client billed once its kernel has acknowledged them.

mod proof;
mod settle;
pub(crate) mod watch;

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::net::TcpStream;
use turnpike_domain::connection::ConnectionId;
use turnpike_domain::quota::Denial;

use crate::allowance::hunger::{Hunger, Waiter};
use crate::allowance::lease::Reservation;
use crate::permit::Leave;
use crate::relay::flow::{Fault, Flow, Wire};
use crate::tab::proof::Proof;
use crate::tab::watch::{Alarm, Overdue};

/// The most that is reserved for one write from memory, in bytes.
const WRITE_BYTES: usize = 256 * 1024;

/// The meter of one client connection. It belongs to the connection for its whole life, so that the bytes it counts
/// are the bytes the client's socket knows of.
#[derive(Debug)]
pub struct Tab {
    leave: Leave,
    proof: Proof,
    hunger: Hunger,
    /// Bytes counted in both directions.
    moved: u64,
    /// Whether the client was sent a FIN.
    client_shut: bool,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client: they count when written to the origin.
    ToOrigin,
    /// From the origin: they count when the client's kernel has acknowledged them.
    ToClient,
}

/// Why bytes could not be carried.
#[derive(Debug, thiserror::Error)]
pub enum TabError {
    /// No traffic is left.
    #[error("{0}")]
    Denied(Denial),
    /// The account may not be used any more.
    #[error("the account may not be used any more")]
    Revoked,
    /// The client closed, reset or stopped reading.
    #[error("the client's side ended: {0}")]
    ClientGone(io::Error),
    /// The origin closed, reset or stopped reading.
    #[error("the origin's side ended: {0}")]
    OriginGone(io::Error),
    /// Not a byte moved for the idle deadline.
    #[error("nothing moved for too long")]
    Idle,
}

impl Tab {
    pub(crate) fn new(leave: Leave) -> Self {
        Self { leave, proof: Proof::default(), hunger: Hunger::default(), moved: 0, client_shut: false }
    }

    /// Whose it is, for the log.
    pub(crate) fn connection(&self) -> ConnectionId {
        self.leave.line().id
    }

    /// Writes bytes to the client.
    ///
    /// # Errors
    /// [`TabError`]; what was written before it is counted.
    pub async fn write_client(&mut self, client: &TcpStream, bytes: &[u8]) -> Result<(), TabError> {
        self.write(Some(client), client, (Way::ToClient, bytes)).await
    }

    /// Writes bytes that the client sent to the origin.
    ///
    /// # Errors
    /// [`TabError`]; what was written before it is counted.
    pub async fn write_origin(&mut self, origin: &TcpStream, bytes: &[u8]) -> Result<(), TabError> {
        self.write(None, origin, (Way::ToOrigin, bytes)).await
    }

    /// Carries exactly `length` bytes, without copying where that pays.
    ///
    /// # Errors
    /// [`TabError`]; what was carried before it is counted. An end of the source before `length` bytes is one.
    pub async fn carry(&mut self, from: &TcpStream, to: &TcpStream, way: Way, length: u64) -> Result<(), TabError> {
        let client = match way {
            Way::ToOrigin => from,
            Way::ToClient => to,
        };
        let mut flow = Flow::of_length(way, length);
        let result = self.guarded(Some(client), |tab, cx| flow.poll(cx, Wire { from, to }, tab)).await;
        match result.map_err(|stop| stop.explain(way)) {
            Ok(()) if flow.is_short() => Err(source_gone(way, io::ErrorKind::UnexpectedEof.into())),
            result => result,
        }
    }

    async fn write(
        &mut self,
        client: Option<&TcpStream>,
        to: &TcpStream,
        (way, bytes): (Way, &[u8]),
    ) -> Result<(), TabError> {
        let mut rest = bytes;
        self.guarded(client, |tab, cx| {
            while !rest.is_empty() {
                let written = ready!(tab.poll_write(cx, to, way, rest))?;
                rest = rest.get(written..).unwrap_or_default();
            }
            Poll::Ready(Ok(()))
        })
        .await
        .map_err(|stop| stop.explain(way))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        to: &TcpStream,
        way: Way,
        bytes: &[u8],
    ) -> Poll<Result<usize, Fault>> {
        loop {
            ready!(to.poll_write_ready(cx)).map_err(Fault::To)?;
            let mut paid = ready!(self.poll_pay(cx, bytes.len().min(WRITE_BYTES)))?;
            let part = bytes.get(..as_size(paid.bytes())).unwrap_or(bytes);
            match to.try_write(part) {
                Ok(written) => {
                    self.count(way, &mut paid, written);
                    return Poll::Ready(Ok(written));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(Fault::To(error))),
            }
        }
    }

    /// Polls `work` until it is done, the permit ends or a deadline passes.
    async fn guarded<T>(
        &mut self,
        client: Option<&TcpStream>,
        mut work: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<Result<T, Fault>>,
    ) -> Result<T, Stop> {
        // First the work: what can be done at once costs no timer and no place in a queue.
        if self.leave.is_revoked() {
            return Err(Stop::Revoked);
        }
        if let Poll::Ready(result) = std::future::poll_fn(|cx| Poll::Ready(work(self, cx))).await {
            return result.map_err(Stop::Fault);
        }
        let leave = self.leave.clone();
        let mut revoked = std::pin::pin!(leave.revoked());
        let mut alarm = std::pin::pin!(Alarm::new(leave.deadlines().idle()));
        std::future::poll_fn(|cx| {
            if leave.is_revoked() {
                return Poll::Ready(Err(Stop::Revoked));
            }
            if let Poll::Ready(result) = work(self, cx) {
                return Poll::Ready(result.map_err(Stop::Fault));
            }
            if revoked.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(Stop::Revoked));
            }
            alarm.as_mut().poll(cx, self, client, true).map(|overdue| Err(Stop::Overdue(overdue)))
        })
        .await
    }

    /// Takes up to `want` bytes of the account's traffic, waiting for some to come free.
    pub(crate) fn poll_pay(&mut self, cx: &mut Context<'_>, want: usize) -> Poll<Result<Reservation, Fault>> {
        let source = (self.leave.account(), self.leave.used());
        let want = u64::try_from(want).unwrap_or(u64::MAX);
        self.hunger.poll_reserve(cx, source, want, Waiter::OpenConnection).map_err(|denial| match denial {
            // The store knew of it before the directory did.
            Denial::Refused => Fault::Revoked,
            denial => Fault::Denied(denial),
        })
    }

    /// Whether what is left of the account's traffic is held by leases just now.
    pub(crate) fn is_contended(&self) -> bool {
        self.leave.used().allowance.is_contended()
    }

    /// Counts bytes that were written.
    pub(crate) fn count(&mut self, way: Way, paid: &mut Reservation, written: usize) {
        let written = u64::try_from(written).unwrap_or(u64::MAX);
        self.moved = self.moved.saturating_add(written);
        self.leave.line().count(way, written);
        match way {
            Way::ToOrigin => paid.sent(written),
            Way::ToClient => {
                paid.delivered(written);
                self.proof.note(Arc::clone(paid.lease()), written);
            }
        }
    }

    /// Bytes counted so far, in both directions.
    pub const fn moved(&self) -> u64 {
        self.moved
    }

    pub(crate) const fn leave(&self) -> &Leave {
        &self.leave
    }
}

/// Why guarded work ended.
enum Stop {
    Fault(Fault),
    Overdue(Overdue),
    Revoked,
}

impl Stop {
    fn explain(self, way: Way) -> TabError {
        match self {
            Self::Revoked | Self::Fault(Fault::Revoked) => TabError::Revoked,
            Self::Overdue(Overdue::Idle) => TabError::Idle,
            Self::Overdue(Overdue::Unacknowledged) => TabError::ClientGone(io::ErrorKind::TimedOut.into()),
            Self::Overdue(Overdue::Gone) => TabError::ClientGone(io::ErrorKind::ConnectionReset.into()),
            Self::Fault(Fault::Denied(denial)) => TabError::Denied(denial),
            Self::Fault(Fault::From(error)) => source_gone(way, error),
            Self::Fault(Fault::To(error)) => sink_gone(way, error),
            Self::Fault(Fault::Stalled) => sink_gone(way, io::ErrorKind::TimedOut.into()),
        }
    }
}

const fn source_gone(way: Way, error: io::Error) -> TabError {
    match way {
        Way::ToOrigin => TabError::ClientGone(error),
        Way::ToClient => TabError::OriginGone(error),
    }
}

const fn sink_gone(way: Way, error: io::Error) -> TabError {
    match way {
        Way::ToOrigin => TabError::OriginGone(error),
        Way::ToClient => TabError::ClientGone(error),
    }
}

/// A number of bytes in memory.
pub(crate) fn as_size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

//! One direction of a connection: bytes are paid for, read, and written at once; only what a slow peer leaves is held.

use std::io;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::Instant;
use turnpike_domain::quota::Denial;

use crate::allowance::lease::Reservation;
use crate::peer::have_patience;
use crate::relay::gait::Gait;
use crate::relay::pipe::Pipe;
use crate::relay::scratch;
use crate::tab::watch::is_overdue;
use crate::tab::{Tab, Way, as_size};

/// Reads and writes of one direction before other tunnels of the thread get their turn.
const TURN: usize = 8;
/// How much may wait unsent in the kernel for a client once its account's traffic is contended. What waits there is held
/// against the limit that nears, so that a few slow readers would keep the account's other tunnels waiting.
const UNSENT_BYTES: u32 = 128 * 1024;

/// One direction.
#[derive(Debug)]
pub(crate) struct Flow {
    way: Way,
    /// Read and not yet written. An idle flow has no memory for it.
    load: Option<Box<Load>>,
    /// How many bytes may still be read.
    left: u64,
    /// Whether nothing more will be read.
    ended: bool,
    gait: Gait,
    /// Whether the kernel was told to keep little unsent.
    unsent_bound: bool,
}

/// What a flow has read and not yet written.
#[derive(Debug)]
struct Load {
    held: Held,
    /// What pays for it; early bytes are paid for only now.
    paid: Option<Reservation>,
    /// Since when the peer has taken nothing of it.
    stuck_since: Option<Instant>,
}

/// Where a direction goes from and to.
#[derive(Clone, Copy)]
pub(crate) struct Wire<'a> {
    pub(crate) from: &'a TcpStream,
    pub(crate) to: &'a TcpStream,
}

/// Where it is held.
#[derive(Debug)]
enum Held {
    Bytes { bytes: Vec<u8>, taken: usize },
    Piped(Pipe),
}

/// How much of a load the peer took.
enum Drained {
    Whole,
    Part,
    Nothing,
}

/// What stops a direction.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No traffic is left.
    Denied(Denial),
    /// The account may not be used any more.
    Revoked,
    /// Reading failed.
    From(io::Error),
    /// Writing failed.
    To(io::Error),
    /// The peer takes nothing, for longer than the bytes' lease allows or than the stall deadline.
    Stalled,
}

impl Flow {
    /// Everything until the source ends, after the bytes that were read already.
    pub(crate) fn after(way: Way, early: Vec<u8>) -> Self {
        let load = (!early.is_empty()).then(|| Box::new(Load::new(Held::Bytes { bytes: early, taken: 0 }, None)));
        Self { load, ..Self::of_length(way, u64::MAX) }
    }

    /// So many bytes.
    pub(crate) const fn of_length(way: Way, length: u64) -> Self {
        Self { way, load: None, left: length, ended: length == 0, gait: Gait::new(), unsent_bound: false }
    }

    /// Whether the source ended before its length was reached.
    pub(crate) const fn is_short(&self) -> bool {
        self.left > 0
    }

    /// Whether bytes are on their way.
    pub(crate) const fn is_busy(&self) -> bool {
        self.load.is_some()
    }

    /// Whether nothing is left to do.
    pub(crate) const fn is_done(&self) -> bool {
        self.ended && !self.is_busy()
    }

    /// Reads no more. What is held and paid for will still be written.
    pub(crate) fn stop(&mut self) {
        self.ended = true;
        self.load.take_if(|load| !load.keep_what_is_paid());
    }

    /// Gives up on the peer: what is held goes nowhere.
    pub(crate) fn abandon(&mut self) {
        self.ended = true;
        self.load = None;
    }

    /// Moves bytes until the source has nothing, the peer takes no more, or the turn is over.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, wire: Wire<'_>, tab: &mut Tab) -> Poll<Result<(), Fault>> {
        for _ in 0..TURN {
            if let Some(load) = self.load.take() {
                ready!(self.poll_drain(cx, wire.to, (tab, load)))?;
            } else if self.ended {
                return Poll::Ready(Ok(()));
            } else {
                ready!(self.poll_fill(cx, wire, tab))?;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes from the load, and keeps what is left of it.
    fn poll_drain(
        &mut self,
        cx: &mut Context<'_>,
        to: &TcpStream,
        (tab, mut load): (&mut Tab, Box<Load>),
    ) -> Poll<Result<(), Fault>> {
        let drained = load.poll_write(cx, to, (self.way, tab));
        match &drained {
            Poll::Ready(Ok(Drained::Whole)) => {
                if matches!(load.held, Held::Piped(_)) {
                    self.gait.drained(true);
                }
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(Ok(Drained::Part)) => self.gait.drained(false),
            Poll::Ready(Ok(Drained::Nothing) | Err(_)) | Poll::Pending => {}
        }
        self.load = Some(load);
        drained.map_ok(drop)
    }

    /// Reads, once there is something to read and traffic to pay for it.
    fn poll_fill(&mut self, cx: &mut Context<'_>, wire: Wire<'_>, tab: &mut Tab) -> Poll<Result<(), Fault>> {
        ready!(wire.from.poll_read_ready(cx)).map_err(Fault::From)?;
        let pipe = if self.gait.splices() { Pipe::take() } else { None };
        let want = if pipe.is_some() { self.gait.stride() } else { scratch::SCRATCH_BYTES };
        let Poll::Ready(paid) = tab.poll_pay(cx, want.min(as_size(self.left))) else {
            if tab.is_contended() {
                self.bound_unsent(wire.to);
            }
            return Poll::Pending;
        };
        let paid = paid?;
        let result = match pipe {
            Some(pipe) => self.splice(wire.from, pipe, paid),
            None => scratch::with(|buffer| self.copy(cx, wire, tab, (buffer, paid))),
        };
        match result {
            Err(Fault::From(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }

    /// Keeps what waits in the kernel for a client small.
    fn bound_unsent(&mut self, to: &TcpStream) {
        if self.way == Way::ToClient && !self.unsent_bound {
            self.unsent_bound = true;
            // Where the kernel refuses, the stall deadline still bounds what a slow reader holds.
            SockRef::from(to).set_tcp_notsent_lowat(UNSENT_BYTES).ok();
        }
    }

    /// Reads into a pipe.
    fn splice(&mut self, from: &TcpStream, mut pipe: Pipe, mut paid: Reservation) -> Result<(), Fault> {
        let read = pipe.fill(from, as_size(paid.bytes())).map_err(Fault::From)?;
        if self.note_read(read) {
            paid.shrink_to(pipe.filled().try_into().unwrap_or(u64::MAX));
            self.load = Some(Box::new(Load::new(Held::Piped(pipe), Some(paid))));
        }
        Ok(())
    }

    /// Reads into the thread's buffer and writes at once; keeps what the peer does not take.
    fn copy(
        &mut self,
        cx: &mut Context<'_>,
        wire: Wire<'_>,
        tab: &mut Tab,
        (buffer, mut paid): (&mut [u8], Reservation),
    ) -> Result<(), Fault> {
        let room = as_size(paid.bytes()).min(buffer.len());
        let buffer = buffer.get_mut(..room).unwrap_or_default();
        let read = wire.from.try_read(buffer).map_err(Fault::From)?;
        if !self.note_read(read) {
            return Ok(());
        }
        if read < room {
            // The socket is empty: the next read would only say so.
            let forget_readiness = || -> io::Result<()> { Err(io::ErrorKind::WouldBlock.into()) };
            wire.from.try_io(Interest::READABLE, forget_readiness).ok();
        }
        paid.shrink_to(u64::try_from(read).unwrap_or(u64::MAX));
        let mut rest = buffer.get(..read).unwrap_or_default();
        while !rest.is_empty()
            && let Poll::Ready(writable) = wire.to.poll_write_ready(cx)
        {
            writable.map_err(Fault::To)?;
            match wire.to.try_write(rest) {
                Ok(written) => {
                    tab.count(self.way, &mut paid, written);
                    rest = rest.get(written..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(Fault::To(error)),
            }
        }
        if !rest.is_empty() {
            let held = Held::Bytes { bytes: rest.to_vec(), taken: 0 };
            self.load = Some(Box::new(Load::new(held, Some(paid))));
        }
        Ok(())
    }

    /// Takes note of a read; whether it brought anything.
    fn note_read(&mut self, read: usize) -> bool {
        if read == 0 {
            self.ended = true;
            return false;
        }
        self.gait.saw(read);
        if self.left != u64::MAX {
            self.left = self.left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
            self.ended = self.left == 0;
        }
        true
    }
}

impl Load {
    const fn new(held: Held, paid: Option<Reservation>) -> Self {
        Self { held, paid, stuck_since: None }
    }

    /// Drops what is not paid for; whether anything is left.
    fn keep_what_is_paid(&mut self) -> bool {
        let Held::Bytes { bytes, taken } = &mut self.held else { return true };
        let paid = self.paid.as_ref().map_or(0, |paid| as_size(paid.bytes()));
        bytes.truncate(taken.saturating_add(paid));
        *taken < bytes.len()
    }

    /// Pays if need be, and writes what the peer takes. Not ready while it takes nothing.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        to: &TcpStream,
        (way, tab): (Way, &mut Tab),
    ) -> Poll<Result<Drained, Fault>> {
        let mut paid = match self.paid.take() {
            Some(paid) => paid,
            None => ready!(tab.poll_pay(cx, self.held.len()))?,
        };
        let Poll::Ready(writable) = to.poll_write_ready(cx) else {
            let stuck = self.check_stuck(&paid, to, tab);
            self.paid = Some(paid);
            return stuck.map_or(Poll::Pending, |fault| Poll::Ready(Err(fault)));
        };
        writable.map_err(Fault::To)?;
        let result = self.held.write(to, as_size(paid.bytes()));
        if let Ok(written) = result {
            tab.count(way, &mut paid, written);
            self.stuck_since = None;
        }
        if paid.bytes() > 0 {
            self.paid = Some(paid);
        }
        match result {
            Ok(_) if self.held.len() == 0 => Poll::Ready(Ok(Drained::Whole)),
            Ok(_) => Poll::Ready(Ok(Drained::Part)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Ready(Ok(Drained::Nothing)),
            Err(error) => Poll::Ready(Err(Fault::To(error))),
        }
    }

    /// The peer takes nothing just now: whether that has lasted too long.
    fn check_stuck(&mut self, paid: &Reservation, to: &TcpStream, tab: &Tab) -> Option<Fault> {
        let now = Instant::now();
        let since = *self.stuck_since.get_or_insert(now);
        let (stuck_for, deadlines) = (now.saturating_duration_since(since), tab.leave().deadlines());
        if stuck_for >= deadlines.user_timeout() / 2 {
            have_patience(to, &deadlines);
        }
        (stuck_for >= deadlines.stall() || is_overdue(paid.lease(), now)).then_some(Fault::Stalled)
    }
}

impl Held {
    fn len(&self) -> usize {
        match self {
            Self::Bytes { bytes, taken } => bytes.len().saturating_sub(*taken),
            Self::Piped(pipe) => pipe.filled(),
        }
    }

    /// Writes up to `most` bytes of it.
    fn write(&mut self, to: &TcpStream, most: usize) -> io::Result<usize> {
        match self {
            Self::Bytes { bytes, taken } => {
                let rest = bytes.get(*taken..).unwrap_or_default();
                let written = to.try_write(rest.get(..most).unwrap_or(rest))?;
                *taken = taken.saturating_add(written);
                Ok(written)
            }
            Self::Piped(pipe) => pipe.drain(to),
        }
    }
}

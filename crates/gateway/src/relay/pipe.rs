//! Pipes to splice through, from a pool of each thread. A direction has one only while bytes are in it.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// The size asked for. A small pipe gains nothing over copying.
const PIPE_BYTES: usize = 1024 * 1024;
/// Pipes one thread may have.
const PIPES: usize = 256;
/// Of those, how many it keeps for later.
const PIPES_KEPT: usize = 64;
/// For how long no pipe is asked for after the system refused one.
const RETRY_AFTER: Duration = Duration::from_secs(1);

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { idle: Vec::new(), open: 0, barren_until: None }) };
}

struct Pool {
    idle: Vec<Ends>,
    open: usize,
    barren_until: Option<Instant>,
}

#[derive(Debug)]
struct Ends {
    read: OwnedFd,
    write: OwnedFd,
}

/// A pipe with bytes in it, or about to get some. It goes back to its thread's pool when it is dropped empty.
#[derive(Debug)]
pub(crate) struct Pipe {
    ends: Option<Ends>,
    filled: usize,
}

impl Pipe {
    /// An empty pipe; `None` when there are too many or the system gives none.
    pub(crate) fn take() -> Option<Self> {
        let ends = POOL.with_borrow_mut(Pool::take)?;
        Some(Self { ends: Some(ends), filled: 0 })
    }

    /// Bytes in it.
    pub(crate) const fn filled(&self) -> usize {
        self.filled
    }

    /// Moves up to `most` bytes from a socket into the pipe; 0 when the socket has ended.
    pub(crate) fn fill(&mut self, from: &TcpStream, most: usize) -> io::Result<usize> {
        let Some(ends) = &self.ends else { return Ok(0) };
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        let moved = from.try_io(Interest::READABLE, || Ok(splice(from, None, &ends.write, None, most, flags)?))?;
        self.filled = self.filled.saturating_add(moved);
        Ok(moved)
    }

    /// Moves what is in the pipe to a socket.
    pub(crate) fn drain(&mut self, to: &TcpStream) -> io::Result<usize> {
        let Some(ends) = &self.ends else { return Ok(0) };
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        let moved = to.try_io(Interest::WRITABLE, || Ok(splice(&ends.read, None, to, None, self.filled, flags)?))?;
        self.filled = self.filled.saturating_sub(moved);
        Ok(moved)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let empty = self.filled == 0;
        let ends = self.ends.take();
        // At the end of a thread the pool may be gone already.
        POOL.try_with(|pool| {
            if let Ok(mut pool) = pool.try_borrow_mut() {
                pool.put_back(ends.filter(|_| empty));
            }
        })
        .ok();
    }
}

impl Pool {
    fn take(&mut self) -> Option<Ends> {
        if let Some(ends) = self.idle.pop() {
            return Some(ends);
        }
        if self.open >= PIPES || self.barren_until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        match Ends::new() {
            Ok(ends) => {
                self.open = self.open.saturating_add(1);
                self.barren_until = None;
                Some(ends)
            }
            Err(error) => {
                tracing::debug!(%error, "no pipe to splice through; copying");
                self.barren_until = Instant::now().checked_add(RETRY_AFTER);
                None
            }
        }
    }

    fn put_back(&mut self, ends: Option<Ends>) {
        match ends {
            Some(ends) if self.idle.len() < PIPES_KEPT => self.idle.push(ends),
            _ => self.open = self.open.saturating_sub(1),
        }
    }
}

impl Ends {
    fn new() -> rustix::io::Result<Self> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        fcntl_setpipe_size(&write, PIPE_BYTES)?;
        Ok(Self { read, write })
    }
}

//! Bare relays: everything that comes is carried to one place, without a protocol, a login or a meter. They show what
//! the kernel alone costs, one thread a core, edge-triggered, nothing allocated per byte.

mod copy;
mod splice;

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use anyhow::Result;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

/// How many events one wait takes.
const EVENTS: usize = 256;
/// How many pieces one direction may move before the others have their turn.
const PIECES_A_TURN: usize = 16;
/// The listen queue.
const BACKLOG: i32 = 4096;
/// Marks the listening socket among the events.
const LISTENER: u64 = u64::MAX;

/// How a relay moves bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Mover {
    /// Through pipes of 1 MiB, taken from a pool of the thread.
    Splice,
    /// Through one buffer of 256 KiB a thread.
    Copy,
}

/// One direction of a connection.
trait Lane: Default {
    /// What all directions of a thread share.
    type Shared: Default;

    /// Moves one piece.
    fn step(&mut self, shared: &mut Self::Shared, from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<Step, Errno>;
}

/// What moving one piece came to.
enum Step {
    Moved,
    Blocked,
    Ended,
}

/// Relays from `listen` to `to` until the process ends.
///
/// # Errors
/// When the sockets cannot be made.
pub(crate) fn run(mover: Mover, listen: SocketAddr, to: SocketAddr, threads: usize) -> Result<()> {
    let mut running = Vec::new();
    for _ in 0..threads.max(1) {
        let listener = reuseport(listen)?;
        running.push(std::thread::spawn(move || match mover {
            Mover::Splice => Thread::<splice::Piped>::new(listener, to)?.serve(),
            Mover::Copy => Thread::<copy::Buffered>::new(listener, to)?.serve(),
        }));
    }
    for thread in running {
        thread.join().map_err(|_| anyhow::anyhow!("a relay thread panicked"))??;
    }
    Ok(())
}

fn reuseport(address: SocketAddr) -> Result<TcpListener> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    sockopt::set_socket_reuseport(&socket, true)?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

struct Pair<L> {
    client: OwnedFd,
    origin: OwnedFd,
    up: Direction<L>,
    down: Direction<L>,
}

#[derive(Default)]
struct Direction<L> {
    lane: L,
    ended: bool,
}

struct Thread<L: Lane> {
    listener: TcpListener,
    to: SocketAddr,
    epoll: OwnedFd,
    shared: L::Shared,
    pairs: Vec<Option<Pair<L>>>,
    free: Vec<usize>,
    again: VecDeque<usize>,
}

impl<L: Lane> Thread<L> {
    fn new(listener: TcpListener, to: SocketAddr) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
        let shared = L::Shared::default();
        Ok(Self { listener, to, epoll, shared, pairs: Vec::new(), free: Vec::new(), again: VecDeque::new() })
    }

    fn serve(mut self) -> Result<()> {
        let mut events = Vec::with_capacity(EVENTS);
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            let timeout = if self.again.is_empty() { None } else { Some(&at_once) };
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in events.drain(..) {
                let which = event.data.u64();
                if which == LISTENER { self.accept()? } else { self.pump(usize::try_from(which)?) }
            }
            for _ in 0..self.again.len() {
                if let Some(index) = self.again.pop_front() {
                    self.pump(index);
                }
            }
        }
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            let client = match rustix::net::accept_with(&self.listener, flags) {
                Ok(client) => client,
                Err(Errno::AGAIN | Errno::CONNABORTED) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let origin = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
            match rustix::net::connect(&origin, &self.to) {
                Ok(()) | Err(Errno::INPROGRESS) => self.insert(client, origin)?,
                Err(error) => eprintln!("relay: {error}"),
            }
        }
    }

    fn insert(&mut self, client: OwnedFd, origin: OwnedFd) -> Result<()> {
        let index = self.free.pop().unwrap_or_else(|| {
            self.pairs.push(None);
            self.pairs.len().saturating_sub(1)
        });
        let data = epoll::EventData::new_u64(u64::try_from(index)?);
        let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
        epoll::add(&self.epoll, &client, data, flags)?;
        epoll::add(&self.epoll, &origin, data, flags)?;
        let pair = Pair { client, origin, up: Direction::default(), down: Direction::default() };
        if let Some(place) = self.pairs.get_mut(index) {
            *place = Some(pair);
        }
        Ok(())
    }

    /// Moves what can be moved; closes the pair when both directions ended or one failed.
    fn pump(&mut self, index: usize) {
        let Some(place) = self.pairs.get_mut(index) else { return };
        let Some(pair) = place.as_mut() else { return };
        let (client, origin) = (pair.client.as_fd(), pair.origin.as_fd());
        let up = pair.up.pump(&mut self.shared, client, origin);
        let down = pair.down.pump(&mut self.shared, origin, client);
        match (up, down) {
            (Ok(more_up), Ok(more_down)) if !(pair.up.ended && pair.down.ended) => {
                if more_up || more_down {
                    self.again.push_back(index);
                }
            }
            _ => {
                *place = None;
                self.free.push(index);
            }
        }
    }
}

impl<L: Lane> Direction<L> {
    /// Returns whether there is more to move at once.
    fn pump(&mut self, shared: &mut L::Shared, from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<bool, Errno> {
        if self.ended {
            return Ok(false);
        }
        for _ in 0..PIECES_A_TURN {
            match self.lane.step(shared, from, to)? {
                Step::Moved => {}
                Step::Blocked => return Ok(false),
                Step::Ended => {
                    self.ended = true;
                    rustix::net::shutdown(to, rustix::net::Shutdown::Write)?;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

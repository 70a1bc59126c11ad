//! Moving by splice: from socket to pipe to socket, no byte copied. A pipe is held only while something is in it.

use std::os::fd::OwnedFd;

use anyhow::Result;
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

use super::{Lane, Step};

/// The size of a pipe, and the most one splice moves.
const PIPE_BYTES: usize = 1024 * 1024;

/// A pipe and what is in it.
struct Pipe {
    out: OwnedFd,
    into: OwnedFd,
    holds: usize,
}

impl Pipe {
    fn new() -> Result<Self, Errno> {
        let (out, into) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?;
        fcntl_setpipe_size(&into, PIPE_BYTES)?;
        Ok(Self { out, into, holds: 0 })
    }
}

/// Empty pipes of a thread.
#[derive(Default)]
pub(super) struct Pool(Vec<Pipe>);

/// A direction, with its pipe while one is held.
#[derive(Default)]
pub(super) struct Piped(Option<Pipe>);

impl Lane for Piped {
    type Shared = Pool;

    fn step(&mut self, pool: &mut Pool, from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<Step, Errno> {
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        let mut pipe = match self.0.take() {
            Some(pipe) => pipe,
            None => pool.0.pop().map_or_else(Pipe::new, Ok)?,
        };
        if pipe.holds == 0 {
            match splice(from, None, &pipe.into, None, PIPE_BYTES, flags) {
                Ok(0) => {
                    pool.0.push(pipe);
                    return Ok(Step::Ended);
                }
                Ok(moved) => pipe.holds = moved,
                Err(Errno::AGAIN) => {
                    pool.0.push(pipe);
                    return Ok(Step::Blocked);
                }
                Err(error) => return Err(error),
            }
        }
        match splice(&pipe.out, None, to, None, pipe.holds, flags) {
            Ok(moved) => pipe.holds = pipe.holds.saturating_sub(moved),
            Err(Errno::AGAIN) => {
                self.0 = Some(pipe);
                return Ok(Step::Blocked);
            }
            Err(error) => return Err(error),
        }
        match pipe.holds {
            0 => pool.0.push(pipe),
            _ => self.0 = Some(pipe),
        }
        Ok(Step::Moved)
    }
}

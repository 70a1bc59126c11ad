//! The side of the command: asks the running process, or takes its place.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::conversation::{Inbox, line, send};
use super::lock::Lock;
use super::place::Folder;
use super::wire::{Answer, Ask, LOCK, SocketName};
use crate::wiring::sockets::{Listening, Source};

/// How long the running process may take to answer.
const ANSWER_AT_MOST: Duration = Duration::from_secs(90);

/// Asks the process that serves a data folder; what it did, for a person.
///
/// # Errors
/// When none serves it, or it refuses.
pub(crate) fn ask(data: &Path, ask: &Ask) -> Result<String> {
    match Line::open(data)?.ask(ask)? {
        Answer::Done { told } => Ok(told),
        Answer::Refused { why } => bail!("{why}"),
        Answer::Sockets { .. } => bail!("it answered something else"),
    }
}

/// Gets the sockets of the process that serves a data folder. It goes on serving until it is told otherwise.
///
/// # Errors
/// When none serves it, or it refuses.
pub(crate) fn predecessor(data: &Path) -> Result<Predecessor> {
    let mut connection = Line::open(data)?;
    let (mut sockets, mut lock) = (Vec::new(), None);
    let mut answer = connection.ask(&Ask::Takeover)?;
    loop {
        let (names, more) = match answer {
            Answer::Sockets { sockets, more } => (sockets, more),
            Answer::Refused { why } => bail!("{why}"),
            Answer::Done { .. } => bail!("it answered something else"),
        };
        for SocketName { name, given } in names {
            let descriptor = connection.inbox.descriptor().context("a socket is missing")?;
            if name == LOCK {
                lock = Some(Lock::handed(descriptor));
            } else {
                let source = if given { Source::Given } else { Source::Bound };
                sockets.push((name, Listening { socket: TcpListener::from(descriptor), source }));
            }
        }
        if !more {
            break;
        }
        answer = connection.answer()?;
    }
    Ok(Predecessor { connection, sockets, lock: lock.context("it did not hand over the lock")? })
}

/// The process whose place is being taken.
pub(crate) struct Predecessor {
    connection: Line,
    /// Its listening sockets, by name.
    pub(crate) sockets: Vec<(String, Listening)>,
    /// The lock on the data folder.
    pub(crate) lock: Lock,
}

impl Predecessor {
    /// Its parts, each for another hand.
    pub(crate) fn apart(self) -> (Vec<(String, Listening)>, Lock, Farewell) {
        (self.sockets, self.lock, Farewell(self.connection))
    }
}

/// The connection to a predecessor that still serves. Dropping it leaves it in its place.
pub(crate) struct Farewell(Line);

impl Farewell {
    /// Tells it that its successor serves; it drains from here on.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) fn tell(mut self) -> Result<()> {
        match self.0.ask(&Ask::Serving)? {
            Answer::Done { .. } => Ok(()),
            answer => bail!("the process before this one did not give way: {answer:?}"),
        }
    }
}

/// A connection to the running process.
struct Line {
    stream: UnixStream,
    inbox: Inbox,
}

impl Line {
    fn open(data: &Path) -> Result<Self> {
        let open = || -> io::Result<UnixStream> {
            let stream = Folder::open(data)?.connect()?;
            stream.set_read_timeout(Some(ANSWER_AT_MOST))?;
            stream.set_write_timeout(Some(ANSWER_AT_MOST))?;
            Ok(stream)
        };
        let stream = open().with_context(|| format!("no process serves the data folder {}", data.display()))?;
        Ok(Self { stream, inbox: Inbox::default() })
    }

    fn ask(&mut self, ask: &Ask) -> Result<Answer> {
        let line = line(ask)?;
        ensure!(send(&self.stream, &line, &[])? == line.len(), "the running process takes no question");
        self.answer()
    }

    fn answer(&mut self) -> Result<Answer> {
        loop {
            if let Some(answer) = self.inbox.line()? {
                return Ok(answer);
            }
            let more = self.inbox.receive(&self.stream).context("the running process does not answer")?;
            ensure!(more, "the running process ended without an answer");
        }
    }
}

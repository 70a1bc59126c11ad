//! The side of the running process: takes questions and passes them to the one that runs everything, one at a time.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::Interest;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::conversation::{Inbox, line, send};
use super::lock::Lock;
use super::place::Folder;
use super::wire::{Answer, Ask, LOCK, MOST_DESCRIPTORS, SocketName};

/// Conversations at once; more wait in the kernel's queue.
const MOST_CONVERSATIONS: usize = 16;
/// How long a command may take to say what it wants.
const QUESTION_AT_MOST: Duration = Duration::from_secs(10);
/// How long a successor may take until it serves.
const SUCCESSOR_AT_MOST: Duration = Duration::from_mins(10);

/// How long conversations may take to end by themselves when the process takes no more questions.
const LAST_WORDS_AT_MOST: Duration = Duration::from_secs(1);
/// How long accepting pauses when there is no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What is asked of the process.
pub(crate) enum Command {
    /// Read the configuration again.
    Reload(oneshot::Sender<Answer>),
    /// Start a successor.
    Upgrade(oneshot::Sender<Answer>),
    /// Hand over the sockets.
    Takeover(oneshot::Sender<Result<Handover, String>>),
    /// The successor serves.
    Serving(oneshot::Sender<Answer>),
}

/// What a successor gets, and the sign that it is still there: the process takes no other while this is held.
pub(crate) struct Handover {
    pub(crate) sockets: Vec<(SocketName, OwnedFd)>,
    pub(crate) pending: Arc<()>,
}

/// The control socket of this process, and its lock on the data folder.
pub(crate) struct Control {
    folder: Folder,
    lock: Lock,
    commands: mpsc::Receiver<Command>,
    /// Accept no more.
    stop: CancellationToken,
    /// End the conversations that go on.
    end: CancellationToken,
    tasks: TaskTracker,
}

impl Control {
    /// Takes the place on the control socket; whoever had it before is found no more.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub(crate) fn open(data: &Path, lock: Lock) -> Result<Self> {
        let listen = || -> io::Result<(Folder, UnixListener)> {
            let folder = Folder::open(data)?;
            let listener = folder.listen()?;
            listener.set_nonblocking(true)?;
            Ok((folder, UnixListener::from_std(listener)?))
        };
        let (folder, listener) = listen().context("cannot open the control socket")?;
        let (asked, commands) = mpsc::channel(1);
        let (stop, end, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let acceptor = Acceptor { asked, end: end.clone(), tasks: tasks.clone() };
        tasks.spawn(stop.clone().run_until_cancelled_owned(acceptor.run(listener)));
        Ok(Self { folder, lock, commands, stop, end, tasks })
    }

    /// The next command.
    pub(crate) async fn next(&mut self) -> Option<Command> {
        self.commands.recv().await
    }

    /// The lock, for a successor.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub(crate) fn lock_for_successor(&self) -> io::Result<(SocketName, OwnedFd)> {
        Ok((SocketName { name: LOCK.to_owned(), given: false }, self.lock.duplicate()?))
    }

    /// Takes no more questions, and gives the lock back. The socket's file is removed unless it is a successor's by now.
    pub(crate) async fn close(self, handed_over: bool) -> Lock {
        if !handed_over && let Err(error) = self.folder.remove() {
            tracing::debug!(%error, "the control socket is gone already");
        }
        self.stop.cancel();
        // Whoever asks now is told that the process drains.
        drop(self.commands);
        self.tasks.close();
        if tokio::time::timeout(LAST_WORDS_AT_MOST, self.tasks.wait()).await.is_err() {
            self.end.cancel();
            self.tasks.wait().await;
        }
        self.lock
    }
}

/// Takes connections.
struct Acceptor {
    asked: mpsc::Sender<Command>,
    end: CancellationToken,
    tasks: TaskTracker,
}

impl Acceptor {
    async fn run(self, listener: UnixListener) {
        let room = Arc::new(Semaphore::new(MOST_CONVERSATIONS));
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let conversation = Conversation { stream, inbox: Inbox::default(), asked: self.asked.clone() };
                    let end = self.end.clone();
                    self.tasks.spawn(async move {
                        if let Some(Err(error)) = end.run_until_cancelled(conversation.hold()).await {
                            tracing::debug!(%error, "a conversation on the control socket ended early");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket takes no connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// One command's connection.
struct Conversation {
    stream: UnixStream,
    inbox: Inbox,
    asked: mpsc::Sender<Command>,
}

impl Conversation {
    async fn hold(mut self) -> io::Result<()> {
        match tokio::time::timeout(QUESTION_AT_MOST, self.question()).await?? {
            Some(Ask::Reload) => self.pass(Command::Reload).await,
            Some(Ask::Upgrade) => self.pass(Command::Upgrade).await,
            Some(Ask::Takeover) => self.hand_over().await,
            Some(Ask::Serving) => {
                let why = "take the sockets over first".to_owned();
                self.say(&Answer::Refused { why }, &[]).await
            }
            None => Ok(()),
        }
    }

    /// Passes a question on, and the answer back.
    async fn pass(&mut self, command: impl FnOnce(oneshot::Sender<Answer>) -> Command) -> io::Result<()> {
        let answer = self.put(command).await.unwrap_or_else(draining);
        self.say(&answer, &[]).await
    }

    /// Sends the sockets, waits until the successor serves, and passes that on. When the connection ends before,
    /// nothing has changed.
    async fn hand_over(&mut self) -> io::Result<()> {
        let Handover { sockets, pending } = match self.put(Command::Takeover).await {
            Some(Ok(handover)) => handover,
            Some(Err(why)) => return self.say(&Answer::Refused { why }, &[]).await,
            None => return self.say(&draining(), &[]).await,
        };
        let (names, descriptors): (Vec<_>, Vec<_>) = sockets.into_iter().unzip();
        let last = names.len().div_ceil(MOST_DESCRIPTORS);
        for (index, (names, descriptors)) in
            names.chunks(MOST_DESCRIPTORS).zip(descriptors.chunks(MOST_DESCRIPTORS)).enumerate()
        {
            let more = index.saturating_add(1) < last;
            self.say(&Answer::Sockets { sockets: names.to_vec(), more }, descriptors).await?;
        }
        drop(descriptors);
        let serves = tokio::time::timeout(SUCCESSOR_AT_MOST, self.question()).await??;
        if serves == Some(Ask::Serving) {
            self.pass(Command::Serving).await?;
        }
        drop(pending);
        Ok(())
    }

    /// The answer of the one that runs everything; `None` when it takes no more questions.
    async fn put<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (tell, answer) = oneshot::channel();
        self.asked.send(command(tell)).await.ok()?;
        answer.await.ok()
    }

    async fn question(&mut self) -> io::Result<Option<Ask>> {
        loop {
            if let Some(ask) = self.inbox.line()? {
                return Ok(Some(ask));
            }
            let Self { stream, inbox, .. } = self;
            if !stream.async_io(Interest::READABLE, || inbox.receive(stream.as_fd())).await? {
                return Ok(None);
            }
        }
    }

    async fn say(&mut self, answer: &Answer, descriptors: &[OwnedFd]) -> io::Result<()> {
        let (line, mut sent) = (line(answer)?, 0);
        while let Some(rest) = line.get(sent..).filter(|rest| !rest.is_empty()) {
            let beside = if sent == 0 { descriptors } else { &[] };
            let stream = &self.stream;
            let went = stream.async_io(Interest::WRITABLE, || send(stream.as_fd(), rest, beside)).await?;
            sent = sent.saturating_add(went);
        }
        Ok(())
    }
}

fn draining() -> Answer {
    Answer::Refused { why: "the process is draining".to_owned() }
}

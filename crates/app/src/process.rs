//! A process that serves, from start to end: its seat in the data folder, and what signals and the control socket ask
//! of it.

mod seat;
mod upgrade;

use std::net::SocketAddr;

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use turnpike_gateway::ports::{Fence, PortError};

use crate::control::{Answer, Command, Control, Handover};
use crate::descriptors;
use crate::reload::Reloader;
use crate::systemd;
use crate::wiring::{self, Parts, Running};

pub(crate) use seat::Seat;
use upgrade::Upgrade;
pub(crate) use upgrade::note_binary;

/// A process that serves.
pub(crate) struct Process {
    signals: Signals,
    running: Running,
    control: Control,
    reloader: Reloader,
    /// The successor that is being started on demand, if any.
    upgrade: Option<Upgrade>,
    /// Dead when no successor is starting.
    successor: std::sync::Weak<()>,
}

/// Why a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// SIGTERM or SIGINT.
    Signal,
    /// A successor serves.
    Succeeded,
    /// The gateway may not go on.
    Fenced(Fence),
}

impl Process {
    /// Starts everything in `seat`; a predecessor in it drains from here on.
    ///
    /// # Errors
    /// When signals cannot be awaited, or something cannot be bound or started. A predecessor goes on serving then.
    pub(crate) async fn start(reloader: Reloader, parts: Parts, seat: Seat) -> Result<Self> {
        // A signal that comes as soon as the process serves must not end it as if it had no grace.
        let signals = Signals::listen()?;
        descriptors::raise_limit();
        let running = wiring::start(reloader.settings(), parts, seat.sockets).await?;
        if let Some(predecessor) = seat.predecessor {
            let told = tokio::task::spawn_blocking(|| predecessor.tell());
            told.await?.context("the process before this one goes on")?;
            tracing::info!("took over from the process before this one");
        }
        let control = Control::open(&reloader.settings().data, seat.lock)?;
        systemd::ready();
        Ok(Self { signals, running, control, reloader, upgrade: None, successor: std::sync::Weak::new() })
    }

    /// Where the listener of that name is.
    pub(crate) fn address(&self, name: &str) -> Option<SocketAddr> {
        self.running.address(name)
    }

    /// Where clients of the gateway connect to.
    pub(crate) fn gateway(&self) -> Option<SocketAddr> {
        self.running.gateway()
    }

    /// Serves until SIGTERM, SIGINT or a successor, then drains: no new connections, open tunnels and requests may end
    /// within the grace, every lease is settled. A second signal ends the grace.
    ///
    /// # Errors
    /// When the gateway may not go on.
    pub(crate) async fn until_end(mut self) -> Result<()> {
        let end = self.serve().await;
        tracing::info!(?end, "ending");
        let succeeded = end == End::Succeeded;
        if !succeeded {
            systemd::stopping();
        }
        // Held until the end, so that no other process serves the folder while this one drains. After a hand-over the
        // successor holds it.
        let lock = self.control.close(succeeded).await;
        let lock = (!succeeded).then_some(lock);
        let (grace, mut signals) = (self.reloader.grace(), self.signals);
        self.running
            .shut_down(succeeded, grace, async || {
                // When a service is stopped, those that drain already get the same signal, and keep their grace.
                if succeeded {
                    signals.end().await;
                }
                signals.end().await;
            })
            .await;
        drop(lock);
        if let End::Fenced(why) = end { Err(PortError::Fenced(why).into()) } else { Ok(()) }
    }

    async fn serve(&mut self) -> End {
        loop {
            tokio::select! {
                heard = self.signals.next() => match heard {
                    Heard::End => return End::Signal,
                    Heard::Reload => drop(self.reload().await),
                },
                why = self.running.fenced() => return End::Fenced(why),
                why = Upgrade::failed(&mut self.upgrade) => {
                    tracing::error!(why, "the successor did not come up");
                    Upgrade::answer(&mut self.upgrade, &Answer::Refused { why });
                }
                Some(command) = self.control.next() => {
                    if self.obey(command).await {
                        return End::Succeeded;
                    }
                }
            }
        }
    }

    /// Does what a command asks; true when a successor serves.
    async fn obey(&mut self, command: Command) -> bool {
        match command {
            Command::Reload(tell) => {
                let answer = self.reload().await;
                reply(tell, answer);
            }
            Command::Upgrade(tell) => self.start_upgrade(tell),
            Command::Takeover(tell) => {
                let handover = self.hand_over();
                reply(tell, handover);
            }
            Command::Serving(tell) => {
                let told = "the successor serves; this process drains".to_owned();
                Upgrade::answer(&mut self.upgrade, &Answer::Done { told: told.clone() });
                reply(tell, Answer::Done { told });
                return true;
            }
        }
        false
    }

    /// Applies the configuration as it is now, or refuses it whole.
    async fn reload(&mut self) -> Answer {
        if self.successor.strong_count() > 0 {
            return Answer::Refused { why: "a successor is starting".to_owned() };
        }
        systemd::reloading();
        let outcome = self.reloader.reload(&self.running).await;
        match outcome {
            Ok(told) => {
                tracing::info!(told, "reloaded");
                systemd::reloaded("serving");
                Answer::Done { told }
            }
            Err(error) => {
                let why = crate::story(&error);
                tracing::warn!(why, "the configuration was refused; the one before stays in force");
                systemd::reloaded(&format!("serving; the last reload was refused: {why}"));
                Answer::Refused { why }
            }
        }
    }

    fn start_upgrade(&mut self, tell: oneshot::Sender<Answer>) {
        if self.upgrade.is_some() || self.successor.strong_count() > 0 {
            return reply(tell, Answer::Refused { why: "a successor is starting already".to_owned() });
        }
        match Upgrade::start(tell) {
            Ok(upgrade) => self.upgrade = Some(upgrade),
            Err((tell, why)) => reply(tell, Answer::Refused { why }),
        }
    }

    fn hand_over(&mut self) -> Result<Handover, String> {
        if self.successor.strong_count() > 0 {
            return Err("another successor is starting".to_owned());
        }
        let sockets = || -> std::io::Result<_> {
            let mut sockets = vec![self.control.lock_for_successor()?];
            sockets.extend(self.running.sockets()?);
            Ok(sockets)
        };
        let sockets = sockets().map_err(|error| format!("the sockets cannot be duplicated: {error}"))?;
        let pending = std::sync::Arc::new(());
        self.successor = std::sync::Arc::downgrade(&pending);
        Ok(Handover { sockets, pending })
    }
}

/// Answers a command; one that has gone away needs no answer.
fn reply<T>(tell: oneshot::Sender<T>, answer: T) {
    if tell.send(answer).is_err() {
        tracing::debug!("a command did not wait for its answer");
    }
}

/// What a signal asks for.
enum Heard {
    /// SIGTERM or SIGINT.
    End,
    /// SIGHUP.
    Reload,
}

/// The signals that mean something.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be awaited");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            reload: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.terminate.recv() => Heard::End,
            _ = self.interrupt.recv() => Heard::End,
            _ = self.reload.recv() => Heard::Reload,
        }
    }

    /// Waits for the next signal to end.
    async fn end(&mut self) {
        while matches!(self.next().await, Heard::Reload) {}
    }
}

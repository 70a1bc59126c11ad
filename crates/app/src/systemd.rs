//! What systemd gives and wants to know: listening sockets at the start, and when the process is ready, reloads, stops
//! or has a successor. Without systemd all of this does nothing.

use std::os::fd::RawFd;

use anyhow::{Context, Result, ensure};
use listenfd::ListenFd;
use sd_notify::NotifyState;

use crate::wiring::sockets::{Listening, Source};

/// The first descriptor that systemd gives.
const FIRST: RawFd = 3;

/// The sockets given to this process, by the names of their units (`FileDescriptorName=`).
///
/// # Errors
/// When one is no listening TCP socket.
pub(crate) fn sockets() -> Result<Vec<(String, Listening)>> {
    let named: Vec<(RawFd, String)> =
        sd_notify::listen_fds_with_names().context("the sockets given by systemd")?.collect();
    let mut given = ListenFd::from_env();
    let mut sockets = Vec::new();
    for (descriptor, name) in named {
        let index = usize::try_from(descriptor.saturating_sub(FIRST)).unwrap_or(usize::MAX);
        let socket = given.take_tcp_listener(index).with_context(|| format!("systemd gave `{name}`"))?;
        let socket = socket.with_context(|| format!("systemd gave `{name}` twice"))?;
        ensure!(
            rustix::net::sockopt::socket_acceptconn(&socket)?,
            "systemd gave `{name}`, which does not listen; Accept= must be no"
        );
        sockets.push((name, Listening { socket, source: Source::Given }));
    }
    Ok(sockets)
}

/// The process serves. It is the service's main process from here on, whoever was before.
pub(crate) fn ready() {
    tell(&[NotifyState::MainPid(std::process::id()), NotifyState::Ready, NotifyState::Status("serving")]);
}

/// The configuration is read again; ends with [`reloaded`].
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "no monotonic clock for systemd"),
    }
}

/// The configuration was applied, or refused and the one before goes on.
pub(crate) fn reloaded(told: &str) {
    let status = told.replace('\n', " ");
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// The process drains and ends.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("draining")]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd could not be told");
    }
}

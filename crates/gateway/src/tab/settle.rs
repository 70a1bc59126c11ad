//! The end of a tab: what the client's kernel still owes an acknowledgement for is waited for, or given back.

use std::net::Shutdown;
use std::task::Poll;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::tab::Tab;
use crate::tab::watch::is_overdue;

/// Between two looks at the send queue: at first and at most.
const LOOK_EVERY: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(250));

impl Tab {
    /// Ends the client's side: sends FIN and waits, at most for the linger deadline, until the client's kernel has
    /// acknowledged everything. What it then has not is given back, and the connection resets when it is dropped.
    pub async fn finish(mut self, client: &TcpStream) {
        self.shut_down(client);
        if !self.settle(client).await {
            self.abort(client);
        }
    }

    /// Waits until the client's kernel has acknowledged everything written so far, so that it is billed; for a
    /// connection that stays open. May be dropped at any time.
    pub async fn proven(&mut self, client: &TcpStream) {
        let acknowledged = self.settle(client).await;
        tracing::trace!(connection = %self.connection(), acknowledged, "settled between two messages");
    }

    /// Whether nothing waits for the client's acknowledgement.
    pub fn is_proven(&self) -> bool {
        self.proof.outstanding() == 0
    }

    /// Asks the client's kernel how much it has acknowledged.
    pub fn prove(&mut self, client: &TcpStream) {
        if self.is_proven() {
            return;
        }
        if let Ok(waiting) = turnpike_socket::unacknowledged(client, self.client_shut) {
            self.proof.acknowledge(waiting);
        }
    }

    /// Sends the client a FIN after what was written.
    pub(crate) fn shut_down(&mut self, client: &TcpStream) {
        self.client_shut = self.client_shut || SockRef::from(client).shutdown(Shutdown::Write).is_ok();
    }

    /// Resets the client's connection when it is dropped. What its kernel has not acknowledged is not billed.
    pub fn abort(&mut self, client: &TcpStream) {
        self.prove(client);
        self.proof.give_back();
        if let Err(error) = client.set_zero_linger() {
            tracing::debug!(connection = %self.connection(), %error, "the client's side could not be set to reset");
        }
    }

    /// Whether everything was acknowledged; otherwise the client is gone, too slow, or the permit ended.
    pub(crate) async fn settle(&mut self, client: &TcpStream) -> bool {
        let now = Instant::now();
        let deadline = now.checked_add(self.leave.deadlines().linger()).unwrap_or(now);
        let mut pause = LOOK_EVERY.0;
        loop {
            self.prove(client);
            if self.is_proven() {
                return true;
            }
            let now = Instant::now();
            if is_gone(client)
                || now >= deadline
                || self.leave.is_revoked()
                || self.proof.oldest().is_some_and(|l| is_overdue(l, now))
            {
                // Once more: the answer may have come together with the end.
                self.prove(client);
                return self.is_proven();
            }
            tokio::select! {
                () = self.leave.revoked() => {}
                () = stirred(client, self.client_shut) => {}
                () = tokio::time::sleep(pause) => {}
            }
            pause = pause.saturating_mul(2).min(LOOK_EVERY.1);
        }
    }
}

/// Whether the client's connection was reset or given up by the kernel, so that nothing more will be acknowledged. Asks
/// for the state and not for the error: whoever failed to read or write has been told of that already, and it is told once.
pub(super) fn is_gone(client: &TcpStream) -> bool {
    client.peer_addr().is_err()
}

/// Resolves when the state of a connection that was sent a FIN changes: the acknowledgement of the FIN, or a reset.
async fn stirred(client: &TcpStream, client_shut: bool) {
    if !client_shut {
        // Nothing wakes for an acknowledgement alone, and the readiness is still needed for writing.
        return std::future::pending().await;
    }
    let forget_readiness = || -> std::io::Result<()> { Err(std::io::ErrorKind::WouldBlock.into()) };
    client.try_io(Interest::WRITABLE, forget_readiness).ok();
    let (mut first, mut mute) = (true, false);
    std::future::poll_fn(|cx| {
        let ready = !mute && client.poll_write_ready(cx).is_ready();
        // Ready at once means closed in both directions: no further change will be told.
        mute |= ready && first;
        first = false;
        if ready && !mute { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

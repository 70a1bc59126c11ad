//! A connection's one timer: it sees to it that delivered bytes are proven within a second, and ends what is idle.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use crate::allowance::lease::Lease;
use crate::peer::have_patience;
use crate::tab::Tab;
use crate::tab::settle::is_gone;

/// How often an active connection's delivered bytes are proven, if not sooner.
const PROVE_EVERY: Duration = Duration::from_secs(1);
/// The same while the connection waits for traffic, which its own unproven bytes may hold up.
const PROVE_EVERY_WHILE_WAITING: Duration = Duration::from_millis(10);
/// A tunnel that is open for so long has come to stay.
const LASTS: Duration = Duration::from_secs(5);
/// From so many unproven bytes on they are proven at every occasion.
const PROVE_BYTES: u64 = 16 * 1024;
/// How long bytes may be on their way after the store may have given up holding their lease. Shorter than the store's
/// own grace, after which the quota may be granted to others.
pub(crate) const UNHELD_AT_MOST: Duration = Duration::from_secs(20);

pin_project_lite::pin_project! {
    /// The timer.
    pub(crate) struct Alarm {
        moved: u64,
        moved_at: Instant,
        rang: bool,
        #[pin]
        sleep: Sleep,
    }
}

/// Which deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// Not a byte moved for too long.
    Idle,
    /// The client took too long to acknowledge.
    Unacknowledged,
    /// The client was reset while nobody was writing to it.
    Gone,
}

impl Alarm {
    /// `idle` is when it goes off if nothing happens, which is also the connection's deadline.
    pub(crate) fn new(idle: Duration) -> Self {
        Self { moved: 0, moved_at: Instant::now(), rang: false, sleep: tokio::time::sleep(idle) }
    }

    /// For a tunnel: it also goes off once when that has lasted for a while, see [`Alarm::has_rung`].
    pub(crate) fn of_tunnel(idle: Duration) -> Self {
        Self::new(idle.min(LASTS))
    }

    /// Whether it has gone off, for whatever reason: the connection has lasted for more than a moment.
    pub(crate) const fn has_rung(&self) -> bool {
        self.rang
    }

    /// Proves what is due, and says when a deadline has passed. `busy` says that bytes are on their way.
    pub(crate) fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        tab: &mut Tab,
        client: Option<&TcpStream>,
        busy: bool,
    ) -> Poll<Overdue> {
        let mut this = self.project();
        loop {
            if let Some(client) = client {
                let fired = this.sleep.is_elapsed();
                *this.rang |= fired;
                if fired || tab.proof.outstanding() >= PROVE_BYTES {
                    tab.prove(client);
                }
                // Who waits for traffic neither reads nor writes, and would hold what it owes others for ever.
                if fired && !tab.is_proven() && is_gone(client) {
                    return Poll::Ready(Overdue::Gone);
                }
            }
            let now = Instant::now();
            if *this.moved != tab.moved {
                (*this.moved, *this.moved_at) = (tab.moved, now);
            }
            let quiet = now.saturating_duration_since(*this.moved_at);
            if let Some(client) = client
                && !tab.is_proven()
                && quiet >= tab.leave.deadlines().user_timeout() / 2
            {
                have_patience(client, &tab.leave.deadlines());
            }
            let idle_at = this.moved_at.checked_add(tab.leave.deadlines().idle()).unwrap_or(now);
            if now >= idle_at {
                return Poll::Ready(Overdue::Idle);
            }
            if tab.proof.oldest().is_some_and(|lease| is_overdue(lease, now)) {
                return Poll::Ready(Overdue::Unacknowledged);
            }
            let due = now.checked_add(next_look(tab, busy)).map_or(idle_at, |look| look.min(idle_at));
            // A timer that is set too early is left alone: moving it costs more than waking once.
            if this.sleep.deadline() > due || this.sleep.is_elapsed() {
                this.sleep.as_mut().reset(due);
            }
            ready!(this.sleep.as_mut().poll(cx));
        }
    }
}

/// When to look again, if nothing happens before.
fn next_look(tab: &Tab, busy: bool) -> Duration {
    if tab.hunger.is_waiting() && !tab.is_proven() {
        PROVE_EVERY_WHILE_WAITING
    } else if busy || !tab.is_proven() {
        PROVE_EVERY
    } else {
        Duration::MAX
    }
}

/// Whether bytes of that lease that are still on their way have become a risk to the quota of others.
pub(crate) fn is_overdue(lease: &Lease, now: Instant) -> bool {
    lease.unheld_for(now) > UNHELD_AT_MOST
}

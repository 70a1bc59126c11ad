//! A tunnel's two directions and how they end together.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::net::TcpStream;
use turnpike_domain::quota::Denial;

use crate::peer::watch_over;
use crate::relay::flow::{Fault, Flow, Wire};
use crate::relay::{Early, TunnelEnd};
use crate::tab::watch::{Alarm, Overdue};
use crate::tab::{Tab, Way};

/// Both sides of a tunnel. Dropping it before [`Tunnel::close`] has ended resets both.
pub(super) struct Tunnel {
    client: TcpStream,
    origin: TcpStream,
    tab: Tab,
    up: Flow,
    down: Flow,
    /// Whether each direction's end was passed on.
    up_shut: bool,
    down_shut: bool,
    /// Why reading has stopped in both directions.
    denied: Option<Denial>,
    /// The origin takes no more; what it has sent is still delivered.
    origin_broke: Option<io::Error>,
    closed: bool,
    age: Age,
}

/// A vanished origin is noticed once the tunnel has lasted for a while.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Fresh,
    Watched,
}

impl Tunnel {
    pub(super) fn new(client: TcpStream, origin: TcpStream, tab: Tab, early: Early) -> Self {
        Self {
            client,
            origin,
            tab,
            up: Flow::after(Way::ToOrigin, early.from_client),
            down: Flow::after(Way::ToClient, early.from_origin),
            up_shut: false,
            down_shut: false,
            denied: None,
            origin_broke: None,
            closed: false,
            age: Age::Fresh,
        }
    }

    /// Moves what can be moved. Ready when the tunnel is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, mut alarm: Pin<&mut Alarm>) -> Poll<TunnelEnd> {
        if let Some(end) = self.poll_up(cx).or_else(|| self.poll_down(cx)) {
            return Poll::Ready(end);
        }
        if self.up.is_done() && self.down.is_done() {
            return Poll::Ready(match (self.denied, self.origin_broke.take()) {
                (_, Some(error)) => TunnelEnd::OriginGone(error),
                (Some(denial), None) => TunnelEnd::OutOfTraffic(denial),
                (None, None) => TunnelEnd::Closed,
            });
        }
        let busy = self.up.is_busy() || self.down.is_busy();
        let overdue = alarm.as_mut().poll(cx, &mut self.tab, Some(&self.client), busy);
        if alarm.has_rung() && self.age == Age::Fresh {
            self.age = Age::Watched;
            // Where the kernel refuses, the idle deadline ends what has vanished.
            watch_over(&SockRef::from(&self.origin), &self.tab.leave().deadlines()).ok();
        }
        overdue.map(|overdue| match overdue {
            Overdue::Idle if busy => TunnelEnd::Stalled,
            Overdue::Idle => TunnelEnd::Idle,
            Overdue::Unacknowledged => TunnelEnd::Stalled,
            Overdue::Gone => TunnelEnd::ClientGone(io::ErrorKind::ConnectionReset.into()),
        })
    }

    /// From the client to the origin.
    fn poll_up(&mut self, cx: &mut Context<'_>) -> Option<TunnelEnd> {
        if self.up_shut {
            return None;
        }
        let wire = Wire { from: &self.client, to: &self.origin };
        match self.up.poll(cx, wire, &mut self.tab) {
            Poll::Pending => None,
            Poll::Ready(Ok(())) => {
                self.up_shut = true;
                // Fails only when the origin is gone, which reading from it will tell.
                SockRef::from(&self.origin).shutdown(Shutdown::Write).ok();
                None
            }
            Poll::Ready(Err(Fault::To(error))) => {
                self.up.abandon();
                self.up_shut = true;
                self.origin_broke = Some(error);
                None
            }
            Poll::Ready(Err(Fault::From(error))) => Some(TunnelEnd::ClientGone(error)),
            Poll::Ready(Err(Fault::Stalled)) => Some(TunnelEnd::Stalled),
            Poll::Ready(Err(Fault::Revoked)) => Some(TunnelEnd::Revoked),
            Poll::Ready(Err(Fault::Denied(denial))) => self.run_out(cx, denial),
        }
    }

    /// From the origin to the client.
    fn poll_down(&mut self, cx: &mut Context<'_>) -> Option<TunnelEnd> {
        if self.down_shut {
            return None;
        }
        let wire = Wire { from: &self.origin, to: &self.client };
        match self.down.poll(cx, wire, &mut self.tab) {
            Poll::Pending => None,
            Poll::Ready(Ok(())) => {
                self.down_shut = true;
                // After an origin that broke there is a reset to come, and no FIN.
                if self.origin_broke.is_none() {
                    self.tab.shut_down(&self.client);
                }
                None
            }
            Poll::Ready(Err(Fault::From(error))) => Some(TunnelEnd::OriginGone(error)),
            Poll::Ready(Err(Fault::To(error))) => Some(TunnelEnd::ClientGone(error)),
            Poll::Ready(Err(Fault::Stalled)) => Some(TunnelEnd::Stalled),
            Poll::Ready(Err(Fault::Revoked)) => Some(TunnelEnd::Revoked),
            Poll::Ready(Err(Fault::Denied(denial))) => self.run_out(cx, denial),
        }
    }

    /// Stops reading on both sides; what was accepted will still be delivered.
    fn run_out(&mut self, cx: &Context<'_>, denial: Denial) -> Option<TunnelEnd> {
        self.denied.get_or_insert(denial);
        self.up.stop();
        self.down.stop();
        cx.waker().wake_by_ref();
        None
    }

    /// Ends both sides the way `end` asks for, and sees to it that what was delivered is billed and no more.
    pub(super) async fn close(mut self, end: &TunnelEnd) {
        let delivered = match end {
            TunnelEnd::Closed | TunnelEnd::OutOfTraffic(_) | TunnelEnd::Idle => {
                self.tab.shut_down(&self.client);
                if !self.up_shut {
                    SockRef::from(&self.origin).shutdown(Shutdown::Write).ok();
                }
                self.tab.settle(&self.client).await
            }
            TunnelEnd::OriginGone(_) => {
                self.tab.settle(&self.client).await;
                false
            }
            TunnelEnd::Revoked | TunnelEnd::Stalled | TunnelEnd::ClientGone(_) => false,
        };
        self.closed = delivered;
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        self.tab.abort(&self.client);
        if let Err(error) = self.origin.set_zero_linger() {
            tracing::debug!(connection = %self.tab.connection(), %error, "the target's side could not be set to reset");
        }
    }
}

//! One request and its response, between a client and an origin that are connected. Bodies go both ways at once, so
//! that an origin may answer before it has read everything.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use turnpike_domain::activity::Reason;

use super::body::Body;
use super::pump::{Broken, Pump};
use super::receive::Receiving;
use super::response::Asked;
use super::upstream::Upstream;
use crate::buffer::{Inbox, Outbox};
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::session::Front;
use crate::tab::{Tab, TabError, Way};

/// What has to be known of a request once its head is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errand {
    pub(super) asked: Asked,
    /// Sending it again does no harm, and there is no body to send again.
    pub(super) repeatable: bool,
}

/// How an exchange went well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    /// Both messages ended where they should: the client's connection may carry another request.
    pub(super) client_lives: bool,
    /// The same for the origin's.
    pub(super) origin_lives: bool,
}

/// How an exchange went wrong.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing was answered yet: the client can be told.
    Refused(Refusal),
    /// A kept connection turned out to be closed before anything was answered.
    Spent,
    /// A part was answered already: the client must see that the rest is missing.
    CutShort(Reason),
    /// The permit has ended.
    Revoked,
    /// The client is gone.
    ClientGone,
}

/// What each direction of an exchange has to know of the other.
#[derive(Debug)]
pub(super) struct Progress {
    /// The request was sent to its end.
    pub(super) sent: AtomicBool,
    /// The client was sent something: from then on it cannot be told of a failure.
    pub(super) answered: AtomicBool,
}

impl Progress {
    fn of(body: &Body) -> Self {
        Self { sent: AtomicBool::new(body.is_over()), answered: AtomicBool::new(false) }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Failure {
    /// What an error means while the client can still be told.
    fn before_answer(error: &TabError) -> Self {
        match error {
            TabError::Denied(denial) => Self::Refused((*denial).into()),
            TabError::Revoked => Self::Revoked,
            TabError::ClientGone(_) | TabError::Idle => Self::ClientGone,
            TabError::OriginGone(_) => Self::Refused(Refusal::OriginFailed),
        }
    }

    /// What would have been refused, once a part of the response is out.
    pub(super) fn cut_short(refusal: &Refusal) -> Self {
        let reason = refusal.reason().filter(|reason| *reason != Reason::OriginFailed);
        Self::CutShort(reason.unwrap_or(Reason::BrokenOff))
    }

    /// What an error means once a part of the response is out.
    pub(super) fn after_answer(error: &TabError) -> Self {
        match Self::before_answer(error) {
            Self::Refused(refusal) => Self::cut_short(&refusal),
            failure => failure,
        }
    }
}

/// Everything an exchange needs.
pub(super) struct Exchange<'a> {
    pub(super) front: &'a Front,
    pub(super) client: &'a mut TcpStream,
    pub(super) inbox: &'a mut Inbox,
    pub(super) upstream: &'a mut Upstream,
    pub(super) permit: &'a Permit,
    pub(super) tab: &'a mut Tab,
    pub(super) errand: Errand,
}

impl Exchange<'_> {
    /// Sends what is in `out`, the head and the beginning of the body, then the rest of the body while the response is
    /// passed back.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(super) async fn run(&mut self, body: &mut Body, out: &mut Outbox) -> Result<Served, Failure> {
        let sent = self.tab.write_origin(&self.upstream.stream, out.bytes()).await;
        match sent {
            Ok(()) => {}
            // It may have answered before it closed: the response's reader finds out. What is left of the body is then
            // never sent, and must not be taken for the next request.
            Err(TabError::OriginGone(_)) => {
                let served = self.receive_only(&Progress::of(body)).await?;
                return Ok(Served { origin_lives: false, ..served });
            }
            Err(error) => return Err(Failure::before_answer(&error)),
        }
        if !self.errand.repeatable {
            out.release();
        }
        let progress = Progress::of(body);
        if body.is_over() { self.receive_only(&progress).await } else { self.send_and_receive(body, &progress).await }
    }

    /// Sends a request without a body once more. It was paid for when it was sent in vain.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(super) async fn repeat(&mut self, out: &Outbox) -> Result<Served, Failure> {
        let sent = self.upstream.stream.write_all(out.bytes()).await;
        sent.map_err(|_| Refusal::OriginFailed)?;
        self.receive_only(&Progress { sent: true.into(), answered: false.into() }).await
    }

    async fn receive_only(&mut self, progress: &Progress) -> Result<Served, Failure> {
        let may_repeat = self.upstream.reused && self.errand.repeatable;
        let mut receiving = Receiving {
            front: self.front,
            client: self.client,
            origin: self.upstream.stream.split().0,
            inbox: &mut self.upstream.inbox,
            permit: self.permit,
            tab: self.tab,
            errand: self.errand,
            progress,
        };
        match receiving.run().await {
            Err(Failure::Refused(Refusal::OriginFailed)) if may_repeat => Err(Failure::Spent),
            received => received,
        }
    }

    async fn send_and_receive(&mut self, body: &mut Body, progress: &Progress) -> Result<Served, Failure> {
        let mut sending_tab = self.permit.tab();
        let (mut from_client, to_client) = self.client.split();
        let (from_origin, to_origin) = self.upstream.stream.split();
        let mut sending = Pump {
            front: self.front,
            from: &mut from_client,
            inbox: self.inbox,
            to: to_origin.as_ref(),
            tab: &mut sending_tab,
            way: Way::ToOrigin,
        };
        let mut receiving = Receiving {
            front: self.front,
            client: to_client.as_ref(),
            origin: from_origin,
            inbox: &mut self.upstream.inbox,
            permit: self.permit,
            tab: self.tab,
            errand: self.errand,
            progress,
        };
        let (sending, receiving) = (sending.run(body), receiving.run());
        tokio::pin!(sending, receiving);
        let mut sends = true;
        loop {
            tokio::select! {
                sent = &mut sending, if sends => {
                    sends = false;
                    match sent {
                        Ok(()) => progress.sent.store(true, Ordering::Relaxed),
                        // As in `run`: it may have answered.
                        Err(Broken::Tab(TabError::OriginGone(_))) => {}
                        Err(broken) => return Err(body_failure(broken, progress.answered.load(Ordering::Relaxed))),
                    }
                },
                received = &mut receiving => {
                    let served = received?;
                    let whole = progress.sent.load(Ordering::Relaxed);
                    return Ok(Served { origin_lives: served.origin_lives && whole, ..served });
                }
            }
        }
    }
}

/// What it means when the client's body does not come to its end.
fn body_failure(broken: Broken, answered: bool) -> Failure {
    match broken {
        Broken::Fault(_) if answered => Failure::CutShort(Reason::BadRequest),
        Broken::Tab(TabError::Denied(denial)) if answered => Failure::CutShort(denial.into()),
        Broken::Fault(fault) => Failure::Refused(fault.into()),
        Broken::Cut => Failure::ClientGone,
        Broken::Tab(error) => Failure::before_answer(&error),
    }
}

//! The requests on one client connection, one after the other.

use std::ops::Range;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout_at};
use turnpike_domain::activity::Reason;

use super::answer::{Circumstances, write_refusal};
use super::head::HeadEnd;
use super::identity::Identity;
use super::turn::Manner;
use super::upstream::Upstream;
use crate::activity::Subject;
use crate::buffer::Inbox;
use crate::leave::Reached;
use crate::line::Arrival;
use crate::refusal::Refusal;
use crate::relay::Early;
use crate::session::{self, Front, Tunnel};

/// How often the responses of a busy connection are billed.
const PROVE_EVERY: Duration = Duration::from_millis(500);

/// Serves a connection that speaks HTTP. Gives a tunnel when that is what it has become.
pub(crate) async fn converse(
    front: &Front,
    arrival: Arrival,
    client: TcpStream,
    inbox: Inbox,
    deadline: Instant,
) -> Option<Tunnel> {
    let proven_at = Instant::now();
    let mut conversation = Conversation { front, arrival, client, inbox, identity: None, upstream: None, proven_at };
    match conversation.run(deadline).await {
        Next::Tunnel(origin) => conversation.into_tunnel(origin).await,
        next => {
            conversation.end(next).await;
            None
        }
    }
}

pub(super) struct Conversation<'f> {
    pub(super) front: &'f Front,
    pub(super) arrival: Arrival,
    pub(super) client: TcpStream,
    pub(super) inbox: Inbox,
    pub(super) identity: Option<Identity>,
    pub(super) upstream: Option<Upstream>,
    /// When the client's kernel was last asked what it has acknowledged.
    proven_at: Instant,
}

/// What comes after a request.
pub(super) enum Next {
    /// Another request.
    Request,
    /// Nothing: the client has what it asked for, or is gone.
    Close,
    /// Nothing, but the client may still be sending, and must be able to read its answer.
    CloseGently,
    /// Nothing, and the client must see that something is missing.
    CutShort(Reason),
    /// Nothing, at once: the permit has ended.
    Revoked,
    /// Bytes both ways.
    Tunnel(Reached),
}

impl Conversation<'_> {
    async fn run(&mut self, first_deadline: Instant) -> Next {
        let mut deadline = first_deadline;
        for left in (0..self.front.settings.limits.requests).rev() {
            let next = match self.head(deadline).await {
                Ok(head) => self.turn(head, left == 0).await,
                Err(next) => next,
            };
            if !matches!(next, Next::Request) {
                return next;
            }
            if let Some(end) = self.wait_for_request().await {
                return end;
            }
            deadline = Instant::now() + self.front.settings.deadlines.head();
        }
        Next::Close
    }

    /// Waits for a complete head and tells where it lies in the inbox.
    async fn head(&mut self, deadline: Instant) -> Result<Range<usize>, Next> {
        let mut end = HeadEnd::of_request();
        loop {
            match end.find(self.inbox.unread(), self.front.settings.limits.head_bytes) {
                Ok(Some(head)) => return Ok(head),
                Ok(None) => {}
                Err(fault) => return Err(self.refuse(&fault.into(), Manner::LAST).await),
            }
            let silent = self.inbox.is_empty();
            let filled = tokio::select! {
                biased;
                filled = timeout_at(deadline, self.inbox.fill_from(&mut self.client)) => filled,
                () = self.front.draining.cancelled(), if silent => return Err(Next::Close),
            };
            match filled {
                Ok(Ok(length)) if length > 0 => {}
                _ => return Err(Next::Close),
            }
        }
    }

    /// Waits between two requests, without a buffer. When there will be none, what comes instead.
    async fn wait_for_request(&mut self) -> Option<Next> {
        let Some(Identity { permit, tab, .. }) = &mut self.identity else {
            return self.front.draining.is_cancelled().then_some(Next::Close);
        };
        let client = &self.client;
        let now = Instant::now();
        if now.saturating_duration_since(self.proven_at) >= PROVE_EVERY {
            tab.prove(client);
            self.proven_at = now;
        }
        if !self.inbox.is_empty() {
            return None;
        }
        let keep_alive = self.front.settings.deadlines.keep_alive();
        // Asking the kernel costs a system call, so a client that sends its next request soon is not asked about.
        let patience = async {
            sleep_until(now + PROVE_EVERY.min(keep_alive)).await;
            tab.proven(client).await;
            sleep_until(now + keep_alive).await;
        };
        tokio::select! {
            biased;
            readable = client.readable() => readable.err().map(|_| Next::Close),
            () = self.front.draining.cancelled() => Some(Next::Close),
            () = permit.revoked() => Some(if permit.line().is_kicked() { Next::Revoked } else { Next::Close }),
            () = patience => Some(Next::Close),
        }
    }

    /// Tells the client why not.
    pub(super) async fn refuse(&mut self, refusal: &Refusal, manner: Manner) -> Next {
        let subject = self.identity.as_ref().map_or(Subject::Nobody, |known| Subject::Line(known.permit.line()));
        self.front.note_refusal(refusal, &self.arrival, subject);
        self.say(refusal, manner).await
    }

    /// Tells the client why not, once that was put down.
    pub(super) async fn say(&mut self, refusal: &Refusal, manner: Manner) -> Next {
        let close = manner.last || !manner.bodiless;
        let answer = write_refusal(refusal, Circumstances { head_only: manner.head_only, close });
        match session::answer(self.front, &mut self.client, &answer).await {
            false => Next::Close,
            true if close => Next::CloseGently,
            true => Next::Request,
        }
    }

    async fn into_tunnel(mut self, origin: Reached) -> Option<Tunnel> {
        let Identity { mut permit, mut tab, .. } = self.identity.take()?;
        // What earlier responses left unacknowledged is billed before the tunnel's own bytes follow it.
        tab.proven(&self.client).await;
        let early = Early { from_client: self.inbox.into_rest(), from_origin: origin.early };
        permit.settle(origin.outing);
        Some(Tunnel { client: self.client, origin: origin.stream, permit, early })
    }

    async fn end(mut self, next: Next) {
        self.upstream = None;
        let gently = matches!(next, Next::CloseGently);
        if let Some(Identity { permit, mut tab, .. }) = self.identity.take() {
            let outcome = match next {
                Next::Revoked => {
                    let line = permit.line();
                    line.desk.activity.note(line, line.why_over(), None);
                    tab.abort(&self.client);
                    "revoked"
                }
                Next::CutShort(reason) => {
                    permit.line().desk.activity.note(permit.line(), reason, None);
                    tab.proven(&self.client).await;
                    tab.abort(&self.client);
                    "cut_short"
                }
                _ => {
                    tab.finish(&self.client).await;
                    "closed"
                }
            };
            permit.line().log_end(outcome);
        }
        if gently {
            session::close_gently(self.front, &mut self.client).await;
        }
    }
}

//! The response's way from the origin to the client: interim responses first, then the final one and its body.

use std::sync::atomic::Ordering;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;
use tokio::time::{Instant, sleep_until};
use turnpike_domain::activity::Reason;

use super::body::Body;
use super::exchange::{Errand, Failure, Progress, Served};
use super::fault::{MessageFault, ResponseFault};
use super::framing::{Framing, Version};
use super::head::HeadEnd;
use super::pump::{Broken, Pump};
use super::response::{self, Asked};
use crate::buffer::{Inbox, Outbox};
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::session::Front;
use crate::tab::{Tab, Way};

/// Everything the response's way needs.
pub(super) struct Receiving<'a> {
    pub(super) front: &'a Front,
    pub(super) client: &'a TcpStream,
    pub(super) origin: ReadHalf<'a>,
    pub(super) inbox: &'a mut Inbox,
    pub(super) permit: &'a Permit,
    pub(super) tab: &'a mut Tab,
    pub(super) errand: Errand,
    pub(super) progress: &'a Progress,
}

/// What has to be known of a response once its head is gone.
struct Final {
    body: Framing,
    closes: bool,
    origin_persists: bool,
}

impl Receiving<'_> {
    /// Passes the whole response on.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(super) async fn run(&mut self) -> Result<Served, Failure> {
        let mut out = Outbox::new();
        let response = self.final_head(&mut out).await?;
        let limit = self.front.settings.limits.head_bytes;
        let mut body = Body::new(response.body, self.errand.asked.client_version, limit);
        // A small response leaves in one write, head and body together. A fault in its beginning can still be told.
        body.gather(self.inbox, out.buffer()).map_err(|fault| Refusal::OriginBroken(fault.into()))?;
        self.send(out.bytes()).await?;
        drop(out);
        if !body.is_over() {
            self.pump(&mut body).await?;
        }
        Ok(Served {
            client_lives: !response.closes,
            // Bytes behind the response belong to no request.
            origin_lives: response.origin_persists && self.inbox.is_empty(),
        })
    }

    /// Reads heads until the final one, which is left in `out`.
    async fn final_head(&mut self, out: &mut Outbox) -> Result<Final, Failure> {
        for _ in 0..=self.front.settings.limits.interim_responses {
            let length = self.head().await?;
            let head = self.inbox.unread().get(..length).unwrap_or_default();
            let limits = self.front.head_limits();
            let asked = self.asked();
            let response = response::read(head, asked, limits, out.buffer()).map_err(Refusal::OriginBroken)?;
            let interim = response.is_interim();
            let found = Final {
                body: response.body,
                closes: response.closes(asked),
                origin_persists: response.persistent && response.body != Framing::UntilClose,
            };
            self.inbox.consume(length);
            if !interim {
                return Ok(found);
            }
            // An HTTP/1.0 client knows no interim responses (RFC 9110 §15.2).
            if asked.client_version == Version::Http11 {
                self.send(out.bytes()).await?;
            }
            out.buffer().clear();
        }
        Err(self.failure(Refusal::OriginBroken(ResponseFault::TooManyInterim)))
    }

    /// What the request makes of a response that comes now. One that comes before the request's end also ends the
    /// connection, and the client must be told so in its head (RFC 9112 §9.3).
    fn asked(&self) -> Asked {
        let asked = self.errand.asked;
        Asked { client_persists: asked.client_persists && self.progress.sent.load(Ordering::Relaxed), ..asked }
    }

    /// Waits for a complete head and gives its length.
    async fn head(&mut self) -> Result<usize, Failure> {
        let deadline = Instant::now() + self.front.settings.deadlines.response();
        let limit = self.front.settings.limits.head_bytes;
        let mut end = HeadEnd::of_response();
        loop {
            match end.find(self.inbox.unread(), limit) {
                Ok(Some(head)) => return Ok(head.end),
                Ok(None) => self.wait(deadline).await?,
                Err(fault) => return Err(self.failure(Refusal::OriginBroken(fault.into()))),
            }
        }
    }

    /// Waits for more of a head. A client that is gone, or may no longer, ends the waiting.
    async fn wait(&mut self, deadline: Instant) -> Result<(), Failure> {
        let begun = !self.inbox.is_empty();
        let refusal = tokio::select! {
            biased;
            filled = self.inbox.fill(&mut self.origin) => match filled {
                Ok(length) if length > 0 => return Ok(()),
                _ if begun => Refusal::OriginBroken(MessageFault::Incomplete.into()),
                _ => Refusal::OriginFailed,
            },
            _ = self.client.ready(Interest::ERROR) => return Err(Failure::ClientGone),
            () = self.permit.revoked() => return Err(Failure::Revoked),
            () = sleep_until(deadline) => Refusal::OriginTimedOut,
        };
        Err(self.failure(refusal))
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.progress.answered.store(true, Ordering::Relaxed);
        self.tab.write_client(self.client, bytes).await.map_err(|error| Failure::after_answer(&error))
    }

    async fn pump(&mut self, body: &mut Body) -> Result<(), Failure> {
        let mut pump = Pump {
            front: self.front,
            from: &mut self.origin,
            inbox: self.inbox,
            to: self.client,
            tab: self.tab,
            way: Way::ToClient,
        };
        pump.run(body).await.map_err(|broken| match broken {
            Broken::Tab(error) => Failure::after_answer(&error),
            Broken::Fault(_) | Broken::Cut => Failure::CutShort(Reason::BrokenOff),
        })
    }

    fn failure(&self, refusal: Refusal) -> Failure {
        if self.progress.answered.load(Ordering::Relaxed) {
            Failure::cut_short(&refusal)
        } else {
            Failure::Refused(refusal)
        }
    }
}

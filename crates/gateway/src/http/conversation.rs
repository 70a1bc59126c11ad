//! The requests on one client connection, one after the other.

use std::ops::Range;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use turnpike_domain::destination::Target;

use super::answer::{Circumstances, TUNNEL_OPEN, write_refusal};
use super::body::Body;
use super::exchange::{Errand, Exchange, Failure, Served};
use super::fault::MessageFault;
use super::framing::{Framing, Version};
use super::head::HeadEnd;
use super::identity::{Identity, authenticate};
use super::request::{self, Request};
use super::request_line::RequestTarget;
use super::response::Asked;
use super::upstream::{Origin, Upstream};
use crate::admit;
use crate::buffer::{Inbox, Outbox};
use crate::refusal::Refusal;
use crate::relay::Early;
use crate::session::{self, Front, Tunnel};

/// How often the responses of a busy connection are billed.
const PROVE_EVERY: Duration = Duration::from_millis(500);

/// Serves a connection that speaks HTTP. Gives a tunnel when that is what it has become.
pub(crate) async fn converse(front: &Front, client: TcpStream, inbox: Inbox, deadline: Instant) -> Option<Tunnel> {
    let mut conversation =
        Conversation { front, client, inbox, identity: None, upstream: None, proven_at: Instant::now() };
    match conversation.run(deadline).await {
        Next::Tunnel(origin) => conversation.into_tunnel(origin).await,
        next => {
            conversation.end(next).await;
            None
        }
    }
}

struct Conversation<'f> {
    front: &'f Front,
    client: TcpStream,
    inbox: Inbox,
    identity: Option<Identity>,
    upstream: Option<Upstream>,
    /// When the client's kernel was last asked what it has acknowledged.
    proven_at: Instant,
}

/// What comes after a request.
enum Next {
    /// Another request.
    Request,
    /// Nothing: the client has what it asked for, or is gone.
    Close,
    /// Nothing, but the client may still be sending, and must be able to read its answer.
    CloseGently,
    /// Nothing, and the client must see that something is missing.
    CutShort,
    /// Nothing, at once: the permit has ended.
    Revoked,
    /// Bytes both ways.
    Tunnel(TcpStream),
}

/// What decides how a request is answered, whatever the answer.
#[derive(Clone, Copy)]
struct Manner {
    head_only: bool,
    /// The connection ends with this request.
    last: bool,
    /// Nothing of the request is left to be read.
    bodiless: bool,
}

impl Manner {
    /// For what could not be read, and for CONNECT: what follows on the connection must not be taken for a request
    /// (RFC 9931).
    const LAST: Self = Self { head_only: false, last: true, bodiless: false };

    const fn asked(self, client_version: Version) -> Asked {
        Asked { head_only: self.head_only, client_version, client_persists: !self.last }
    }
}

/// Where a request goes.
enum Route {
    Tunnel(Target),
    /// Over the connection there is.
    Kept,
    New(Origin),
}

impl Route {
    fn of(request: &Request<'_>, kept: Option<&Upstream>) -> Result<Self, MessageFault> {
        match request.line.target {
            RequestTarget::Tunnel(authority) => Ok(Self::Tunnel(Target::parse_authority(authority)?)),
            RequestTarget::Resource { authority, .. } => match kept.filter(|kept| kept.leads_to(authority)) {
                Some(kept) if kept.is_spent() => Ok(Self::New(kept.origin.clone())),
                Some(_) => Ok(Self::Kept),
                None => Ok(Self::New(Origin::parse(authority)?)),
            },
        }
    }
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
            if !self.wait_for_request().await {
                break;
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
            match timeout_at(deadline, self.inbox.fill_from(&mut self.client)).await {
                Ok(Ok(length)) if length > 0 => {}
                _ => return Err(Next::Close),
            }
        }
    }

    /// Waits between two requests, without a buffer. False when there will be none.
    async fn wait_for_request(&mut self) -> bool {
        let Some(Identity { permit, tab, .. }) = &mut self.identity else {
            return !self.front.draining.is_cancelled();
        };
        let client = &self.client;
        if self.proven_at.elapsed() >= PROVE_EVERY {
            tab.prove(client);
            self.proven_at = Instant::now();
        }
        if !self.inbox.is_empty() {
            return true;
        }
        let keep_alive = self.front.settings.deadlines.keep_alive();
        let give_up_at = Instant::now() + keep_alive;
        // Asking the kernel costs a system call, so a client that sends its next request soon is not asked about.
        let patience = async {
            sleep(PROVE_EVERY.min(keep_alive)).await;
            tab.proven(client).await;
            sleep_until(give_up_at).await;
        };
        tokio::select! {
            biased;
            readable = client.readable() => readable.is_ok(),
            () = self.front.draining.cancelled() => false,
            () = permit.revoked() => false,
            () = patience => false,
        }
    }

    /// Serves the request whose head lies there.
    async fn turn(&mut self, head: Range<usize>, last: bool) -> Next {
        let mut out = Outbox::new();
        let bytes = self.inbox.unread().get(head.clone()).unwrap_or_default();
        let read = request::read(bytes, self.front.head_limits(), out.buffer())
            .and_then(|request| Ok((request, Route::of(&request, self.upstream.as_ref())?)));
        let (request, route) = match read {
            Ok(read) => read,
            Err(fault) => return self.refuse(&fault.into(), Manner::LAST).await,
        };
        let manner = Manner {
            head_only: request.line.method == "HEAD",
            last: last || !request.persistent || self.front.draining.is_cancelled(),
            bodiless: request.body == Framing::Length(0),
        };
        let errand = Errand {
            asked: manner.asked(request.line.version),
            repeatable: manner.bodiless && matches!(request.line.method, "GET" | "HEAD" | "OPTIONS"),
        };
        let body = request.body;
        let authenticated = authenticate(&mut self.identity, request.login, self.front, &self.client).await;
        self.inbox.consume(head.end);
        match (authenticated, route) {
            (Err(refusal), Route::Tunnel(_)) => self.refuse(&refusal, Manner::LAST).await,
            (Err(refusal), _) => self.refuse(&refusal, manner).await,
            (Ok(_), Route::Tunnel(target)) => self.open_tunnel(&target).await,
            (Ok(switched), route) => {
                let body = Body::new(body, Version::Http11, self.front.settings.limits.head_bytes);
                let exchanged = self.forward(errand, self.new_origin(route, switched), body, out).await;
                self.after(exchanged, manner).await
            }
        }
    }

    /// Where to connect to, unless the connection there is will do. One that served another login will not.
    fn new_origin(&self, route: Route, switched: bool) -> Option<Origin> {
        match route {
            Route::New(origin) => Some(origin),
            _ if switched => self.upstream.as_ref().map(|kept| kept.origin.clone()),
            _ => None,
        }
    }

    async fn open_tunnel(&mut self, target: &Target) -> Next {
        self.upstream = None;
        let Some(identity) = &self.identity else { return Next::Close };
        match admit::reach(self.front, &identity.permit, target).await {
            Ok(origin) if session::answer(self.front, &mut self.client, TUNNEL_OPEN).await => Next::Tunnel(origin),
            Ok(_) => Next::Close,
            Err(refusal) => self.refuse(&refusal, Manner::LAST).await,
        }
    }

    /// Connects if need be, and exchanges one request for its response.
    async fn forward(
        &mut self,
        errand: Errand,
        new: Option<Origin>,
        mut body: Body,
        mut out: Outbox,
    ) -> Result<Served, Failure> {
        // Before anything is connected: a body that is malformed from the start touches nobody.
        body.gather(&mut self.inbox, out.buffer()).map_err(|fault| Failure::Refused(fault.into()))?;
        match new {
            Some(origin) => self.connect(origin).await?,
            None => self.ensure_traffic().await?,
        }
        match self.exchange(errand)?.run(&mut body, &mut out).await {
            Err(Failure::Spent) => {
                let origin = self.upstream.take().ok_or(Refusal::OriginFailed)?.origin;
                self.connect(origin).await?;
                self.exchange(errand)?.repeat(&out).await
            }
            exchanged => exchanged,
        }
    }

    async fn connect(&mut self, origin: Origin) -> Result<(), Refusal> {
        self.upstream = None;
        let identity = self.identity.as_ref().ok_or(Refusal::Credentials)?;
        let stream = admit::reach(self.front, &identity.permit, &origin.target).await?;
        self.upstream = Some(Upstream::new(origin, stream));
        Ok(())
    }

    async fn ensure_traffic(&self) -> Result<(), Refusal> {
        let identity = self.identity.as_ref().ok_or(Refusal::Credentials)?;
        Ok(identity.permit.ensure_traffic().await?)
    }

    fn exchange(&mut self, errand: Errand) -> Result<Exchange<'_>, Refusal> {
        let Identity { permit, tab, .. } = self.identity.as_mut().ok_or(Refusal::Credentials)?;
        Ok(Exchange {
            front: self.front,
            client: &mut self.client,
            inbox: &mut self.inbox,
            upstream: self.upstream.as_mut().ok_or(Refusal::OriginFailed)?,
            permit,
            tab,
            errand,
        })
    }

    async fn after(&mut self, exchanged: Result<Served, Failure>, manner: Manner) -> Next {
        let kept = exchanged.as_ref().is_ok_and(|served| served.origin_lives);
        match &mut self.upstream {
            Some(upstream) if kept => upstream.reused = true,
            upstream => *upstream = None,
        }
        match exchanged {
            Ok(served) if served.client_lives && !manner.last => Next::Request,
            Ok(served) if served.client_lives && self.inbox.is_empty() => Next::Close,
            Ok(_) => Next::CloseGently,
            Err(Failure::Refused(refusal)) => self.refuse(&refusal, manner).await,
            Err(Failure::Spent) => self.refuse(&Refusal::OriginFailed, manner).await,
            Err(Failure::CutShort) => Next::CutShort,
            Err(Failure::Revoked) => Next::Revoked,
            Err(Failure::ClientGone) => Next::Close,
        }
    }

    /// Tells the client why not.
    async fn refuse(&mut self, refusal: &Refusal, manner: Manner) -> Next {
        tracing::debug!(refusal = refusal.word(), "refused");
        let close = manner.last || !manner.bodiless;
        let answer = write_refusal(refusal, Circumstances { head_only: manner.head_only, close });
        match session::answer(self.front, &mut self.client, &answer).await {
            false => Next::Close,
            true if close => Next::CloseGently,
            true => Next::Request,
        }
    }

    async fn into_tunnel(mut self, origin: TcpStream) -> Option<Tunnel> {
        let Identity { permit, mut tab, .. } = self.identity.take()?;
        // What earlier responses left unacknowledged is billed before the tunnel's own bytes follow it.
        tab.proven(&self.client).await;
        let early = Early { from_client: self.inbox.into_rest(), from_origin: Vec::new() };
        Some(Tunnel { client: self.client, origin, permit, early })
    }

    async fn end(mut self, next: Next) {
        self.upstream = None;
        match (next, self.identity.take()) {
            (Next::Revoked, Some(mut identity)) => identity.tab.abort(&self.client),
            (Next::CutShort, Some(mut identity)) => {
                identity.tab.proven(&self.client).await;
                identity.tab.abort(&self.client);
            }
            (Next::CloseGently, identity) => {
                if let Some(identity) = identity {
                    identity.tab.finish(&self.client).await;
                }
                session::close_gently(self.front, &mut self.client).await;
            }
            (_, Some(identity)) => identity.tab.finish(&self.client).await,
            _ => {}
        }
    }
}

//! One request of a conversation: whose it is, where it goes, and what its outcome means for the connection.

use std::ops::Range;
use std::sync::Arc;

use socket2::SockRef;
use turnpike_domain::connection::Protocol;
use turnpike_domain::destination::Target;

use super::answer::TUNNEL_OPEN;
use super::body::Body;
use super::conversation::{Conversation, Next};
use super::exchange::{Errand, Exchange, Failure, Served};
use super::fault::MessageFault;
use super::framing::{Framing, Version};
use super::identity::{Identity, account_of, authenticate};
use super::request::{self, Request};
use super::request_line::RequestTarget;
use super::response::Asked;
use super::upstream::{Origin, Upstream};
use crate::account::Account;
use crate::activity::Subject;
use crate::buffer::Outbox;
use crate::leave;
use crate::peer::watch_over;
use crate::refusal::Refusal;
use crate::session;

/// What decides how a request is answered, whatever the answer.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    pub(super) head_only: bool,
    /// The connection ends with this request.
    pub(super) last: bool,
    /// Nothing of the request is left to be read.
    pub(super) bodiless: bool,
}

impl Manner {
    /// For what could not be read, and for CONNECT: what follows on the connection must not be taken for a request
    /// (RFC 9931).
    pub(super) const LAST: Self = Self { head_only: false, last: true, bodiless: false };

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
    /// Serves the request whose head lies there.
    pub(super) async fn turn(&mut self, head: Range<usize>, last: bool) -> Next {
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
        // Its login may be as good as before.
        if self.identity.as_ref().is_some_and(|identity| identity.permit.line().is_kicked()) {
            return Next::Revoked;
        }
        let authenticated =
            authenticate(&mut self.identity, request.login, self.front, (&self.client, &self.arrival)).await;
        let known = authenticated.as_ref().err();
        let account = known.and_then(|refusal| account_of(self.front, (request.login, &self.arrival.door), refusal));
        self.inbox.consume(head.end);
        match (authenticated, route) {
            (Err(refusal), route) => self.turn_away(&refusal, (account, &route), manner).await,
            (Ok(_), Route::Tunnel(target)) => self.open_tunnel(&target).await,
            (Ok(switched), route) => {
                let body = Body::new(body, Version::Http11, self.front.settings.limits.head_bytes);
                let exchanged = self.forward(errand, self.new_origin(route, switched), body, out).await;
                self.after(exchanged, manner).await
            }
        }
    }

    /// Tells somebody why he is not let in.
    async fn turn_away(
        &mut self,
        refusal: &Refusal,
        (account, route): (Option<Arc<Account>>, &Route),
        manner: Manner,
    ) -> Next {
        let (protocol, manner) = match route {
            Route::Tunnel(_) => (Protocol::Connect, Manner::LAST),
            Route::Kept | Route::New(_) => (Protocol::Http, manner),
        };
        let target = match route {
            Route::Tunnel(target) => Some(target),
            Route::New(origin) => Some(&origin.target),
            Route::Kept => self.upstream.as_ref().map(|kept| &kept.origin.target),
        };
        let subject = account.as_ref().map_or(Subject::Nobody, |account| Subject::Account(account, protocol, target));
        self.front.note_refusal(refusal, &self.arrival, subject);
        self.say(refusal, manner).await
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
        identity.permit.line().become_tunnel();
        match leave::reach(self.front, &identity.permit, target).await {
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
        // Over a kept connection the first write tells whether there is traffic.
        if let Some(origin) = new {
            self.connect(origin).await?;
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
        let reached = leave::reach(self.front, &identity.permit, &origin.target).await?;
        // It is kept between requests. Where the kernel refuses, deadlines end what has vanished.
        watch_over(&SockRef::from(&reached.stream), &self.front.settings.deadlines).ok();
        self.upstream = Some(Upstream::new(origin, reached));
        Ok(())
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
            Err(Failure::CutShort(reason)) => Next::CutShort(reason),
            Err(Failure::Revoked) => Next::Revoked,
            Err(Failure::ClientGone) => Next::Close,
        }
    }
}

//! Leaving through another proxy: connects to it, logs in as its template says, and asks it for the target by the name that the
//! client gave. Nothing of a customer's own credentials ever leaves.

mod http;
mod socks5;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use turnpike_domain::destination::Target;
use turnpike_domain::exit::{Filling, Upstream, UpstreamProtocol, stirred};

use super::connect::{self, Source};
use super::{DialError, Dialled, Dialler, ExitFault, Guise, HealthOf};
use crate::buffer::Inbox;
use crate::http::head::HeadLimits;
use crate::refusal::Refusal;

/// What an upstream is logged in to with.
struct Login<'a> {
    username: String,
    password: &'a str,
}

/// An upstream that was connected to, and what it said and was not used yet.
struct Peer {
    stream: TcpStream,
    inbox: Inbox,
    limits: HeadLimits,
}

impl Dialler {
    /// Connects to a target through an upstream.
    pub(super) async fn through(
        &self,
        (upstream, health): (&Upstream, Option<HealthOf<'_>>),
        target: &Target,
        guise: &Guise<'_>,
    ) -> Result<Dialled, DialError> {
        let deadline = Instant::now() + self.settings.deadlines.connect();
        let patience = self.settings.exits.connect();
        let login = login(upstream, guise);
        let mut peer = self.reach(upstream, login.as_ref()).await?;
        let answered = {
            let mut asked = std::pin::pin!(peer.ask(upstream.protocol, target, login.as_ref()));
            if let Ok(answered) = timeout(patience, asked.as_mut()).await {
                answered
            } else {
                // It may be busy with the target, or ill.
                if let Some(health) = health {
                    self.ward.suspect(health);
                }
                timeout_at(deadline, asked).await.unwrap_or(Err(DialError::Silent))
            }
        };
        match answered {
            // Half an answer is no answer of a target.
            Err(DialError::Silent) if !peer.inbox.is_empty() => Err(ExitFault::Protocol.into()),
            answered => answered.map(|()| Dialled { early: peer.inbox.into_rest(), stream: peer.stream }),
        }
    }

    /// Connects to an upstream and gets as far as it lets without a target.
    async fn reach(&self, upstream: &Upstream, login: Option<&Login<'_>>) -> Result<Peer, DialError> {
        let patience = self.settings.exits.connect();
        let addresses = self.upstream_addresses(upstream).await?;
        let connecting = connect::race(Source::Host, addresses.into_iter(), self.settings.deadlines.stagger());
        let stream = match timeout(patience, connecting).await {
            Ok(Ok(stream)) => stream,
            Err(_) | Ok(Err(DialError::Target(Refusal::ConnectTimedOut))) => return Err(DialError::HUNG),
            // The host's own want of descriptors or ports is nobody's fault.
            Ok(Err(error @ DialError::Target(Refusal::Overloaded))) => return Err(error),
            Ok(Err(_)) => return Err(ExitFault::Unreachable.into()),
        };
        let limits = &self.settings.limits;
        let limits = HeadLimits { bytes: limits.head_bytes, fields: limits.head_fields };
        let mut peer = Peer { stream, inbox: Inbox::default(), limits };
        if upstream.protocol == UpstreamProtocol::Socks5 {
            timeout(patience, peer.greet(login)).await.unwrap_or(Err(DialError::HUNG))?;
        }
        Ok(peer)
    }

    /// The operator named it, so it is not classified as a customer's target is.
    async fn upstream_addresses(&self, upstream: &Upstream) -> Result<Vec<SocketAddr>, DialError> {
        let found = self.resolver.unclassified(upstream.at.target()).await;
        found.map_err(|_| ExitFault::NoSuchUpstream.into())
    }

    /// Looks whether an upstream serves, without a target: whether it is there and talks, and takes the login where its protocol
    /// shows that.
    ///
    /// # Errors
    /// [`DialError`].
    pub(super) async fn look_at(&self, upstream: &Upstream, guise: &Guise<'_>) -> Result<(), DialError> {
        let login = login(upstream, guise);
        let mut peer = self.reach(upstream, login.as_ref()).await?;
        if upstream.protocol == UpstreamProtocol::Http {
            let asked = peer.ask_for_nothing(upstream.at.target(), login.as_ref());
            timeout(self.settings.exits.connect(), asked).await.unwrap_or(Err(DialError::HUNG))?;
        }
        Ok(())
    }
}

/// Who the upstream is told we are.
fn login<'a>(upstream: &'a Upstream, guise: &Guise<'_>) -> Option<Login<'a>> {
    let template = upstream.username.as_ref()?;
    let name = guise.life.map(|_| format!("{:016x}", stirred(guise.number)));
    let life = guise.life.map(|life| minutes(life.to_duration()));
    let username = template.fill(&Filling { place: guise.place, session: name.as_deref(), life });
    Some(Login { username, password: upstream.password.reveal() })
}

/// Rounded up: the upstream shall not give the session another exit before its time.
fn minutes(life: Duration) -> u16 {
    u16::try_from(life.as_secs().div_ceil(60)).unwrap_or(u16::MAX).max(1)
}

impl Peer {
    async fn ask(
        &mut self,
        protocol: UpstreamProtocol,
        target: &Target,
        login: Option<&Login<'_>>,
    ) -> Result<(), DialError> {
        match protocol {
            UpstreamProtocol::Http => self.ask_by_connect(target, login).await,
            UpstreamProtocol::Socks5 => self.ask_by_socks(target).await,
        }
    }

    async fn send(&mut self, message: &[u8]) -> Result<(), DialError> {
        self.stream.write_all(message).await.map_err(|_| ExitFault::Closed.into())
    }

    /// Waits for more of an answer.
    async fn hear(&mut self) -> Result<(), DialError> {
        match self.inbox.fill_from(&mut self.stream).await {
            Ok(length) if length > 0 => Ok(()),
            _ if self.inbox.is_empty() => Err(ExitFault::Closed.into()),
            _ => Err(ExitFault::Protocol.into()),
        }
    }
}

//! The handshake, from greeting to reply. Answers wait until more must be read, so that a client that sends everything
//! at once gets everything at once.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use turnpike_domain::connection::Protocol;
use turnpike_domain::destination::Target;
use turnpike_domain::login::Login;

use super::message::{self, LoginMessage, Read, SocksFault, reply};
use crate::account::Account;
use crate::activity::Subject;
use crate::admit;
use crate::buffer::Inbox;
use crate::endpoints;
use crate::leave::{self, Reached};
use crate::line::{Arrival, Door};
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::relay::Early;
use crate::session::{self, Front, Tunnel};

/// Talks to a client whose first byte was the version. `None` when there is no tunnel; the client knows why.
pub(crate) async fn shake_hands(
    front: &Front,
    arrival: Arrival,
    client: TcpStream,
    inbox: Inbox,
    deadline: Instant,
) -> Option<Tunnel> {
    let mut handshake = Handshake { front, arrival, client, inbox, outbox: Vec::new(), account: None };
    let agreed = timeout_at(deadline, handshake.negotiate()).await.unwrap_or(Err(End::Gone));
    let outcome = match agreed {
        Ok((admitted, target)) => handshake.connect(admitted, &target).await,
        Err(end) => Err(end),
    };
    match outcome {
        Ok((permit, origin)) => Some(handshake.into_tunnel(permit, origin)),
        Err(end) => {
            handshake.end(&end).await;
            None
        }
    }
}

/// Why there is no tunnel.
enum End {
    /// The client went away, or was too slow.
    Gone,
    /// What it sent cannot be read.
    Fault(SocksFault),
    /// The login is wrong; which part of it is not told.
    Login,
    /// It may not, or it cannot be done, and that was put down.
    Refused(Refusal),
}

impl From<SocksFault> for End {
    fn from(fault: SocksFault) -> Self {
        Self::Fault(fault)
    }
}

struct Handshake<'f> {
    front: &'f Front,
    arrival: Arrival,
    client: TcpStream,
    inbox: Inbox,
    outbox: Vec<u8>,
    /// The account whose login was right and is refused otherwise.
    account: Option<Arc<Account>>,
}

impl Handshake<'_> {
    async fn negotiate(&mut self) -> Result<(Result<Permit, Refusal>, Target), End> {
        let offered = self.read(message::greeting).await?;
        let admitted = match self.arrival.door.clone() {
            // Who has a login goes by that, wherever from: it may name another account, and a wrong one must fail.
            _ if offered.login => self.log_in().await?,
            Door::Open(account) => {
                self.by_source(self.front.directory.admit_source(&account, (&self.arrival, Protocol::Socks5)))?
            }
            Door::Endpoint(tenant) => {
                self.by_source(endpoints::admit_source(self.front, &tenant, (&self.arrival, Protocol::Socks5)))?
            }
            Door::Login => return Err(SocksFault::Method.into()),
        };

        // Whatever else stands against this client has no place in an answer to a login (RFC 1929), so it is told in
        // the reply to its request.
        let target = self.read(message::request).await?;
        Ok((admitted, target))
    }

    /// Lets the client in by its source.
    fn by_source(&mut self, admitted: Result<Permit, Refusal>) -> Result<Result<Permit, Refusal>, End> {
        if let Err(refusal @ (Refusal::SourceNotListed | Refusal::Credentials)) = &admitted {
            self.front.note_refusal(refusal, &self.arrival, Subject::Nobody);
            return Err(SocksFault::Method.into());
        }
        self.outbox.extend_from_slice(&message::NO_LOGIN_CHOSEN);
        Ok(admitted)
    }

    async fn log_in(&mut self) -> Result<Result<Permit, Refusal>, End> {
        self.outbox.extend_from_slice(&message::METHOD_CHOSEN);
        let (front, arrival) = (self.front, self.arrival.clone());
        let log_in = |(login, length): (LoginMessage<'_>, usize)| {
            let admitted = admit_login(front, &arrival, &login);
            let refusal = admitted.as_ref().err();
            let account = refusal.and_then(|refusal| account_of(front, &login, refusal));
            ((admitted, account), length)
        };
        let (admitted, account) = self.read(|bytes| Ok(message::login(bytes)?.map(log_in))).await?;
        self.account = account;
        if matches!(admitted, Err(Refusal::Credentials)) {
            self.front.note_refusal(&Refusal::Credentials, &self.arrival, Subject::Nobody);
            return Err(End::Login);
        }
        self.outbox.extend_from_slice(&message::LOGIN_TAKEN);
        Ok(admitted)
    }

    /// Reads one message, waiting for more of it as long as it is incomplete.
    async fn read<T>(&mut self, parse: impl Fn(&[u8]) -> Read<T>) -> Result<T, End> {
        loop {
            if let Some((message, length)) = parse(self.inbox.unread())? {
                self.inbox.consume(length);
                return Ok(message);
            }
            self.flush().await?;
            match self.inbox.fill_from(&mut self.client).await {
                Ok(length) if length > 0 => {}
                _ => return Err(End::Gone),
            }
        }
    }

    async fn flush(&mut self) -> Result<(), End> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let sent = session::answer(self.front, &mut self.client, &self.outbox).await;
        self.outbox.clear();
        if sent { Ok(()) } else { Err(End::Gone) }
    }

    async fn connect(&mut self, admitted: Result<Permit, Refusal>, target: &Target) -> Result<(Permit, Reached), End> {
        let permit = admitted.map_err(|refusal| self.refused_comer(refusal, target))?;
        let reached = leave::reach(self.front, &permit, target).await;
        let origin = reached.map_err(|refusal| self.refused(refusal, Subject::Line(permit.line())))?;
        self.outbox.extend_from_slice(&reply(message::SUCCEEDED));
        self.flush().await?;
        Ok((permit, origin))
    }

    fn refused_comer(&self, refusal: Refusal, target: &Target) -> End {
        let account = self.account.clone().or_else(|| match &self.arrival.door {
            Door::Endpoint(tenant) => Some(Arc::clone(tenant.account())),
            Door::Open(account) => self.front.directory.named(account),
            Door::Login => None,
        });
        let subject = account
            .as_ref()
            .map_or(Subject::Nobody, |account| Subject::Account(account, Protocol::Socks5, Some(target)));
        self.refused(refusal, subject)
    }

    fn refused(&self, refusal: Refusal, subject: Subject<'_>) -> End {
        self.front.note_refusal(&refusal, &self.arrival, subject);
        End::Refused(refusal)
    }

    fn into_tunnel(self, mut permit: Permit, origin: Reached) -> Tunnel {
        let early = Early { from_client: self.inbox.into_rest(), from_origin: origin.early };
        permit.settle(origin.outing);
        Tunnel { client: self.client, origin: origin.stream, permit, early }
    }

    /// Tells the client why, behind whatever answers still wait, and closes.
    async fn end(mut self, end: &End) {
        match end {
            End::Gone => return,
            End::Fault(fault) => self.outbox.extend_from_slice(fault.answer().bytes()),
            End::Login => self.outbox.extend_from_slice(&message::LOGIN_REFUSED),
            End::Refused(refusal) => self.outbox.extend_from_slice(&reply(refusal.socks_reply())),
        }
        if self.flush().await.is_ok() {
            session::close_gently(self.front, &mut self.client).await;
        }
    }
}

/// The account that a refusal is about; `None` when nobody has shown that it is his.
fn account_of(front: &Front, login: &LoginMessage<'_>, refusal: &Refusal) -> Option<Arc<Account>> {
    refusal.reason()?;
    let login = Login::parse(std::str::from_utf8(login.name).ok()?).ok()?;
    front.directory.named(&login.username)
}

/// A name that is no text, or can be no account's, is a wrong name like any other.
fn admit_login(front: &Front, arrival: &Arrival, login: &LoginMessage<'_>) -> Result<Permit, Refusal> {
    let name = std::str::from_utf8(login.name).map_err(|_| Refusal::Credentials)?;
    let name = Login::parse(name).map_err(|_| Refusal::Credentials)?;
    match &arrival.door {
        Door::Endpoint(tenant) => {
            endpoints::admit_login(front, tenant, (arrival, Protocol::Socks5), (&name, login.password))
        }
        Door::Login | Door::Open(_) => admit::admit(front, (arrival, Protocol::Socks5), &name, login.password),
    }
}

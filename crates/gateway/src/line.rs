//! One open connection as the gateway keeps it: whose it is, where from and where to, what it carried.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};

use parking_lot::Mutex;
use tokio::time::Instant;
use turnpike_domain::activity::Reason;
use turnpike_domain::connection::{Connection, ConnectionId, Protocol};
use turnpike_domain::exit::{ExitPlace, stirred};
use turnpike_domain::ids::{EndpointId, ExitId};
use turnpike_domain::time::Span;
use turnpike_domain::units::Bytes;

use crate::account::Account;
use crate::endpoints::Tenant;
use crate::refusal::Refusal;
use crate::tab::Way;
use crate::teller::desk::Desk;

/// The target of what the log is told of a connection at its end, or when it is refused.
pub const ENDED: &str = "turnpike_gateway::ended";

/// How long it is since `accepted`, in microseconds.
pub(crate) fn lasted_us(accepted: Instant) -> u64 {
    u64::try_from(accepted.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Where a connection comes from, and by which port.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) id: ConnectionId,
    pub(crate) accepted: Instant,
    pub(crate) source: SocketAddr,
    pub(crate) door: Door,
}

/// What a port asks of those who come.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// A login.
    Login,
    /// A source on the allow list of that account's customer, or a login.
    Open(turnpike_domain::account::Username),
    /// A source on the allow list of the endpoint's customer, or a login of that customer's.
    Endpoint(Arc<Tenant>),
}

impl Door {
    /// Whether it lets anybody in still.
    ///
    /// # Errors
    /// [`Refusal::EndpointEnded`].
    pub(crate) fn check_open(&self) -> Result<(), Refusal> {
        match self {
            Self::Endpoint(tenant) => tenant.check_open(),
            Self::Login | Self::Open(_) => Ok(()),
        }
    }

    /// The endpoint that it is, and its port.
    pub(crate) fn endpoint(&self) -> Option<(EndpointId, u16)> {
        match self {
            Self::Endpoint(tenant) => Some((tenant.id(), tenant.port())),
            Self::Login | Self::Open(_) => None,
        }
    }
}

/// How a connection was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// By a login.
    Login,
    /// By its source: it ends when that leaves the allow list.
    Source,
}

/// How a connection leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WayOut {
    /// It does not yet, or by the host's own address because the operator has made no exit.
    #[default]
    Host,
    /// By an exit of its place.
    Exit(ExitId),
    /// By a static IP of its customer, behind that exit or of this host.
    StaticIp(IpAddr, Option<ExitId>),
}

/// Where a connection goes, and how.
#[derive(Debug, Default)]
struct Heading {
    target: Box<str>,
    way_out: WayOut,
    /// Where its exit is.
    place: Option<Arc<ExitPlace>>,
}

/// Why a connection is reset, beside that all of its account are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kick {
    /// Somebody said so.
    Order,
    /// Its exit may not be used any more.
    Exit,
}

impl Kick {
    const fn code(self) -> u8 {
        match self {
            Self::Order => 1,
            Self::Exit => 2,
        }
    }
}

/// An open connection. Its own thread writes, others read now and then.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: ConnectionId,
    pub(crate) account: Arc<Account>,
    pub(crate) epoch: u64,
    pub(crate) desk: Arc<Desk>,
    pub(crate) credential: Credential,
    /// By which endpoint it came; one of number 0, which is none's, for any other port.
    pub(crate) endpoint: EndpointId,
    /// That endpoint's port.
    endpoint_port: u16,
    /// Apart, for together they take more room; an IPv4 address as such, in whatever form it came.
    source: IpAddr,
    source_port: u16,
    accepted: Instant,
    protocol: AtomicU8,
    /// Drawn so far.
    draws: AtomicU32,
    /// The [`Kick`]; 0 for none.
    kicked: AtomicU8,
    /// Whether it has one of its plan's seats.
    seated: AtomicBool,
    heading: Mutex<Heading>,
    to_client: AtomicU64,
    to_origin: AtomicU64,
}

impl Line {
    pub(crate) fn new(
        (account, epoch): (Arc<Account>, u64),
        desk: Arc<Desk>,
        arrival: &Arrival,
        (protocol, credential): (Protocol, Credential),
    ) -> Self {
        let endpoint = arrival.door.endpoint();
        Self {
            id: arrival.id,
            account,
            epoch,
            desk,
            credential,
            endpoint: endpoint.map_or(EndpointId::new(0), |(id, _)| id),
            endpoint_port: endpoint.map_or(0, |(_, port)| port),
            source: arrival.source.ip().to_canonical(),
            source_port: arrival.source.port(),
            accepted: arrival.accepted,
            protocol: AtomicU8::new(code(protocol)),
            draws: AtomicU32::new(0),
            kicked: AtomicU8::new(0),
            seated: AtomicBool::new(false),
            heading: Mutex::default(),
            to_client: AtomicU64::new(0),
            to_origin: AtomicU64::new(0),
        }
    }

    /// The endpoint that it came by, and its port.
    pub(crate) fn endpoint(&self) -> Option<(EndpointId, u16)> {
        (self.endpoint_port != 0).then_some((self.endpoint, self.endpoint_port))
    }

    /// Where the client is.
    pub(crate) const fn source(&self) -> IpAddr {
        self.source
    }

    const fn address(&self) -> SocketAddr {
        SocketAddr::new(self.source, self.source_port)
    }

    /// A number as likely as any other, another one each time.
    pub(crate) fn chance(&self) -> u64 {
        let draw = u64::from(self.draws.fetch_add(1, Ordering::Relaxed));
        stirred(stirred(self.id.get().rotate_left(32) ^ u64::from(self.source_port)).wrapping_add(draw))
    }

    /// It goes there now.
    pub(crate) fn head_for(&self, target: &impl std::fmt::Display) {
        self.heading.lock().target = target.to_string().into_boxed_str();
    }

    /// It leaves that way now.
    pub(crate) fn leave_by(&self, way_out: WayOut, place: Option<Arc<ExitPlace>>) {
        let mut heading = self.heading.lock();
        (heading.way_out, heading.place) = (way_out, place);
    }

    /// How it leaves.
    pub(crate) fn way_out(&self) -> WayOut {
        self.heading.lock().way_out
    }

    /// Where it goes, `host:port` as asked for; empty as long as nobody has asked.
    pub(crate) fn target(&self) -> String {
        self.heading.lock().target.to_string()
    }

    /// Where its exit is, if that is known.
    pub(crate) fn place(&self) -> Option<String> {
        let (way_out, place) = {
            let heading = self.heading.lock();
            (heading.way_out, heading.place.clone())
        };
        if let (WayOut::StaticIp(ip, _), None) = (way_out, &place) {
            let held = self.account.customer().static_ips();
            return held.iter().find(|held| held.ip == ip).map(|held| held.place.to_string());
        }
        place.map(|place| place.to_string())
    }

    /// It has one of its plan's seats from here on.
    pub(crate) fn take_seat(&self) {
        self.seated.store(true, Ordering::Release);
    }

    /// Whether it has one of its plan's seats.
    pub(crate) fn is_seated(&self) -> bool {
        self.seated.load(Ordering::Acquire)
    }

    /// When it was accepted.
    pub(crate) const fn accepted(&self) -> Instant {
        self.accepted
    }

    /// A tunnel is asked for.
    pub(crate) fn become_tunnel(&self) {
        self.protocol.store(code(Protocol::Connect), Ordering::Relaxed);
    }

    /// Counts what was carried. Only the connection's own thread does, so nothing is lost without a locked addition.
    pub(crate) fn count(&self, way: Way, bytes: u64) {
        let counter = match way {
            Way::ToClient => &self.to_client,
            Way::ToOrigin => &self.to_origin,
        };
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(bytes), Ordering::Relaxed);
    }

    /// What it has carried to its client and to its target.
    pub(crate) fn carried(&self) -> (u64, u64) {
        (self.to_client.load(Ordering::Relaxed), self.to_origin.load(Ordering::Relaxed))
    }

    /// Ends the connection by a reset.
    pub(crate) fn kick(&self, why: Kick) {
        tracing::debug!(connection = %self.id, ?why, "reset");
        // The first reason counts.
        self.kicked.compare_exchange(0, why.code(), Ordering::AcqRel, Ordering::Acquire).ok();
        self.account.wake_tunnels();
    }

    /// Whether this connection was ended, and not all of its account's.
    pub(crate) fn is_kicked(&self) -> bool {
        self.kicked.load(Ordering::Acquire) != 0
    }

    /// Why its client was cut off.
    pub(crate) fn why_over(&self) -> Reason {
        if self.kicked.load(Ordering::Acquire) == Kick::Exit.code() { Reason::ExitLost } else { Reason::Revoked }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.account.is_past(self.epoch) || self.is_kicked()
    }

    /// As [`Line::is_over`], for a task that has just put itself down to be woken.
    pub(crate) fn is_over_for_sleeper(&self) -> bool {
        fence(Ordering::SeqCst);
        self.is_over()
    }

    /// Tells the log that it was let in.
    pub(crate) fn log_begin(&self) {
        tracing::debug!(
            connection = %self.id, source = %self.address(), account = %self.account.id(),
            username = %self.account.username(), "let in"
        );
    }

    /// Tells the log how it ended. Whoever traces makes a span of it, which must name no destination.
    pub(crate) fn log_end(&self, outcome: &'static str) {
        let (to_client, to_origin) = self.carried();
        tracing::debug!(
            target: ENDED, connection = %self.id, account = %self.account.id(),
            customer = %self.account.customer().id(), protocol = self.protocol().word(), outcome, to_client, to_origin,
            lasted_us = lasted_us(self.accepted), "connection"
        );
    }

    /// What its client speaks.
    pub(crate) fn protocol(&self) -> Protocol {
        protocol(self.protocol.load(Ordering::Relaxed))
    }

    /// As the operator sees it.
    pub(crate) fn show(&self, now: Instant) -> Connection {
        let age = now.saturating_duration_since(self.accepted).as_millis();
        let (to_client, to_origin) = self.carried();
        Connection {
            id: self.id,
            customer: self.account.customer().id(),
            account: self.account.id(),
            username: self.account.username().as_str().to_owned(),
            protocol: self.protocol(),
            source: self.address(),
            target: self.heading.lock().target.to_string(),
            age: Span::from_ms(i64::try_from(age).unwrap_or(i64::MAX)),
            to_client: Bytes::new(to_client),
            to_origin: Bytes::new(to_origin),
        }
    }
}

const fn code(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Http => 0,
        Protocol::Connect => 1,
        Protocol::Socks5 => 2,
    }
}

const fn protocol(code: u8) -> Protocol {
    match code {
        0 => Protocol::Http,
        1 => Protocol::Connect,
        _ => Protocol::Socks5,
    }
}

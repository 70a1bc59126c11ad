//! The connection to an origin. It is kept between requests for its client alone, and used again only for the same
//! origin and the same login, so that nothing can ever mix two clients up.

use tokio::net::TcpStream;
use turnpike_domain::destination::Target;

use super::fault::MessageFault;
use crate::buffer::Inbox;
use crate::exits::Outing;
use crate::leave::Reached;

/// The port of `http` URLs that name none.
const HTTP_PORT: u16 = 80;

/// Where a request goes.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// As the URL spells it.
    authority: Box<str>,
    pub(super) target: Target,
}

impl Origin {
    /// Reads a URL's authority.
    ///
    /// # Errors
    /// [`MessageFault::Authority`].
    pub(super) fn parse(authority: &str) -> Result<Self, MessageFault> {
        let target = Target::parse_url_authority(authority, HTTP_PORT)?;
        Ok(Self { authority: authority.into(), target })
    }
}

/// A connection to an origin.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) origin: Origin,
    pub(super) stream: TcpStream,
    /// Bytes of the present response.
    pub(super) inbox: Inbox,
    /// It has carried a response before, so the origin may have closed it meanwhile.
    pub(super) reused: bool,
    /// Its place at its exit.
    _outing: Option<Outing>,
}

impl Upstream {
    pub(super) fn new(origin: Origin, reached: Reached) -> Self {
        let Reached { stream, early, outing } = reached;
        Self { origin, stream, inbox: Inbox::of(early), reused: false, _outing: outing }
    }

    /// Whether it leads to that authority, spelled the same.
    pub(super) fn leads_to(&self, authority: &str) -> bool {
        *self.origin.authority == *authority
    }

    /// Whether the origin has closed it, or sent what nobody asked for. Costs no system call as long as nothing came.
    pub(super) fn is_spent(&self) -> bool {
        let nothing_came = match self.stream.try_read(&mut [0]) {
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
            Ok(_) => false,
        };
        !(nothing_came && self.inbox.is_empty())
    }
}

//! The connection to an origin. It is kept between requests for its client alone, and used again only for the same
//! origin and the same login, so that nothing can ever mix two clients up.

use tokio::net::TcpStream;
use turnpike_domain::destination::Target;

use super::fault::MessageFault;
use crate::buffer::Inbox;

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
}

impl Upstream {
    pub(super) fn new(origin: Origin, stream: TcpStream) -> Self {
        Self { origin, stream, inbox: Inbox::default(), reused: false }
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

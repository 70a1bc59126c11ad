//! Moves a body from one side to the other until it is over.

use std::io;

use tokio::net::TcpStream;
use tokio::net::tcp::ReadHalf;
use tokio::time::timeout;

use super::body::Body;
use super::fault::MessageFault;
use crate::buffer::{CAPACITY, Inbox, Outbox};
use crate::session::Front;
use crate::tab::{Tab, TabError, Way};

/// Why a body did not come to its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// Its coding is malformed.
    Fault(MessageFault),
    /// Its sender closed the connection, or fell silent, before the end.
    Cut,
    /// Billing or the other side ended it.
    Tab(TabError),
}

impl From<TabError> for Broken {
    fn from(error: TabError) -> Self {
        Self::Tab(error)
    }
}

impl From<MessageFault> for Broken {
    fn from(fault: MessageFault) -> Self {
        Self::Fault(fault)
    }
}

/// One direction of an exchange.
pub(super) struct Pump<'p, 's> {
    pub(super) front: &'p Front,
    pub(super) from: &'p mut ReadHalf<'s>,
    pub(super) inbox: &'p mut Inbox,
    pub(super) to: &'p TcpStream,
    pub(super) tab: &'p mut Tab,
    pub(super) way: Way,
}

impl Pump<'_, '_> {
    /// Moves the rest of a body.
    ///
    /// # Errors
    /// See [`Broken`].
    pub(super) async fn run(&mut self, body: &mut Body) -> Result<(), Broken> {
        loop {
            let more_has_arrived = self.flush(body).await?;
            if body.is_over() {
                return Ok(());
            }
            if more_has_arrived {
                continue;
            }
            let carriable = body.carriable();
            if carriable > 0 && self.inbox.is_empty() {
                match self.carry(carriable).await {
                    Err(end) if matches!(body, Body::UntilClose) && end.is_end_of_stream(self.way) => return Ok(()),
                    carried => carried?,
                }
                body.carried(carriable);
            } else {
                self.fill().await?;
            }
        }
    }

    /// Sends what has arrived, as far as it fits into one write. True when that may not have been all.
    async fn flush(&mut self, body: &mut Body) -> Result<bool, Broken> {
        if self.inbox.is_empty() {
            return Ok(false);
        }
        let mut out = Outbox::new();
        body.gather(self.inbox, out.buffer())?;
        self.write(out.bytes()).await?;
        Ok(out.bytes().len() >= CAPACITY)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), TabError> {
        match self.way {
            _ if bytes.is_empty() => Ok(()),
            Way::ToOrigin => self.tab.write_origin(self.to, bytes).await,
            Way::ToClient => self.tab.write_client(self.to, bytes).await,
        }
    }

    async fn carry(&mut self, length: u64) -> Result<(), Broken> {
        Ok(self.tab.carry((*self.from).as_ref(), self.to, self.way, length).await?)
    }

    async fn fill(&mut self) -> Result<(), Broken> {
        match timeout(self.front.settings.deadlines.idle(), self.inbox.fill(self.from)).await {
            Ok(Ok(length)) if length > 0 => Ok(()),
            _ => Err(Broken::Cut),
        }
    }
}

impl Broken {
    /// Whether the sender closed its stream in order.
    fn is_end_of_stream(&self, way: Way) -> bool {
        let ended = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
        match (self, way) {
            (Self::Tab(TabError::OriginGone(error)), Way::ToClient)
            | (Self::Tab(TabError::ClientGone(error)), Way::ToOrigin) => ended(error),
            _ => false,
        }
    }
}

//! One client connection, from its first byte to its end. The handshake lives in a box of its own that is gone once a
//! tunnel runs, so that an idle tunnel is small.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::OptionFuture;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use turnpike_domain::destination::DestinationPolicy;

use crate::activity::Subject;
use crate::buffer::Inbox;
use crate::directory::Directory;
use crate::exit::Dialler;
use crate::http::conversation;
use crate::http::head::HeadLimits;
use crate::line::{Arrival, ENDED, lasted_us};
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::relay::{self, Early};
use crate::resolver::Resolver;
use crate::settings::Settings;
use crate::socks5;

/// How long a client that was accepted just before a drain has for its first byte. It may be on its way.
const FIRST_WORD: Duration = Duration::from_secs(1);

/// What all connections of one thread share.
pub(crate) struct Front {
    pub(crate) settings: Arc<Settings>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) policy: Arc<DestinationPolicy>,
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) dialler: Dialler,
    /// Cancelled when the gateway stops accepting: connections without a request end.
    pub(crate) draining: CancellationToken,
}

impl Front {
    /// How large a head may be.
    pub(crate) fn head_limits(&self) -> HeadLimits {
        let limits = &self.settings.limits;
        HeadLimits { bytes: limits.head_bytes, fields: limits.head_fields }
    }

    /// Resolves when a client that has not said a word is waited for no longer, because the gateway drains.
    async fn gives_up_on_silence(&self, accepted: Instant) {
        self.draining.cancelled().await;
        sleep_until(accepted + FIRST_WORD).await;
    }

    /// Somebody is refused: for the log, for whoever watches, and for the customer.
    pub(crate) fn note_refusal(&self, refusal: &Refusal, arrival: &Arrival, subject: Subject<'_>) {
        tracing::debug!(
            target: ENDED, connection = %arrival.id, source = %arrival.source, outcome = refusal.word(),
            lasted_us = lasted_us(arrival.accepted), "refused"
        );
        let desk = self.directory.desk();
        desk.registry.count_refusal(refusal.word());
        desk.activity.refused(refusal, arrival, subject);
    }
}

/// Two connections that are to be joined.
pub(crate) struct Tunnel {
    pub(crate) client: TcpStream,
    pub(crate) origin: TcpStream,
    pub(crate) permit: Permit,
    pub(crate) early: Early,
}

/// Serves one connection to its end.
///
/// Built of combinators: an `async` block would keep room for the handshake's outcome beside the tunnel it becomes.
pub(crate) fn serve(front: Arc<Front>, client: TcpStream, arrival: Arrival) -> impl Future<Output = ()> + Send {
    let shaken = Box::pin(handshake(front, client, arrival));
    let relayed = shaken.then(|tunnel| {
        let relay = |Tunnel { client, origin, permit, early }| relay::tunnel(client, origin, permit, early);
        OptionFuture::from(tunnel.map(relay))
    });
    relayed.map(drop)
}

/// The first byte tells the protocol. What is neither, TLS for one, is closed without a word.
async fn handshake(front: Arc<Front>, mut client: TcpStream, arrival: Arrival) -> Option<Tunnel> {
    let front = &*front;
    let deadline = arrival.accepted + front.settings.deadlines.handshake();
    let mut inbox = Inbox::default();
    tokio::select! {
        biased;
        filled = timeout_at(deadline, inbox.fill_from(&mut client)) => filled.ok()?.ok()?,
        () = front.gives_up_on_silence(arrival.accepted) => return None,
    };
    match inbox.unread().first()? {
        &socks5::message::VERSION => socks5::handshake::shake_hands(front, arrival, client, inbox, deadline).await,
        byte if may_begin_http(*byte) => conversation::converse(front, arrival, client, inbox, deadline).await,
        _ => None,
    }
}

/// Text may be HTTP; whether it is, its parser says.
const fn may_begin_http(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

/// Closes a connection so that the client can still read what it was sent: a close with unread bytes would reset it.
pub(crate) async fn close_gently(front: &Front, client: &mut TcpStream) {
    let mut left = front.settings.limits.refusal_bytes;
    let mut inbox = Inbox::default();
    let discard = async {
        client.shutdown().await?;
        while left > 0 && inbox.fill_from(client).await? > 0 {
            let length = inbox.unread().len();
            inbox.consume(length);
            left = left.saturating_sub(length);
        }
        Ok::<(), std::io::Error>(())
    };
    // Whether it worked makes no difference: the connection is dropped next.
    timeout(front.settings.deadlines.refusal(), discard).await.ok();
}

/// Sends an answer of the gateway's own, which nobody pays for.
pub(crate) async fn answer(front: &Front, client: &mut TcpStream, bytes: &[u8]) -> bool {
    matches!(timeout(front.settings.deadlines.refusal(), client.write_all(bytes)).await, Ok(Ok(())))
}

//! The whole life of a tunnel after its handshake: bytes both ways until both sides have ended, nothing held while
//! idle.

pub(crate) mod flow;
mod gait;
mod pipe;
mod scratch;
mod tunnel;

use std::pin::pin;
use std::task::Poll;

use tokio::net::TcpStream;
use turnpike_domain::activity::Reason;
use turnpike_domain::quota::Denial;

use crate::line::Line;
use crate::permit::Permit;
use crate::relay::tunnel::Tunnel;
use crate::tab::watch::Alarm;

/// Bytes that were read past the handshake.
#[derive(Debug, Default)]
pub struct Early {
    /// From the client, for the origin.
    pub from_client: Vec<u8>,
    /// From the origin, for the client.
    pub from_origin: Vec<u8>,
}

/// How a tunnel ended, for the log.
#[derive(Debug)]
pub enum TunnelEnd {
    /// Both sides closed, and everything was delivered.
    Closed,
    /// Traffic ran out; what was accepted was delivered, and both sides got a FIN.
    OutOfTraffic(Denial),
    /// The permit ended; both sides were reset.
    Revoked,
    /// Nothing moved for the idle deadline; both sides got a FIN.
    Idle,
    /// A side stopped reading, or the client acknowledging, for too long; both sides were reset.
    Stalled,
    /// The client reset its side; the origin was reset.
    ClientGone(std::io::Error),
    /// The origin reset its side; the client got what had come and was then reset.
    OriginGone(std::io::Error),
}

impl TunnelEnd {
    /// One stable word for the log.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::OutOfTraffic(_) => "out_of_traffic",
            Self::Revoked => "revoked",
            Self::Idle => "idle",
            Self::Stalled => "stalled",
            Self::ClientGone(_) => "client_gone",
            Self::OriginGone(_) => "origin_gone",
        }
    }

    /// What its customer is told; `None` when it ended as its sides wished, or the client left.
    fn reason(&self, line: &Line) -> Option<Reason> {
        match self {
            Self::OutOfTraffic(denial) => Some((*denial).into()),
            Self::Revoked => Some(line.why_over()),
            Self::Stalled => Some(Reason::Stalled),
            Self::OriginGone(_) => Some(Reason::BrokenOff),
            Self::Closed | Self::Idle | Self::ClientGone(_) => None,
        }
    }
}

/// Relays until the tunnel has ended and all that can be billed of it is. Dropping the future resets both sides.
///
/// The future is small. Give it a task of its own: inside a larger one it holds on to the room of its surroundings.
pub fn tunnel(
    client: TcpStream,
    origin: TcpStream,
    permit: Permit,
    early: Early,
) -> impl Future<Output = TunnelEnd> + Send {
    // Made here, so that the future does not keep room for what the tunnel is made of.
    let mut tunnel = Tunnel::new(client, origin, permit.tab(), early);
    async move {
        let end = {
            let mut revoked = pin!(permit.revoked());
            let mut alarm = pin!(Alarm::of_tunnel(permit.deadlines().idle()));
            std::future::poll_fn(|cx| {
                if revoked.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(TunnelEnd::Revoked);
                }
                tunnel.poll(cx, alarm.as_mut())
            })
            .await
        };
        // Closing needs room that an open tunnel does not.
        Box::pin(tunnel.close(&end)).await;
        permit.line().log_end(end.word());
        if let Some(reason) = end.reason(permit.line()) {
            permit.line().desk.activity.note(permit.line(), reason, None);
        }
        end
    }
}

//! Tunnels over CONNECT and SOCKS5: ended by FIN from either side, half-closed, or reset.

use anyhow::{Result, ensure};
use turnpike_testkit::client::Protocol;
use turnpike_testkit::wire::Wire;

use super::super::reset::{NARROW_BYTES, when_still};
use super::futures::Outcome;
use super::{Counts, LARGEST, Transfer};

/// The largest echo: the origin keeps one piece at a time, so it is slow.
const LARGEST_ECHO: u64 = 4 * 1024 * 1024;
/// What an origin offers to a client that will stop reading.
const MORE_THAN_READ: u64 = 8 * 1024 * 1024;

/// A tunnel that ends cleanly.
pub(super) fn clean(transfer: Transfer) -> (&'static str, Outcome<'static>) {
    let mut transfer = transfer;
    match transfer.dice.below(7) {
        0 => ("down", Box::pin(down(transfer))),
        1 => ("up", Box::pin(up(transfer))),
        2 => ("half-closed upload", Box::pin(verify(transfer))),
        3 => ("echo", Box::pin(echo(transfer))),
        4 => ("both ways", Box::pin(both(transfer))),
        5 => ("left by the client", Box::pin(left(transfer))),
        _ => ("upload given up", Box::pin(given_up(transfer))),
    }
}

/// A tunnel that one side resets.
pub(super) fn reset(transfer: Transfer) -> (&'static str, Outcome<'static>) {
    let mut transfer = transfer;
    match transfer.dice.below(4) {
        0 | 1 => ("download reset by the client", Box::pin(reset_down(transfer))),
        2 => ("upload reset by the client", Box::pin(reset_up(transfer))),
        _ => ("download reset by the origin", Box::pin(reset_by_origin(transfer))),
    }
}

impl Transfer {
    fn protocol(&mut self) -> Protocol {
        if self.dice.below(2) == 0 { Protocol::Connect } else { Protocol::Socks5 }
    }

    /// A tunnel whose origin was told what to do.
    async fn open(&mut self, command: &str) -> Result<Wire> {
        let protocol = self.protocol();
        let mut wire = self.proxy.tunnel(protocol, self.origin).await?;
        wire.send(format!("{command} {}\n", self.token).as_bytes()).await?;
        Ok(wire)
    }
}

fn counted(wire: &Wire) -> Counts {
    Counts { transfers: 1, sent: wire.sent(), received: wire.received() }
}

/// The origin sends and ends first.
async fn down(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST);
    let mut wire = transfer.open(&format!("DOWN {size}")).await?;
    ensure!(wire.check(u64::MAX).await? == (size, true), "not the {size} bytes asked for");
    Ok(counted(&wire))
}

/// The client sends a known number; the origin answers and ends first.
async fn up(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST);
    let mut wire = transfer.open(&format!("UP {size}")).await?;
    wire.send_pattern(0, size).await?;
    let line = rest(&mut wire).await?;
    ensure!(line == format!("{size}\n"), "the origin received {line:?} of {size}");
    Ok(counted(&wire))
}

/// The client half-closes; the origin answers after that.
async fn verify(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST);
    let mut wire = transfer.open("VERIFY").await?;
    wire.send_pattern(0, size).await?;
    wire.finish_sending()?;
    let line = rest(&mut wire).await?;
    ensure!(line == format!("{size} right\n"), "the origin received {line:?} of {size}");
    Ok(counted(&wire))
}

async fn echo(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST_ECHO);
    let mut wire = transfer.open("ECHO").await?;
    ensure!(wire.exchange(size, true).await?, "the echo differs");
    Ok(counted(&wire))
}

/// Different amounts both ways at once.
async fn both(mut transfer: Transfer) -> Result<Counts> {
    let (down, up) = (transfer.dice.size(LARGEST), transfer.dice.size(LARGEST));
    let mut wire = transfer.open(&format!("BOTH {down}")).await?;
    ensure!(wire.exchange(up, true).await?, "what came down differs");
    ensure!(wire.received() == down, "{} bytes came instead of {down}", wire.received());
    Ok(counted(&wire))
}

/// The origin would go on; the client has what it wants and ends with a FIN.
async fn left(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST);
    let mut wire = transfer.open(&format!("HANG {size}")).await?;
    ensure!(wire.check(size).await? == (size, true), "not the {size} bytes asked for");
    Ok(counted(&wire))
}

/// The client announces more than it sends and ends with a FIN.
async fn given_up(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST);
    let mut wire = transfer.open(&format!("UP {}", size.saturating_add(1000))).await?;
    wire.send_pattern(0, size).await?;
    wire.finish_sending()?;
    let line = rest(&mut wire).await?;
    ensure!(line == format!("{size}\n"), "the origin received {line:?} of {size}");
    Ok(counted(&wire))
}

/// The client stops reading with megabytes on their way, and resets.
async fn reset_down(mut transfer: Transfer) -> Result<Counts> {
    let (prefix, protocol) = (transfer.dice.size(MORE_THAN_READ / 8), transfer.protocol());
    let wire = Wire::connect_narrow(transfer.proxy.address, NARROW_BYTES).await?;
    let mut wire = transfer.proxy.tunnel_on(wire, protocol, transfer.origin).await?;
    wire.send(format!("HANG {MORE_THAN_READ} {}\n", transfer.token).as_bytes()).await?;
    wire.discard(prefix).await?;
    let sent = wire.sent();
    Ok(Counts { transfers: 1, sent, received: when_still(wire).await? })
}

/// The client resets right after sending.
async fn reset_up(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST / 8);
    let mut wire = transfer.open("SINK").await?;
    wire.send_pattern(0, size).await?;
    let counts = counted(&wire);
    wire.reset()?;
    Ok(counts)
}

/// The origin resets; the client takes what still comes.
async fn reset_by_origin(mut transfer: Transfer) -> Result<Counts> {
    let size = transfer.dice.size(LARGEST / 8);
    let mut wire = transfer.open(&format!("RESET {size}")).await?;
    // A reset or an end, both are right; what arrived before it counts.
    drop(wire.discard(u64::MAX).await);
    ensure!(wire.received() <= size, "{} bytes came of {size}", wire.received());
    Ok(counted(&wire))
}

/// Everything up to the end, as text.
async fn rest(wire: &mut Wire) -> Result<String> {
    while wire.fill().await? > 0 {}
    Ok(String::from_utf8_lossy(wire.pending()).into_owned())
}

//! Raw connections: one line says what happens, `COMMAND [N] [TOKEN]`. The counts include that line.

use std::io;

use super::{Ledger, Tally};
use crate::wire::Wire;

/// What a raw client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// Sends so many bytes of the pattern and ends; then waits for the client's end.
    Down(u64),
    /// Takes so many bytes, answers their count as a line and ends.
    Up(u64),
    /// Takes everything up to the client's half-close, answers its count as a line and ends.
    Sink,
    /// As `Sink`, and compares with the pattern: the line is `COUNT right` or `COUNT wrong`.
    Verify,
    /// Sends back what comes, until the client ends.
    Echo,
    /// Sends so many bytes of the pattern while taking what comes; ends both ways.
    Both(u64),
    /// Sends so many bytes of the pattern and then nothing, until the client ends.
    Hang(u64),
    /// Sends so many bytes of the pattern and resets the connection.
    Reset(u64),
    /// Answers the address that the connection came from as a line and ends.
    Source,
}

impl Command {
    /// Reads `COMMAND [N] [TOKEN]`.
    fn parse(line: &str) -> Option<(Self, &str)> {
        let mut words = line.split_ascii_whitespace();
        let verb = words.next()?;
        let command = match verb {
            "SINK" => Self::Sink,
            "VERIFY" => Self::Verify,
            "ECHO" => Self::Echo,
            "SOURCE" => Self::Source,
            _ => {
                let count = words.next()?.parse().ok()?;
                match verb {
                    "DOWN" => Self::Down(count),
                    "UP" => Self::Up(count),
                    "BOTH" => Self::Both(count),
                    "HANG" => Self::Hang(count),
                    "RESET" => Self::Reset(count),
                    _ => return None,
                }
            }
        };
        Some((command, words.next().unwrap_or("-")))
    }
}

/// Serves one raw connection whose first line is still pending.
pub(super) async fn serve(mut wire: Wire, line: &str, ledger: &Ledger) {
    let end = wire.pending().iter().position(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
    wire.consume(end);
    let Some((command, token)) = Command::parse(line) else {
        // Whoever asked sees the text or a closed connection; there is nothing else to tell.
        drop(wire.send(b"commands: DOWN n | UP n | SINK | VERIFY | ECHO | BOTH n | HANG n | RESET n | SOURCE\n").await);
        return;
    };
    let outcome = run(command, &mut wire).await;
    if outcome.is_err() {
        // What the kernel received before the reset counts too.
        drop(wire.discard(u64::MAX).await);
    }
    let tally =
        Tally { exchanges: 1, resets: u64::from(outcome.is_err()), received: wire.received(), sent: wire.sent() };
    let reset = matches!(command, Command::Reset(_)).then(|| wire.reset());
    ledger.record(token, tally);
    drop(reset);
}

async fn run(command: Command, wire: &mut Wire) -> io::Result<()> {
    match command {
        Command::Down(count) => {
            wire.send_pattern(0, count).await?;
            wire.finish_sending()?;
        }
        Command::Up(count) => {
            let taken = wire.discard(count).await?;
            answer(wire, &format!("{taken}\n")).await?;
        }
        Command::Sink => {
            let taken = wire.discard(u64::MAX).await?;
            answer(wire, &format!("{taken}\n")).await?;
        }
        Command::Verify => {
            let (taken, right) = wire.check(u64::MAX).await?;
            answer(wire, &format!("{taken} {}\n", if right { "right" } else { "wrong" })).await?;
        }
        Command::Echo => {
            echo(wire).await?;
            wire.finish_sending()?;
        }
        Command::Both(count) => both(wire, count).await?,
        Command::Source => {
            let source = wire.stream().peer_addr()?.ip().to_canonical();
            answer(wire, &format!("{source}\n")).await?;
        }
        Command::Hang(count) => wire.send_pattern(0, count).await?,
        Command::Reset(count) => return wire.send_pattern(0, count).await,
    }
    wire.discard(u64::MAX).await.map(drop)
}

async fn answer(wire: &mut Wire, line: &str) -> io::Result<()> {
    wire.send(line.as_bytes()).await?;
    wire.finish_sending()
}

async fn echo(wire: &mut Wire) -> io::Result<()> {
    loop {
        if wire.pending().is_empty() && wire.fill().await? == 0 {
            return Ok(());
        }
        let bytes = wire.pending().to_vec();
        wire.consume(bytes.len());
        wire.send(&bytes).await?;
    }
}

/// Sends and takes in turns of at most 64 KiB, so that neither side waits for the other to drain.
async fn both(wire: &mut Wire, count: u64) -> io::Result<()> {
    let mut done = 0;
    while done < count {
        tokio::select! {
            ready = wire.stream().writable() => {
                ready?;
                done = done.saturating_add(wire.try_send_pattern(done, count.saturating_sub(done))?);
            }
            ready = wire.stream().readable() => {
                ready?;
                let bytes = wire.try_discard()?;
                if bytes == Some(0) {
                    // The client ended its direction: only sending is left.
                    wire.send_pattern(done, count.saturating_sub(done)).await?;
                    done = count;
                }
            }
        }
    }
    wire.finish_sending()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_has_a_verb_a_count_and_a_token() {
        assert_eq!(Command::parse("DOWN 10 abc"), Some((Command::Down(10), "abc")));
        assert_eq!(Command::parse("ECHO abc"), Some((Command::Echo, "abc")));
        assert_eq!(Command::parse("SINK"), Some((Command::Sink, "-")));
        assert_eq!(Command::parse("DOWN"), None);
        assert_eq!(Command::parse("DANCE 5"), None);
    }
}

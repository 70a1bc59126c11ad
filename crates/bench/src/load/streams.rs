//! Bytes one way through a number of tunnels, as fast as they go.

use std::sync::Arc;

use anyhow::Result;
use turnpike_testkit::wire::{Wire, length};
use turnpike_testkit::{client::ProxyError, pattern};

use super::{Figures, Job, Progress};

/// More than any window moves.
const ENDLESS: u64 = 1 << 50;
/// How much one send offers.
const PIECE_BYTES: u64 = 256 * 1024;

/// Which way the bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Down,
    Up,
}

pub(super) async fn run(job: &Job, way: Way, tunnels: usize) -> Result<Figures> {
    let progress = Arc::new(Progress::default());
    // All are open before the first byte flows: under full load a slow proxy takes seconds for each.
    let mut wires = Vec::new();
    for turn in 0..tunnels {
        wires.push(job.proxy().tunnel(job.protocol(), job.origin(turn)?).await?);
    }
    for wire in wires {
        let progress = Arc::clone(&progress);
        tokio::spawn(async move {
            let outcome = match way {
                Way::Down => down(wire, &progress).await,
                Way::Up => up(wire, &progress).await,
            };
            if let Err(error) = outcome {
                progress.fail(&error);
            }
        });
    }
    job.window(&progress).await
}

async fn down(mut wire: Wire, progress: &Progress) -> Result<(), ProxyError> {
    wire.send(format!("DOWN {ENDLESS}\n").as_bytes()).await?;
    while !progress.is_over() {
        match wire.discard_some().await? {
            0 => return Err(ProxyError::Garbled("a stream ended early")),
            bytes => progress.add(bytes),
        }
    }
    Ok(())
}

async fn up(mut wire: Wire, progress: &Progress) -> Result<(), ProxyError> {
    wire.send(b"SINK\n").await?;
    let mut offset = 0;
    while !progress.is_over() {
        let piece = pattern::piece(offset, PIECE_BYTES);
        wire.send(piece).await?;
        offset = offset.saturating_add(length(piece));
        progress.add(length(piece));
    }
    Ok(())
}

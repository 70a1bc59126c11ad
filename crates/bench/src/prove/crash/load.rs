//! Tunnels that run down, up and both ways until the product dies under them, and what each end counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use turnpike_testkit::client::Protocol;
use turnpike_testkit::wire::Wire;

use super::super::rig::Rig;

/// More than any round moves.
const ENDLESS: u64 = 1 << 50;
/// Tunnels of each direction.
const TUNNELS: usize = 6;

/// Which way a tunnel runs; each direction has an account of its own.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    Down,
    Up,
    Both,
}

pub(super) const DIRECTIONS: [Direction; 3] = [Direction::Down, Direction::Up, Direction::Both];

impl Direction {
    pub(super) const fn account(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
            Self::Both => "both",
        }
    }

    fn command(self) -> String {
        match self {
            Self::Down => format!("DOWN {ENDLESS} down\n"),
            Self::Up => "SINK up\n".to_owned(),
            Self::Both => format!("BOTH {ENDLESS} both\n"),
        }
    }
}

/// Sums of an account over all rounds.
#[derive(Default)]
pub(super) struct Delivered {
    /// What clients sent and their kernels received: no more may be billed.
    pub(super) most: u64,
    /// What clients' kernels received.
    pub(super) received: u64,
    /// What arrived at either end: little of it may go unbilled.
    pub(super) least: u64,
}

/// A client's counts of one tunnel.
pub(super) struct Ended {
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// All tunnels of a round.
pub(super) struct Load {
    tunnels: tokio::task::JoinSet<(&'static str, Ended)>,
    moved: Arc<AtomicBool>,
}

impl Load {
    /// Opens all tunnels and lets them run.
    pub(super) async fn start(rig: &Rig) -> Result<Self> {
        let mut load = Self { tunnels: tokio::task::JoinSet::new(), moved: Arc::default() };
        for direction in DIRECTIONS {
            for turn in 0..TUNNELS {
                let protocol = if turn.is_multiple_of(2) { Protocol::Connect } else { Protocol::Socks5 };
                let mut wire = rig.proxy(direction.account()).tunnel(protocol, rig.target()).await?;
                wire.send(direction.command().as_bytes()).await?;
                let moved = Arc::clone(&load.moved);
                load.tunnels.spawn(async move { (direction.account(), run(wire, direction, &moved).await) });
            }
        }
        Ok(load)
    }

    /// Whether bytes came through.
    pub(super) fn has_moved(&self) -> bool {
        self.moved.load(Ordering::Relaxed)
    }

    /// Waits until every tunnel was cut and emptied.
    pub(super) async fn ended(mut self) -> Vec<(&'static str, Ended)> {
        let mut all = Vec::new();
        while let Some(tunnel) = self.tunnels.join_next().await {
            all.extend(tunnel);
        }
        all
    }
}

async fn run(wire: Wire, direction: Direction, moved: &AtomicBool) -> Ended {
    let mut wire = wire;
    // Every one of them ends by an error or an early end: that is what the round is about.
    match direction {
        Direction::Down => {
            moved.store(wire.discard(1).await.is_ok(), Ordering::Relaxed);
        }
        Direction::Up => drop(wire.send_pattern(0, ENDLESS).await),
        Direction::Both => drop(wire.exchange(ENDLESS, false).await),
    }
    // What the kernel received before the cut was acknowledged, so it counts.
    drop(wire.discard(u64::MAX).await);
    Ended { sent: wire.sent(), received: wire.received() }
}

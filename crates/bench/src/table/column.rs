//! What is measured: a job for each column, and how its figures read.

use std::net::SocketAddr;

use crate::figures::{decimal, grouped, scaled};
use crate::load::{Figures, Speech, Work};
use crate::peers::Peer;

/// 1 GB in this table: 10⁹ bytes.
const GB: u64 = 1_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;
const MS_NS: u64 = 1_000_000;

/// One job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Column {
    Down8,
    Down200,
    Up8,
    Up200,
    Connect,
    Socks5,
    Requests,
    RoundTrips,
    Idle,
}

impl Column {
    pub(crate) const ALL: [Self; 9] = [
        Self::Down8,
        Self::Down200,
        Self::Up8,
        Self::Up200,
        Self::Connect,
        Self::Socks5,
        Self::Requests,
        Self::RoundTrips,
        Self::Idle,
    ];

    /// The job.
    pub(super) fn work(self, idle_tunnels: usize) -> Work {
        match self {
            Self::Down8 => Work::Down(8),
            Self::Down200 => Work::Down(200),
            Self::Up8 => Work::Up(8),
            Self::Up200 => Work::Up(200),
            Self::Connect | Self::Socks5 => Work::Tunnels(64),
            Self::Requests => Work::Requests(64),
            Self::RoundTrips => Work::RoundTrips,
            Self::Idle => Work::Idle(idle_tunnels),
        }
    }

    /// How a peer is asked to do it; `None` when it cannot.
    pub(super) fn entrance(self, peer: &Peer) -> Option<(Speech, SocketAddr)> {
        let bare = peer.tunnel(Speech::Bare).map(|address| (Speech::Bare, address));
        match self {
            Self::Connect => peer.tunnel(Speech::Connect).map(|address| (Speech::Connect, address)).or(bare),
            Self::Socks5 => peer.tunnel(Speech::Socks5).map(|address| (Speech::Socks5, address)).or(bare),
            Self::Requests => peer.web.map(|address| (Speech::Bare, address)),
            _ => peer.tunnels.first().copied(),
        }
    }

    /// Whether the figure is bytes.
    pub(super) fn is_bytes(self) -> bool {
        matches!(self, Self::Down8 | Self::Down200 | Self::Up8 | Self::Up200)
    }

    /// The cost compared in ratios: CPU nanoseconds per GB or per 1000, the median round trip, bytes per tunnel.
    pub(super) fn cost(self, figures: &Figures) -> u64 {
        match self {
            Self::RoundTrips => figures.p50_ns,
            Self::Idle => scaled(figures.rss_kb, 1024, figures.count),
            _ if self.is_bytes() => scaled(figures.cpu_ns, GB, figures.count),
            _ => scaled(figures.cpu_ns, 1000, figures.count),
        }
    }

    /// What the cost reads as.
    pub(super) fn show_cost(self, cost: u64) -> String {
        match self {
            Self::RoundTrips => decimal(cost, 1000, 1),
            Self::Idle => decimal(cost, 1024, 1),
            _ if self.is_bytes() => decimal(cost, SECOND_NS, 2),
            _ => decimal(cost, MS_NS, 1),
        }
    }

    /// The speed beside the cost: bytes or things a second, or the 99th percentile of round trips.
    pub(super) fn speed(self, figures: &Figures) -> u64 {
        match self {
            Self::RoundTrips => figures.p99_ns,
            Self::Idle => figures.count,
            _ => scaled(figures.count, SECOND_NS, figures.elapsed_ns),
        }
    }

    /// What the speed reads as.
    pub(super) fn show_speed(self, speed: u64) -> String {
        match self {
            Self::RoundTrips => decimal(speed, 1000, 1),
            _ if self.is_bytes() => decimal(speed, GB, 2),
            _ => grouped(speed),
        }
    }

    /// One line of progress.
    pub(super) fn summary(self, figures: &Figures) -> String {
        let (cost, speed) = (self.show_cost(self.cost(figures)), self.show_speed(self.speed(figures)));
        match self {
            Self::RoundTrips => format!("{cost} µs p50, {speed} µs p99"),
            Self::Idle => format!("{cost} KB an idle tunnel of {speed}"),
            _ if self.is_bytes() => format!("{speed} GB/s, {cost} CPU s/GB"),
            _ => format!("{speed} a second, {cost} CPU ms/1000"),
        }
    }
}

//! The load generator: a process of its own with one thread, which does one job and prints what it measured as a line
//! of JSON. It reads the CPU time of the proxy at both ends of its window, so that what lies outside is not counted.

mod idle;
mod requests;
mod round_trips;
mod streams;
mod tunnels;

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use turnpike_testkit::client::{Login, Protocol, Proxy};

use crate::process;

/// How long a job runs before its window opens.
const WARM_UP: Duration = Duration::from_millis(250);
/// How long the whole job may take beyond its window.
const PATIENCE: Duration = Duration::from_mins(1);

/// How the proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Speech {
    /// HTTP CONNECT.
    Connect,
    /// SOCKS5.
    Socks5,
    /// Nothing is said: it relays to one place.
    Bare,
}

/// What to do in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Bytes from the origin through so many tunnels.
    Down(usize),
    /// Bytes to the origin through so many tunnels.
    Up(usize),
    /// New tunnels of 64 bytes, so many at once.
    Tunnels(usize),
    /// Plain HTTP GET requests of 1 KB on so many kept connections.
    Requests(usize),
    /// 64 bytes there and back through one tunnel, one after the other.
    RoundTrips,
    /// So many idle tunnels; the memory they take.
    Idle(usize),
}

/// One job, as it stands on the command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) proxy: SocketAddr,
    pub(crate) login: Option<(String, String)>,
    pub(crate) speech: Speech,
    pub(crate) origins: Vec<SocketAddr>,
    /// The proxy's process.
    pub(crate) pid: u32,
    pub(crate) window_ms: u64,
    pub(crate) work: Work,
}

/// What was measured.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Bytes, tunnels, requests or round trips in the window.
    pub(crate) count: u64,
    /// What failed; a figure with failures is worth nothing.
    pub(crate) errors: u64,
    pub(crate) elapsed_ns: u64,
    /// The proxy's CPU time in the window.
    pub(crate) cpu_ns: u64,
    pub(crate) p50_ns: u64,
    pub(crate) p99_ns: u64,
    /// What the proxy's resident memory grew by.
    pub(crate) rss_kb: u64,
}

impl Job {
    /// Has it done by a process of its own, so that the generator's memory and thread are always the same.
    ///
    /// # Errors
    /// When the process fails, or anything in the job did.
    pub(crate) fn measure(&self) -> Result<Figures> {
        let mut command = Command::new(std::env::current_exe()?);
        let output = command.args(["load", &serde_json::to_string(self)?]).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "the load generator failed");
        let figures: Figures = serde_json::from_slice(&output.stdout)?;
        ensure!(figures.errors == 0, "{} errors", figures.errors);
        Ok(figures)
    }

    fn proxy(&self) -> Proxy {
        let login = self.login.as_ref().map(|(username, password)| Login::new(username, password));
        Proxy { address: self.proxy, login }
    }

    fn protocol(&self) -> Protocol {
        match self.speech {
            Speech::Connect => Protocol::Connect,
            Speech::Socks5 => Protocol::Socks5,
            Speech::Bare => Protocol::Bare,
        }
    }

    /// Where the `turn`th connection goes; spread, so that no pair of addresses runs out of ports.
    fn origin(&self, turn: usize) -> Result<SocketAddr> {
        self.origins.iter().copied().cycle().nth(turn % self.origins.len().max(1)).context("no origin")
    }
}

/// What the connections of a job share.
#[derive(Debug, Default)]
struct Progress {
    count: AtomicU64,
    errors: AtomicU64,
    over: AtomicBool,
}

impl Progress {
    fn add(&self, count: u64) {
        self.count.fetch_add(count, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Counts a failure that is not the end of the window.
    fn fail(&self, error: &dyn std::fmt::Display) {
        if !self.is_over() && self.errors.fetch_add(1, Ordering::Relaxed) == 0 {
            eprintln!("load: {error}");
        }
    }
}

/// Does the job and prints its figures.
///
/// # Errors
/// When the job cannot be read or done.
pub(crate) fn run(job: &str) -> Result<()> {
    let job: Job = serde_json::from_str(job).context("the job is no JSON")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let limit = PATIENCE.saturating_add(Duration::from_millis(job.window_ms));
    let figures = runtime.block_on(async { tokio::time::timeout(limit, job.run()).await })??;
    // What is still open is reset with the process.
    crate::say(&serde_json::to_string(&figures)?);
    Ok(())
}

impl Job {
    async fn run(&self) -> Result<Figures> {
        match self.work {
            Work::Down(tunnels) => streams::run(self, streams::Way::Down, tunnels).await,
            Work::Up(tunnels) => streams::run(self, streams::Way::Up, tunnels).await,
            Work::Tunnels(at_once) => tunnels::run(self, at_once).await,
            Work::Requests(at_once) => requests::run(self, at_once).await,
            Work::RoundTrips => round_trips::run(self).await,
            Work::Idle(tunnels) => idle::run(self, tunnels).await,
        }
    }

    /// Lets everything warm up, then counts for the window.
    async fn window(&self, progress: &Arc<Progress>) -> Result<Figures> {
        tokio::time::sleep(WARM_UP).await;
        let (cpu, count, begin) =
            (process::usage(self.pid)?.cpu, progress.count.load(Ordering::Relaxed), Instant::now());
        tokio::time::sleep(Duration::from_millis(self.window_ms)).await;
        let (elapsed, counted) = (begin.elapsed(), progress.count.load(Ordering::Relaxed));
        let used = process::usage(self.pid)?.cpu.saturating_sub(cpu);
        progress.over.store(true, Ordering::Relaxed);
        Ok(Figures {
            count: counted.saturating_sub(count),
            errors: progress.errors.load(Ordering::Relaxed),
            elapsed_ns: nanoseconds(elapsed),
            cpu_ns: nanoseconds(used),
            ..Figures::default()
        })
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

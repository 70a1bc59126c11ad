//! The table of `docs/PERFORMANCE.md`: everybody does the same jobs in interleaved rounds of one run, so that what the
//! machine does meanwhile hits all alike. Only ratios taken in one run count.

mod column;
mod report;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use self::column::Column;
use crate::load::{Figures, Job};
use crate::peers::{Kind, Peer, Setup};
use crate::say;

/// The origin's port: one of those the product allows by default.
const ORIGIN_PORT: u16 = 8080;
/// On how many addresses the origin listens.
const ORIGIN_ADDRESSES: u8 = 16;

/// Flags of `table`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many rounds; the table shows medians.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How long each job is measured.
    #[arg(long, default_value_t = 1500)]
    window_ms: u64,
    /// Idle tunnels held at once.
    #[arg(long, default_value_t = 4000)]
    idle_tunnels: usize,
    /// Measure only these; all when not given.
    #[arg(long = "peer", value_enum)]
    peers: Vec<Kind>,
    /// Measure only these columns; all when not given.
    #[arg(long = "column", value_enum)]
    columns: Vec<Column>,
    /// The `turnpike` binary; a release build is made when not given.
    #[arg(long)]
    turnpike: Option<PathBuf>,
    /// The file whose part between the markers is replaced; `-` only prints.
    #[arg(long, default_value = "docs/PERFORMANCE.md")]
    file: PathBuf,
}

/// All figures of a run, one of each round.
#[derive(Default)]
struct Samples {
    taken: BTreeMap<(Column, Kind), Vec<Figures>>,
    /// What another's proxy failed at in some round, and how; not tried again.
    failed: BTreeMap<(Column, Kind), String>,
}

impl Samples {
    fn take(&mut self, column: Column, kind: Kind, figures: Figures) {
        self.taken.entry((column, kind)).or_default().push(figures);
    }

    fn fail(&mut self, column: Column, kind: Kind, why: String) {
        self.taken.remove(&(column, kind));
        self.failed.insert((column, kind), why);
    }

    /// The figures of one in one column, by round; `None` when it was not measured or failed.
    fn of(&self, column: Column, kind: Kind) -> Option<&Vec<Figures>> {
        self.taken.get(&(column, kind))
    }
}

/// Measures and writes the table.
///
/// # Errors
/// When a peer does not start or a job fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let kinds = wanted(arguments);
    let columns = if arguments.columns.is_empty() { Column::ALL.to_vec() } else { arguments.columns.clone() };
    let needs_product = kinds.contains(&Kind::Turnpike);
    let turnpike = if needs_product { crate::product_binary(arguments.turnpike.as_ref())? } else { PathBuf::new() };
    let origin = OriginProcess::start()?;
    let setup = Setup { turnpike, origins: origin.addresses.clone() };
    let mut samples = Samples::default();
    let mut versions = Vec::new();
    if columns.contains(&Column::Idle) {
        // Memory first, each on a fresh process: what load leaves behind is not an idle tunnel's.
        for kind in &kinds {
            let peer = Peer::start(*kind, &setup)?;
            measure(arguments, &setup, Column::Idle, &peer, &mut samples)?;
        }
    }
    let peers = kinds.iter().map(|kind| Peer::start(*kind, &setup)).collect::<Result<Vec<_>>>()?;
    versions.extend(peers.iter().filter(|peer| !peer.version.is_empty()).map(|peer| peer.version.clone()));
    for round in 0..arguments.rounds {
        for column in columns.iter().filter(|column| **column != Column::Idle) {
            for turn in 0..peers.len() {
                // Everybody goes first once, so that nobody always follows the same neighbour.
                let index = turn.saturating_add(round).checked_rem(peers.len()).unwrap_or(0);
                let peer = peers.get(index).context("no such peer")?;
                measure(arguments, &setup, *column, peer, &mut samples)?;
            }
        }
        say(&format!("round {} of {} done", round.saturating_add(1), arguments.rounds));
    }
    let text = report::markdown(&samples, &kinds, &versions, arguments)?;
    say(&text);
    report::write(&arguments.file, &text)
}

/// Who can be measured here; says how to get the others.
fn wanted(arguments: &Arguments) -> Vec<Kind> {
    let asked = if arguments.peers.is_empty() { Kind::ALL.to_vec() } else { arguments.peers.clone() };
    let (there, missing): (Vec<Kind>, Vec<Kind>) = asked.into_iter().partition(|kind| kind.missing().is_none());
    for hint in missing.iter().filter_map(|kind| kind.missing()) {
        say(&format!("left out: {hint}"));
    }
    there
}

/// Does one job in a process of its own.
fn measure(arguments: &Arguments, setup: &Setup, column: Column, peer: &Peer, samples: &mut Samples) -> Result<()> {
    let Some((speech, proxy)) = column.entrance(peer) else { return Ok(()) };
    if samples.failed.contains_key(&(column, peer.kind)) {
        return Ok(());
    }
    let job = Job {
        proxy,
        login: peer.login.clone(),
        speech,
        origins: setup.origins.clone(),
        pid: peer.pid,
        window_ms: arguments.window_ms,
        work: column.work(arguments.idle_tunnels),
    };
    let figures = match job.measure().with_context(|| format!("{column:?} on {:?}", peer.kind)) {
        Ok(figures) => figures,
        Err(error) if peer.kind.is_other() => {
            say(&format!("left out: {error:#}"));
            samples.fail(column, peer.kind, format!("{error:#}"));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    say(&format!("{column:?} {:?}: {}", peer.kind, column.summary(&figures)));
    samples.take(column, peer.kind, figures);
    Ok(())
}

/// The origin in a process of its own; killed when dropped.
pub(crate) struct OriginProcess {
    child: Child,
    addresses: Vec<SocketAddr>,
}

impl OriginProcess {
    /// Starts it on all its addresses.
    ///
    /// # Errors
    /// When it does not listen.
    pub(crate) fn start() -> Result<Self> {
        // Of this process alone, so that two runs do not share an origin.
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let addresses: Vec<SocketAddr> = (0..ORIGIN_ADDRESSES)
            .map(|host| SocketAddr::from((Ipv4Addr::new(127, host.saturating_add(64), high, low.max(1)), ORIGIN_PORT)))
            .collect();
        let words = addresses.iter().map(SocketAddr::to_string);
        let child = Command::new(std::env::current_exe()?).arg("origin").args(words).stdin(Stdio::null()).spawn()?;
        let origin = Self { child, addresses };
        let first = origin.addresses.first().context("no address")?;
        for _ in 0..200 {
            if std::net::TcpStream::connect(first).is_ok() {
                return Ok(origin);
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        anyhow::bail!("the origin does not listen on {first}")
    }
}

impl OriginProcess {
    /// Where it listens.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Drop for OriginProcess {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

//! Who is measured: Turnpike, two bare relays as the limit of what the kernel allows, and peers from Debian's packages.
//! Each is started fresh on loopback in a folder of its own, with a login where it knows one, and without logs.

mod dante;
mod haproxy;
mod microsocks;
mod squid;
mod tinyproxy;
mod turnpike;

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use turnpike_testkit::product::{Product, free_address};

use crate::load::Speech;
use crate::relay::Mover;

/// How long a peer may take to listen.
const START_AT_MOST: Duration = Duration::from_secs(20);
/// The login of every peer that asks for one.
const USERNAME: &str = "bench";
const PASSWORD: &str = "benchpass";

/// Who can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Kind {
    Turnpike,
    Splice,
    Copy,
    Haproxy,
    Squid,
    Tinyproxy,
    Microsocks,
    Dante,
}

impl Kind {
    /// All, in the order of the table.
    pub(crate) const ALL: [Self; 8] = [
        Self::Splice,
        Self::Copy,
        Self::Turnpike,
        Self::Haproxy,
        Self::Squid,
        Self::Tinyproxy,
        Self::Microsocks,
        Self::Dante,
    ];

    /// What the table calls it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Turnpike => "**Turnpike**",
            Self::Splice => "bare relay, splice through 1 MiB pipes",
            Self::Copy => "bare relay, one 256 KB buffer a thread",
            Self::Haproxy => "HAProxy (TCP or web mode, no login)",
            Self::Squid => "Squid",
            Self::Tinyproxy => "tinyproxy",
            Self::Microsocks => "microsocks",
            Self::Dante => "Dante (no login)",
        }
    }

    /// The program it needs, and Debian's package for it.
    fn program(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Haproxy => Some(("/usr/sbin/haproxy", "haproxy")),
            Self::Squid => Some(("/usr/sbin/squid", "squid")),
            Self::Tinyproxy => Some(("/usr/bin/tinyproxy", "tinyproxy")),
            Self::Microsocks => Some(("/usr/bin/microsocks", "microsocks")),
            Self::Dante => Some(("/usr/sbin/danted", "dante-server")),
            Self::Turnpike | Self::Splice | Self::Copy => None,
        }
    }

    /// Whether it is somebody else's: what it cannot do is no failure of ours.
    pub(crate) fn is_other(self) -> bool {
        self.program().is_some()
    }

    /// What to type when its program is missing.
    pub(crate) fn missing(self) -> Option<String> {
        let (program, package) = self.program()?;
        (!Path::new(program).exists()).then(|| format!("{program} is missing: apt-get install {package}"))
    }
}

/// What it takes to start peers.
pub(crate) struct Setup {
    /// The `turnpike` binary.
    pub(crate) turnpike: PathBuf,
    /// Where the origin listens.
    pub(crate) origins: Vec<SocketAddr>,
}

/// A running peer; killed when dropped.
pub(crate) struct Peer {
    pub(crate) kind: Kind,
    pub(crate) version: String,
    pub(crate) pid: u32,
    pub(crate) login: Option<(String, String)>,
    /// How tunnels are asked for, and where; the first is the one used for bytes.
    pub(crate) tunnels: Vec<(Speech, SocketAddr)>,
    /// Where plain HTTP requests go.
    pub(crate) web: Option<SocketAddr>,
    running: Running,
}

/// What keeps a peer alive; the folder goes after the process.
enum Running {
    Process(Child, #[expect(dead_code, reason = "removed when dropped")] tempfile::TempDir),
    Product(#[expect(dead_code, reason = "killed when dropped")] Box<(Product, tempfile::TempDir)>),
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Process(child, _) = self {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Peer {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(kind: Kind, setup: &Setup) -> Result<Self> {
        let peer = match kind {
            Kind::Turnpike => turnpike::start(setup),
            Kind::Splice => relay(Mover::Splice, kind, setup),
            Kind::Copy => relay(Mover::Copy, kind, setup),
            Kind::Haproxy => haproxy::start(setup),
            Kind::Squid => squid::start(),
            Kind::Tinyproxy => tinyproxy::start(),
            Kind::Microsocks => microsocks::start(),
            Kind::Dante => dante::start(),
        };
        let mut peer = peer.with_context(|| format!("cannot start {kind:?}"))?;
        let addresses: Vec<SocketAddr> = peer.tunnels.iter().map(|(_, address)| *address).chain(peer.web).collect();
        for address in addresses {
            peer.await_listening(address)?;
        }
        Ok(peer)
    }

    /// Where a kind of tunnel is asked for.
    pub(crate) fn tunnel(&self, speech: Speech) -> Option<SocketAddr> {
        self.tunnels.iter().find(|(spoken, _)| *spoken == speech).map(|(_, address)| *address)
    }

    fn await_listening(&mut self, address: SocketAddr) -> Result<()> {
        let deadline = Instant::now().checked_add(START_AT_MOST).context("no clock")?;
        while Instant::now() < deadline {
            if TcpStream::connect(address).is_ok() {
                return Ok(());
            }
            if let Running::Process(child, _) = &mut self.running
                && let Some(status) = child.try_wait()?
            {
                bail!("{:?} ended at once: {status}", self.kind);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("{:?} does not listen on {address}", self.kind)
    }
}

fn relay(mover: Mover, kind: Kind, setup: &Setup) -> Result<Peer> {
    let folder = tempfile::tempdir()?;
    let listen = free_address(Ipv4Addr::LOCALHOST)?;
    let origin = setup.origins.first().context("no origin")?;
    let mut command = Command::new(std::env::current_exe()?);
    let mover = match mover {
        Mover::Splice => "splice",
        Mover::Copy => "copy",
    };
    command.args(["relay", mover, &listen.to_string(), &origin.to_string()]);
    let child = quiet(command).spawn()?;
    Ok(Peer {
        kind,
        version: String::new(),
        pid: child.id(),
        login: None,
        tunnels: vec![(Speech::Bare, listen)],
        web: None,
        running: Running::Process(child, folder),
    })
}

/// Standard streams closed to the terminal.
fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The first line a program prints.
fn first_line_of(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

/// The version of an installed Debian package.
fn package_version(package: &str) -> String {
    let output = Command::new("dpkg-query").args(["-W", "-f", "${Version}", package]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

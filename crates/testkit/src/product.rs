//! The product as its users run it: the `turnpike` binary as a process of its own, on loopback, in a folder of its own.

mod api;

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

pub use api::{Api, ApiRefusal};

use crate::client::{Login, Proxy};

/// How long a start may take before the harness gives up.
const START_AT_MOST: Duration = Duration::from_mins(1);
/// Ports below the range the kernel draws from, so that no outgoing connection takes one between two starts.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// How the product is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The `turnpike` binary.
    pub binary: PathBuf,
    /// Its data folder.
    pub data: PathBuf,
    /// The demo package's size; 0 grants none.
    pub package_gb: u32,
    /// Where the API listens.
    pub api: SocketAddr,
    /// Where the gateway listens.
    pub gateway: SocketAddr,
    /// Where the operator API listens.
    pub operator: SocketAddr,
    /// A command put before the binary's, `prlimit` say.
    pub prefix: Vec<String>,
}

impl Launch {
    /// The binary on three free ports of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free.
    pub fn new(binary: &Path, data: &Path) -> Result<Self> {
        Ok(Self {
            binary: binary.to_path_buf(),
            data: data.to_path_buf(),
            package_gb: 0,
            api: free_address(Ipv4Addr::LOCALHOST)?,
            gateway: free_address(Ipv4Addr::LOCALHOST)?,
            operator: free_address(Ipv4Addr::LOCALHOST)?,
            prefix: Vec::new(),
        })
    }
}

/// An address on `ip` that nothing listens on, outside the range the kernel draws from.
///
/// # Errors
/// When all ports are taken.
pub fn free_address(ip: Ipv4Addr) -> Result<SocketAddr> {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let size = u32::from(PORTS.end.saturating_sub(PORTS.start));
    for _ in PORTS {
        let step = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(7).wrapping_add(step).checked_rem(size).unwrap_or(0);
        let port = PORTS.start.saturating_add(u16::try_from(place).unwrap_or(0));
        if TcpListener::bind((ip, port)).is_ok() {
            return Ok(SocketAddr::from((ip, port)));
        }
    }
    bail!("no free port on {ip}")
}

/// What the product prints when it is ready.
#[derive(Clone, Deserialize)]
pub struct Ready {
    /// Base URL of the API.
    pub api: String,
    /// Where the gateway listens.
    pub gateway: SocketAddr,
    /// The demo customer's key.
    pub app_key: String,
    /// The demo account's name.
    pub username: String,
    /// The demo account's password.
    pub password: String,
    /// The demo customer's name for the operator's commands.
    pub customer_email: String,
    /// Base URL of the operator API.
    pub operator: String,
    /// A token for it that may do everything.
    pub operator_token: String,
}

/// A running product. It is killed when dropped.
pub struct Product {
    launch: Launch,
    child: Child,
    ready: Ready,
    started_in: Duration,
}

impl Product {
    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready within a minute; its log is in `DATA.log`.
    pub fn start(launch: Launch) -> Result<Self> {
        let (child, ready, started_in) = start(&launch)?;
        Ok(Self { launch, child, ready, started_in })
    }

    /// Ends it with SIGKILL.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again as before, on the same data.
    ///
    /// # Errors
    /// As [`Product::start`].
    pub fn restart(&mut self) -> Result<()> {
        (self.child, self.ready, self.started_in) = start(&self.launch)?;
        Ok(())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How long it took from the start of the process to the line that says it is ready.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// What it printed.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// How it was started.
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// Its API, as the demo customer.
    ///
    /// # Errors
    /// When it printed no usable address.
    pub fn api(&self) -> Result<Api> {
        self.api_as(&self.ready.app_key)
    }

    /// Its API, as the customer with this key.
    ///
    /// # Errors
    /// When it printed no usable address.
    pub fn api_as(&self, app_key: &str) -> Result<Api> {
        let address = self.ready.api.trim_start_matches("http://").trim_end_matches('/');
        Ok(Api::new(address.parse().with_context(|| format!("not an address: {address}"))?, app_key))
    }

    /// Its gateway with the demo account.
    pub fn proxy(&self) -> Proxy {
        self.proxy_as(Login::new(&self.ready.username, &self.ready.password))
    }

    /// Its gateway with another account.
    pub fn proxy_as(&self, login: Login) -> Proxy {
        Proxy { address: self.ready.gateway, login: Some(login) }
    }

    /// Runs an operator's command on its data folder and returns what it printed.
    ///
    /// # Errors
    /// When the command fails.
    pub fn operator(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.launch.binary);
        let Output { status, stdout, stderr } =
            command.args(arguments).env("TURNPIKE_DATA", &self.launch.data).stdin(Stdio::null()).output()?;
        if !status.success() {
            bail!("turnpike {arguments:?} failed: {}", String::from_utf8_lossy(&stderr));
        }
        Ok(String::from_utf8(stdout)?)
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn start(launch: &Launch) -> Result<(Child, Ready, Duration)> {
    let before = Instant::now();
    let mut child = spawn(launch)?;
    match first_line(&mut child).and_then(|line| Ok(serde_json::from_str(&line)?)) {
        Ok(ready) => Ok((child, ready, before.elapsed())),
        Err(error) => {
            drop(child.kill());
            drop(child.wait());
            let log = std::fs::read_to_string(log_path(&launch.data)).unwrap_or_default();
            Err(error.context(format!("turnpike did not become ready; its log:\n{log}")))
        }
    }
}

fn log_path(data: &Path) -> PathBuf {
    data.with_extension("log")
}

fn spawn(launch: &Launch) -> Result<Child> {
    let mut words: Vec<std::ffi::OsString> = launch.prefix.iter().map(Into::into).collect();
    words.push(launch.binary.clone().into());
    let (program, rest) = words.split_first().context("no command")?;
    let log = File::options().append(true).create(true).open(log_path(&launch.data))?;
    Command::new(program)
        .args(rest)
        .args(["demo", "--json", "--allow-cidr", "127.0.0.0/8"])
        .args(["--package-gb", &launch.package_gb.to_string()])
        .args(["--api", &launch.api.to_string(), "--gateway", &launch.gateway.to_string()])
        .args(["--operator", &launch.operator.to_string()])
        .arg("--data")
        .arg(&launch.data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", launch.binary.display()))
}

/// The first line of the child's output. What it prints later is read and dropped, so that it never blocks.
fn first_line(child: &mut Child) -> Result<String> {
    let output = child.stdout.take().context("no output")?;
    let (send, line) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            drop(send.send(line));
        }
    });
    line.recv_timeout(START_AT_MOST).context("no line on standard output")
}

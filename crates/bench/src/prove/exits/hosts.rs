//! Exit hosts as the kernel makes them: namespaces with an address of their own and a proxy with a login, some speaking SOCKS5 and some
//! HTTP, beside addresses of this host.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use turnpike_testkit::wire::Wire;

/// The login that every proxy asks for.
const USERNAME: &str = "turnpike";
const PASSWORD: &str = "upstreampass";
const SOCKS_PORT: u16 = 1080;
const HTTP_PORT: u16 = 3128;
const ORIGIN_PORT: u16 = 8080;
/// How long a proxy may take to listen.
const START_AT_MOST: Duration = Duration::from_secs(10);

/// A host with a proxy. It goes when dropped.
pub(super) struct Host {
    /// What the operator calls the exit.
    pub(super) name: String,
    /// The address that origins see.
    pub(super) address: Ipv4Addr,
    /// How the exit is written in the operator's table: route, username and password.
    pub(super) route: String,
    /// Where it is.
    pub(super) place: &'static str,
    machine: Option<Machine>,
}

struct Machine {
    namespace: String,
    link: String,
    /// What starts the proxy, and where it listens then.
    command: Vec<String>,
    at: SocketAddr,
    proxy: Option<Child>,
    #[expect(dead_code, reason = "removed when dropped")]
    folder: tempfile::TempDir,
}

/// Where the hosts find the origin.
pub(super) fn origin() -> SocketAddr {
    SocketAddr::from((net_of(1, 1), ORIGIN_PORT))
}

impl Host {
    /// An address of this host, which every gateway here has.
    pub(super) fn local(number: u8, place: &'static str) -> Self {
        let [.., net] = std::process::id().to_be_bytes();
        let address = Ipv4Addr::new(127, 9, net, number);
        Self { name: format!("local-{number}"), address, route: format!("{address},,"), place, machine: None }
    }

    /// A host with a network of its own, numbered from 1. Odd ones speak SOCKS5, even ones HTTP.
    ///
    /// # Errors
    /// Why that cannot be done here: mostly for want of rights, or of `microsocks` and `tinyproxy`.
    pub(super) async fn separate(number: u8, place: &'static str) -> Result<Self> {
        let (namespace, link) = (format!("turnpike-exit-{number}-{}", std::process::id()), link_name(number));
        let (ours, address) = (net_of(number, 1), net_of(number, 2));
        ip(&["netns", "add", &namespace])?;
        ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
        ip(&["link", "add", &link, "type", "veth", "peer", "name", "up0", "netns", &namespace])?;
        ip(&["address", "add", &format!("{ours}/30"), "dev", &link])?;
        ip(&["link", "set", &link, "up"])?;
        ip(&["-n", &namespace, "address", "add", &format!("{address}/30"), "dev", "up0"])?;
        ip(&["-n", &namespace, "link", "set", "up0", "up"])?;
        ip(&["-n", &namespace, "route", "add", "default", "via", &ours.to_string()])?;
        let folder = tempfile::tempdir()?;
        let speaks_socks = !number.is_multiple_of(2);
        let (port, scheme) = if speaks_socks { (SOCKS_PORT, "socks5") } else { (HTTP_PORT, "http") };
        let at = SocketAddr::from((address, port));
        let proxy = if speaks_socks { socks(at) } else { http(at, folder.path())? };
        let command = ["ip", "netns", "exec", &namespace].into_iter().map(str::to_owned).chain(proxy).collect();
        let machine = Some(Machine { namespace, link, command, at, proxy: None, folder });
        let route = format!("{scheme}://{at},{USERNAME},{PASSWORD}");
        let mut host = Self { name: format!("host-{number}"), address, route, place, machine };
        host.start().await?;
        Ok(host)
    }

    /// Starts its proxy, and waits until it listens.
    ///
    /// # Errors
    /// When it does not.
    pub(super) async fn start(&mut self) -> Result<()> {
        let machine = self.machine.as_mut().context("an address has no proxy")?;
        let (program, arguments) = machine.command.split_first().context("no command")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        machine.proxy = Some(command.spawn()?);
        until_listening(machine.at).await
    }

    /// Ends its proxy with SIGKILL.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn kill(&mut self) -> Result<()> {
        let machine = self.machine.as_mut().context("an address has no proxy")?;
        let mut proxy = machine.proxy.take().context("no proxy runs")?;
        proxy.kill()?;
        proxy.wait()?;
        Ok(())
    }

    /// Makes it a black hole, or mends it: what is sent to it gets no answer.
    ///
    /// # Errors
    /// When that is refused.
    pub(super) fn cut_off(&self, cut: bool) -> Result<()> {
        let machine = self.machine.as_ref().context("an address cannot be cut off")?;
        ip(&["-n", &machine.namespace, "link", "set", "up0", if cut { "down" } else { "up" }])?;
        if !cut {
            // With the link its routes went too.
            let ours = net_of(machine.number()?, 1);
            ip(&["-n", &machine.namespace, "route", "replace", "default", "via", &ours.to_string()])?;
        }
        Ok(())
    }

    /// Its row in the operator's table.
    pub(super) fn row(&self) -> String {
        let Self { name, route, place, .. } = self;
        format!("{name},{route},{place},9,,1,active,owned,")
    }
}

impl Machine {
    fn number(&self) -> Result<u8> {
        let IpAddr::V4(at) = self.at.ip() else { bail!("hosts have IPv4 addresses") };
        let [.., last] = at.octets();
        Ok(last / 4)
    }
}

fn socks(at: SocketAddr) -> Vec<String> {
    let words =
        ["microsocks", "-i", &at.ip().to_string(), "-p", &at.port().to_string(), "-u", USERNAME, "-P", PASSWORD];
    words.map(str::to_owned).to_vec()
}

fn http(at: SocketAddr, folder: &Path) -> Result<Vec<String>> {
    let file = folder.join("tinyproxy.conf");
    let (ip, port) = (at.ip(), at.port());
    let text = format!(
        "Port {port}\nListen {ip}\nTimeout 600\nMaxClients 1000\nBasicAuth {USERNAME} {PASSWORD}\n\
         LogFile \"/dev/null\"\nLogLevel Critical\n"
    );
    std::fs::write(&file, text)?;
    Ok(["tinyproxy".to_owned(), "-d".to_owned(), "-c".to_owned(), file.display().to_string()].to_vec())
}

async fn until_listening(address: SocketAddr) -> Result<()> {
    let begin = Instant::now();
    while Wire::connect(address).await.is_err() {
        ensure!(begin.elapsed() < START_AT_MOST, "the proxy at {address} does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn link_name(number: u8) -> String {
    format!("tpx{number}-{}", std::process::id())
}

/// One end of the cable to a host.
fn net_of(number: u8, end: u8) -> Ipv4Addr {
    let [.., net] = std::process::id().to_be_bytes();
    Ipv4Addr::new(10, 204, net, number.saturating_mul(4).saturating_add(end))
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(proxy) = &mut self.proxy {
            drop(proxy.kill());
            drop(proxy.wait());
        }
        // With one end of a cable the other goes too.
        drop(Command::new("ip").args(["link", "delete", &self.link]).stderr(Stdio::null()).status());
        drop(Command::new("ip").args(["netns", "delete", &self.namespace]).stderr(Stdio::null()).status());
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {}", arguments.join(" "), told.trim());
    Ok(())
}

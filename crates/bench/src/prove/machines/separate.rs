//! A machine with a network of its own, as the kernel makes it: a namespace with two cables, one to the API processes
//! and one to clients and origin, so that the first can be pulled while traffic goes on.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

/// Where the gateway listens on it.
const GATEWAY_PORT: u16 = 2600;
/// The origin's port.
const ORIGIN_PORT: u16 = 8080;

/// A namespace. It goes when dropped, once no process is in it.
pub(in super::super) struct Separate {
    name: String,
    /// Our ends of the cables: to the API processes, and to clients and origin.
    links: [String; 2],
    net: u8,
}

impl Separate {
    /// Makes one.
    ///
    /// # Errors
    /// Why that cannot be done here: mostly for want of rights.
    pub(in super::super) fn make() -> Result<Self> {
        let pid = std::process::id();
        let [.., net] = pid.to_be_bytes();
        let name = format!("turnpike-{pid}");
        let separate = Self { links: [format!("tpa{pid}"), format!("tpc{pid}")], net, name };
        let name = separate.name.as_str();
        ip(&["netns", "add", name])?;
        ip(&["-n", name, "link", "set", "lo", "up"])?;
        for (number, link) in (0_u8..).zip(&separate.links) {
            let (ours, its) = (separate.host(number, 1), separate.host(number, 2));
            ip(&["link", "add", link, "type", "veth", "peer", "name", &format!("up{number}"), "netns", name])?;
            ip(&["address", "add", &format!("{ours}/30"), "dev", link])?;
            ip(&["link", "set", link, "up"])?;
            ip(&["-n", name, "address", "add", &format!("{its}/30"), "dev", &format!("up{number}")])?;
            ip(&["-n", name, "link", "set", &format!("up{number}"), "up"])?;
        }
        Ok(separate)
    }

    /// Pulls the cable to the API processes, or puts it in again.
    ///
    /// # Errors
    /// When that is refused.
    pub(in super::super) fn cut_off(&self, cut: bool) -> Result<()> {
        let [to_apis, _] = &self.links;
        ip(&["link", "set", to_apis, if cut { "down" } else { "up" }])
    }

    /// Where API processes are to answer so that it reaches them.
    pub(super) fn answering(&self) -> Ipv4Addr {
        self.host(0, 1)
    }

    /// Where its gateway listens.
    pub(super) fn gateway(&self) -> SocketAddr {
        SocketAddr::from((self.host(1, 2), GATEWAY_PORT))
    }

    /// Where it finds the origin.
    pub(super) fn origin(&self) -> SocketAddr {
        SocketAddr::from((self.host(1, 1), ORIGIN_PORT))
    }

    /// What goes before a command that is to run on it.
    pub(super) fn prefix(&self) -> Vec<String> {
        ["ip", "netns", "exec", &self.name].map(str::to_owned).to_vec()
    }

    fn host(&self, link: u8, end: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 203, self.net, link.saturating_mul(4).saturating_add(end))
    }
}

impl Drop for Separate {
    fn drop(&mut self) {
        // With one end of a cable the other goes too.
        for link in &self.links {
            drop(Command::new("ip").args(["link", "delete", link]).stderr(Stdio::null()).status());
        }
        drop(Command::new("ip").args(["netns", "delete", &self.name]).stderr(Stdio::null()).status());
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {}", arguments.join(" "), told.trim());
    Ok(())
}

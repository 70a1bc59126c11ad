//! microsocks with a login.

use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::Result;
use turnpike_testkit::product::free_address;

use super::{Kind, PASSWORD, Peer, Running, USERNAME, package_version, quiet};
use crate::load::Speech;

pub(super) fn start() -> Result<Peer> {
    let folder = tempfile::tempdir()?;
    let listen = free_address(Ipv4Addr::LOCALHOST)?;
    let mut command = Command::new("/usr/bin/microsocks");
    command.args(["-i", &listen.ip().to_string(), "-p", &listen.port().to_string()]);
    command.args(["-u", USERNAME, "-P", PASSWORD]);
    let child = quiet(command).spawn()?;
    Ok(Peer {
        kind: Kind::Microsocks,
        version: format!("microsocks {}", package_version("microsocks")),
        pid: child.id(),
        login: Some((USERNAME.to_owned(), PASSWORD.to_owned())),
        tunnels: vec![(Speech::Socks5, listen)],
        web: None,
        running: Running::Process(child, folder),
    })
}

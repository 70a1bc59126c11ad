//! HAProxy as it can stand in: TCP mode to one origin for tunnels, web mode for requests. It knows no proxy login.

use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::{Context as _, Result};
use turnpike_testkit::product::free_address;

use super::{Kind, Peer, Running, Setup, package_version, quiet};
use crate::load::Speech;

pub(super) fn start(setup: &Setup) -> Result<Peer> {
    let folder = tempfile::tempdir()?;
    let (tcp, web) = (free_address(Ipv4Addr::LOCALHOST)?, free_address(Ipv4Addr::LOCALHOST)?);
    let origin = setup.origins.first().context("no origin")?;
    let file = folder.path().join("haproxy.cfg");
    let text = format!(
        "global\n  maxconn 9000\n  nbthread 2\n\
         defaults\n  timeout connect 10s\n  timeout client 300s\n  timeout server 300s\n\
         frontend tunnels\n  mode tcp\n  bind {tcp}\n  default_backend raw\n\
         backend raw\n  mode tcp\n  server origin {origin}\n\
         frontend web\n  mode http\n  bind {web}\n  default_backend pages\n\
         backend pages\n  mode http\n  http-reuse always\n  server origin {origin}\n"
    );
    std::fs::write(&file, text)?;
    let mut command = Command::new("/usr/sbin/haproxy");
    command.arg("-db").arg("-f").arg(&file);
    let child = quiet(command).spawn()?;
    Ok(Peer {
        kind: Kind::Haproxy,
        version: format!("HAProxy {}", package_version("haproxy")),
        pid: child.id(),
        login: None,
        tunnels: vec![(Speech::Bare, tcp)],
        web: Some(web),
        running: Running::Process(child, folder),
    })
}

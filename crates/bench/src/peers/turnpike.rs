//! Turnpike as its users run it: `turnpike demo`, with login, metering and leases on.

use anyhow::Result;
use turnpike_testkit::product::{Launch, Product};

use super::{Kind, Peer, Running, Setup, first_line_of};
use crate::load::Speech;

/// More than a run carries.
const PACKAGE_GB: u32 = 100_000;

pub(super) fn start(setup: &Setup) -> Result<Peer> {
    let folder = tempfile::tempdir()?;
    let mut launch = Launch::new(&setup.turnpike, &folder.path().join("data"))?;
    launch.package_gb = PACKAGE_GB;
    let product = Product::start(launch)?;
    let ready = product.ready().clone();
    Ok(Peer {
        kind: Kind::Turnpike,
        version: first_line_of(&setup.turnpike.display().to_string(), "--version"),
        pid: product.pid(),
        login: Some((ready.username, ready.password)),
        tunnels: vec![(Speech::Connect, ready.gateway), (Speech::Socks5, ready.gateway)],
        web: Some(ready.gateway),
        running: Running::Product(Box::new((product, folder))),
    })
}

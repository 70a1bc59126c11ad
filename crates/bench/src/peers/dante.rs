//! Dante without logs, and without a login: the only ones it knows are the system's own users.

use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::Result;
use turnpike_testkit::product::free_address;

use super::{Kind, Peer, Running, package_version, quiet};
use crate::load::Speech;

pub(super) fn start() -> Result<Peer> {
    let folder = tempfile::tempdir()?;
    let listen = free_address(Ipv4Addr::LOCALHOST)?;
    let (file, pid) = (folder.path().join("danted.conf"), folder.path().join("danted.pid"));
    let text = format!(
        "logoutput: /dev/null\nerrorlog: /dev/null\n\
         internal: {} port = {}\nexternal: 127.0.0.1\nclientmethod: none\nsocksmethod: none\n\
         user.privileged: root\nuser.unprivileged: nobody\n\
         client pass {{\n  from: 127.0.0.0/8 to: 0.0.0.0/0\n}}\n\
         socks pass {{\n  from: 127.0.0.0/8 to: 0.0.0.0/0\n  protocol: tcp\n}}\n",
        listen.ip(),
        listen.port(),
    );
    std::fs::write(&file, text)?;
    let mut command = Command::new("/usr/sbin/danted");
    command.arg("-f").arg(&file).arg("-p").arg(&pid);
    let child = quiet(command).spawn()?;
    Ok(Peer {
        kind: Kind::Dante,
        version: format!("Dante {}", package_version("dante-server")),
        pid: child.id(),
        login: None,
        tunnels: vec![(Speech::Socks5, listen)],
        web: None,
        running: Running::Process(child, folder),
    })
}

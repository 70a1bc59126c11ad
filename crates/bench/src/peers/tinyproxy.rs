//! tinyproxy with Basic login and without logs. It closes after each plain request, so that it has no kept connections
//! to be measured on.

use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use anyhow::Result;
use turnpike_testkit::product::free_address;

use super::{Kind, PASSWORD, Peer, Running, USERNAME, package_version, quiet};
use crate::load::Speech;

/// More than a run opens at once.
const MOST_CLIENTS: u32 = 9000;

pub(super) fn start() -> Result<Peer> {
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let listen = free_address(Ipv4Addr::LOCALHOST)?;
    let file = folder.path().join("tinyproxy.conf");
    let text = format!(
        "Port {}\nListen {}\nTimeout 600\nMaxClients {MOST_CLIENTS}\nAllow 127.0.0.0/8\n\
         BasicAuth {USERNAME} {PASSWORD}\nLogFile \"/dev/null\"\nLogLevel Critical\nDisableViaHeader Yes\n",
        listen.port(),
        listen.ip(),
    );
    std::fs::write(&file, text)?;
    let mut command = Command::new("/usr/bin/tinyproxy");
    command.arg("-d").arg("-c").arg(&file);
    let child = quiet(command).spawn()?;
    Ok(Peer {
        kind: Kind::Tinyproxy,
        version: format!("tinyproxy {}", package_version("tinyproxy-bin")),
        pid: child.id(),
        login: Some((USERNAME.to_owned(), PASSWORD.to_owned())),
        tunnels: vec![(Speech::Connect, listen)],
        web: None,
        running: Running::Process(child, folder),
    })
}

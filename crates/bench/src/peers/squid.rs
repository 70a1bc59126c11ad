//! Squid with Basic login, without cache and logs.

use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};
use turnpike_testkit::product::free_address;

use super::{Kind, PASSWORD, Peer, Running, USERNAME, package_version, quiet};
use crate::load::Speech;

pub(super) fn start() -> Result<Peer> {
    let folder = tempfile::tempdir()?;
    // Squid gives up root and must still reach its files.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let listen = free_address(Ipv4Addr::LOCALHOST)?;
    let (file, passwords) = (folder.path().join("squid.conf"), folder.path().join("passwords"));
    let hash = Command::new("openssl").args(["passwd", "-apr1", PASSWORD]).output().context("openssl is missing")?;
    std::fs::write(&passwords, format!("{USERNAME}:{}", String::from_utf8(hash.stdout)?))?;
    let text = format!(
        "http_port {listen}\n\
         auth_param basic program /usr/lib/squid/basic_ncsa_auth {}\n\
         auth_param basic children 2\nauth_param basic credentialsttl 2 hours\n\
         acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n\
         cache deny all\naccess_log none\ncache_log /dev/null\npid_filename none\n\
         max_filedescriptors 20000\nshutdown_lifetime 0 seconds\n",
        passwords.display(),
    );
    std::fs::write(&file, text)?;
    let mut command = Command::new("/usr/sbin/squid");
    command.arg("-N").arg("-f").arg(&file);
    let child = quiet(command).spawn()?;
    Ok(Peer {
        kind: Kind::Squid,
        version: format!("Squid {}", package_version("squid")),
        pid: child.id(),
        login: Some((USERNAME.to_owned(), PASSWORD.to_owned())),
        tunnels: vec![(Speech::Connect, listen)],
        web: Some(listen),
        running: Running::Process(child, folder),
    })
}

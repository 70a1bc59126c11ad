//! What systemd gives and hears: sockets by name, readiness, reloads, the main process after a takeover.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::server::{Server, Site};

/// How long a message to systemd may take.
const TOLD_WITHIN: Duration = Duration::from_secs(10);

/// Listens as a socket unit does, on an address that the configuration does not name.
fn given() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[test]
fn sockets_given_by_name_are_used_instead_of_the_configured_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let ((api, api_address), (watch, watch_address)) = (given(), given());
    let serve = site.command(&["serve"]);
    let mut shell = Command::new("sh");
    // systemd sets the process id, which only the process itself knows.
    let script = "exec 3<&0 4<&1 0</dev/null 1>&2; LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=watch:api exec \"$@\"";
    shell.args(["-c", script, "sh"]).arg(serve.get_program()).args(serve.get_args());
    shell.stdin(Stdio::from(OwnedFd::from(watch))).stdout(Stdio::from(OwnedFd::from(api)));
    let mut server = Server::start_as(shell);
    for address in [api_address, watch_address] {
        std::net::TcpStream::connect(address).unwrap();
    }
    assert!(std::net::TcpStream::connect(site.api).is_err(), "the configured address was not bound");
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn readiness_reloads_and_the_end_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::embedded(folder.path());
    let path = folder.path().join("notify.sock");
    let told = UnixDatagram::bind(&path).unwrap();
    told.set_read_timeout(Some(TOLD_WITHIN)).unwrap();
    let next = || {
        let mut message = [0; 4096];
        let length = told.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    };
    let mut serve = site.command(&["serve"]);
    serve.env("NOTIFY_SOCKET", &path);
    let mut server = Server::start_as(serve);
    let ready = next();
    assert!(ready.contains("READY=1") && ready.contains(&format!("MAINPID={}", server.child.id())), "{ready}");
    site.write("drain_s = 'soon'");
    server.signal("-HUP");
    let reloading = next();
    assert!(reloading.contains("RELOADING=1") && reloading.contains("MONOTONIC_USEC="), "{reloading}");
    let refused = next();
    assert!(refused.contains("READY=1") && refused.contains("refused") && refused.contains("drain_s"), "{refused}");
    server.signal("-TERM");
    assert!(next().contains("STOPPING=1"));
    assert_eq!(server.ended().code(), Some(0));
}

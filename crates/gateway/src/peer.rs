//! The options every connection has, on both sides: small writes leave at once, a peer that vanished is noticed.

use std::io;

use socket2::{SockRef, Socket, TcpKeepalive};
use tokio::net::TcpStream;

use crate::settings::Deadlines;

/// Sets the options. On a listener they are inherited by what it accepts, which saves system calls.
pub(crate) fn equip(socket: &Socket, deadlines: &Deadlines) -> io::Result<()> {
    hasten(socket)?;
    watch_over(socket, deadlines)
}

/// Small writes leave at once.
pub(crate) fn hasten(socket: &Socket) -> io::Result<()> {
    socket.set_tcp_nodelay(true)
}

/// A peer that vanished is noticed. Four system calls, which a connection that lasts a moment can do without.
pub(crate) fn watch_over(socket: &Socket, deadlines: &Deadlines) -> io::Result<()> {
    // The number of probes is left alone: with a user timeout the kernel goes by that instead (tcp(7)).
    let keepalive = TcpKeepalive::new().with_time(deadlines.keepalive()).with_interval(deadlines.keepalive_interval());
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(deadlines.user_timeout()))
}

/// Lets a peer that has no room take its time. The kernel's user timeout also counts a window that is shut, so a reader
/// that pauses would be reset as if it had vanished: from here on the stall deadline counts for it instead.
pub(crate) fn have_patience(peer: &TcpStream, deadlines: &Deadlines) {
    if turnpike_socket::in_flight(peer).is_ok_and(|segments| segments == 0) {
        let longest = deadlines.stall().max(deadlines.user_timeout());
        // Where the kernel refuses, the user timeout ends what the stall deadline would have.
        SockRef::from(peer).set_tcp_user_timeout(Some(longest)).ok();
    }
}

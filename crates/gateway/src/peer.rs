//! The options every connection has, on both sides: small writes leave at once, a peer that vanished is noticed.

use std::io;

use socket2::{Socket, TcpKeepalive};

use crate::settings::Deadlines;

/// Sets the options. On a listener they are inherited by what it accepts, which saves system calls.
pub(crate) fn equip(socket: &Socket, deadlines: &Deadlines) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    // The number of probes is left alone: with a user timeout the kernel goes by that instead (tcp(7)).
    let keepalive = TcpKeepalive::new().with_time(deadlines.keepalive()).with_interval(deadlines.keepalive_interval());
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(deadlines.user_timeout()))
}

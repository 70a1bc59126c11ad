//! Safe wrappers for socket facts no other crate offers: how much of what was written the peer's kernel still owes an
//! acknowledgement for, and how much of that is under way.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};

use nix::libc;

mod request {
    nix::ioctl_read_bad!(outq, nix::libc::TIOCOUTQ, nix::libc::c_int);
}

/// Bytes written to a connected TCP socket that the peer's kernel has not acknowledged. After a reset the figure stays
/// what it was when the reset came.
///
/// `shut_down` says whether the write side was shut down: a FIN takes one place in the sequence, last of all.
///
/// # Errors
/// What the kernel says, for a descriptor that is no connected stream socket.
pub fn unacknowledged(socket: impl AsFd, shut_down: bool) -> io::Result<u64> {
    let mut waiting = 0;
    // SAFETY: SIOCOUTQ (the same number as TIOCOUTQ) writes one int through the pointer, which points to a live one,
    // and the descriptor is borrowed for the length of the call.
    unsafe { request::outq(socket.as_fd().as_raw_fd(), &raw mut waiting) }?;
    let waiting = u64::try_from(waiting).unwrap_or(0);
    Ok(if shut_down { waiting.saturating_sub(1) } else { waiting })
}

/// Segments that were sent to the peer of a connected TCP socket and not acknowledged. None though bytes wait means that
/// the peer's kernel answers and has no room for them; a peer that vanished owes some for ever.
///
/// # Errors
/// What the kernel says, for a descriptor that is no TCP socket.
pub fn in_flight(socket: impl AsFd) -> io::Result<u32> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).map_err(io::Error::other)?;
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the kernel writes at most `length` bytes through the pointer, which points to that many live ones, and the
    // descriptor is borrowed for the length of the call.
    let outcome = unsafe {
        libc::getsockopt(socket, libc::IPPROTO_TCP, libc::TCP_INFO, info.as_mut_ptr().cast(), &raw mut length)
    };
    if outcome != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `tcp_info` is plain integers, for which every bit pattern is valid; what the kernel did not write is zero.
    Ok(unsafe { info.assume_init() }.tcpi_unacked)
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    /// Writes until the peer's window and the send queue are full; returns how much went in.
    fn fill(socket: &mut TcpStream) -> u64 {
        socket.set_nonblocking(true).unwrap();
        let mut written = 0;
        loop {
            match socket.write(&[7; 8192]) {
                Ok(count) => written += u64::try_from(count).unwrap(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return written,
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn what_the_peer_has_no_room_for_is_unacknowledged() {
        let (mut near, mut far) = pair();
        assert_eq!(unacknowledged(&near, false).unwrap(), 0);
        let written = fill(&mut near);
        let waiting = unacknowledged(&near, false).unwrap();
        assert!(waiting > 0 && waiting < written, "{waiting} of {written}");
        near.shutdown(Shutdown::Write).unwrap();
        assert_eq!(unacknowledged(&near, true).unwrap(), unacknowledged(&near, false).unwrap() - 1);
        let mut read = Vec::new();
        far.read_to_end(&mut read).unwrap();
        assert_eq!(u64::try_from(read.len()).unwrap(), written);
    }

    #[test]
    fn nothing_is_in_flight_to_a_peer_that_has_no_room() {
        let (mut near, _far) = pair();
        fill(&mut near);
        // The last segments' acknowledgements come at once on loopback, but not before the write returns.
        while in_flight(&near).unwrap() > 0 {
            std::thread::yield_now();
        }
        assert!(unacknowledged(&near, false).unwrap() > 0);
    }

    #[test]
    fn a_file_is_no_socket() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(unacknowledged(&file, false).is_err());
        assert!(in_flight(&file).is_err());
    }
}

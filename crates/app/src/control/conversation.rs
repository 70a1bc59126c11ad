//! One connection on the control socket: lines of JSON, some with descriptors beside them.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::{LONGEST_LINE, MOST_DESCRIPTORS};

/// Room for the descriptors beside one line.
const ROOM: usize = rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS));

/// What was received and not yet read.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

impl Inbox {
    /// Receives once; false when the other side has closed.
    ///
    /// # Errors
    /// What the kernel says; `InvalidData` for a line that never ends.
    pub(super) fn receive(&mut self, socket: impl AsFd) -> io::Result<bool> {
        let (mut room, mut control) = ([0; 4096], [MaybeUninit::uninit(); ROOM]);
        let mut ancillary = RecvAncillaryBuffer::new(&mut control);
        let got = recvmsg(socket, &mut [IoSliceMut::new(&mut room)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        self.bytes.extend_from_slice(room.get(..got.bytes).unwrap_or_default());
        if self.bytes.len() > LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is too long"));
        }
        Ok(got.bytes > 0)
    }

    /// The next line, when it is whole.
    ///
    /// # Errors
    /// When it is not what was expected.
    pub(super) fn line<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let rest = self.bytes.split_off(end.saturating_add(1));
        let line = std::mem::replace(&mut self.bytes, rest);
        Ok(Some(serde_json::from_slice(&line)?))
    }

    /// The next descriptor.
    pub(super) fn descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop_front()
    }
}

/// A value as a line.
///
/// # Errors
/// When it cannot be written as JSON.
pub(super) fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Sends a line, or as much of it as fits, with descriptors beside its first byte; returns how many bytes went.
///
/// # Errors
/// What the kernel says.
pub(super) fn send(socket: impl AsFd, line: &[u8], descriptors: &[OwnedFd]) -> io::Result<usize> {
    let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut control = [MaybeUninit::uninit(); ROOM];
    let mut ancillary = SendAncillaryBuffer::new(&mut control);
    if !borrowed.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        return Err(io::Error::other("too many descriptors for one line"));
    }
    Ok(sendmsg(socket, &[IoSlice::new(line)], &mut ancillary, SendFlags::NOSIGNAL)?)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::super::wire::{Answer, SocketName};
    use super::*;

    #[test]
    fn descriptors_arrive_with_their_lines_and_in_order() {
        let (near, far) = UnixStream::pair().unwrap();
        let pipes: Vec<_> = (0..3).map(|_| std::io::pipe().unwrap()).collect();
        for (index, (read, write)) in pipes.into_iter().enumerate() {
            let name = SocketName { name: index.to_string(), given: false };
            let answer = line(&Answer::Sockets { sockets: vec![name], more: true }).unwrap();
            assert_eq!(send(&near, &answer, &[read.into()]).unwrap(), answer.len());
            std::fs::File::from(OwnedFd::from(write)).write_all(&[u8::try_from(index).unwrap()]).unwrap();
        }
        let mut inbox = Inbox::default();
        for index in 0..3_u8 {
            let answer = loop {
                if let Some(answer) = inbox.line::<Answer>().unwrap() {
                    break answer;
                }
                assert!(inbox.receive(&far).unwrap());
            };
            assert!(matches!(answer, Answer::Sockets { sockets, .. } if sockets[0].name == index.to_string()));
            let mut read = std::fs::File::from(inbox.descriptor().unwrap());
            let mut byte = [9];
            read.read_exact(&mut byte).unwrap();
            assert_eq!(byte, [index]);
        }
        drop(near);
        assert!(!inbox.receive(&far).unwrap());
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let (mut near, far) = UnixStream::pair().unwrap();
        let writer = std::thread::spawn(move || near.write_all(&vec![b'x'; LONGEST_LINE + 1]));
        let mut inbox = Inbox::default();
        let refused = loop {
            match inbox.receive(&far) {
                Ok(more) => assert!(more),
                Err(error) => break error,
            }
        };
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
        drop(far);
        drop(writer.join().unwrap());
    }
}

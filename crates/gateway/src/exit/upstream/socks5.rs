//! Asking a SOCKS5 proxy (RFC 1928), with a login (RFC 1929) or without. Each message waits for the answer to the one before: some
//! proxies take whatever arrives at once for one message.

use std::net::IpAddr;

use turnpike_domain::destination::Target;

use super::{Login, Peer};
use crate::exit::{DialError, ExitFault};
use crate::refusal::Refusal;
use crate::socks5::message::VERSION;

const LOGIN_VERSION: u8 = 1;
const NO_LOGIN: u8 = 0;
const USERNAME_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
const ADDRESS_V4: u8 = 1;
const ADDRESS_NAME: u8 = 3;
const ADDRESS_V6: u8 = 4;

impl Peer {
    /// Agrees on a method and logs in. Only the method that is wanted is offered: an upstream that may do without a login would not
    /// be told of place and session otherwise.
    pub(super) async fn greet(&mut self, login: Option<&Login<'_>>) -> Result<(), DialError> {
        let method = if login.is_some() { USERNAME_PASSWORD } else { NO_LOGIN };
        self.send(&[VERSION, 1, method]).await?;
        match self.take::<2>().await? {
            [VERSION, chosen] if chosen == method => {}
            [VERSION, NO_METHOD] => return Err(ExitFault::Login.into()),
            _ => return Err(ExitFault::Protocol.into()),
        }
        let Some(login) = login else { return Ok(()) };
        self.send(&login_message(login)?).await?;
        match self.take::<2>().await? {
            // Some put the version of the protocol there instead of that of the login.
            [LOGIN_VERSION | VERSION, 0] => Ok(()),
            [LOGIN_VERSION | VERSION, _] => Err(ExitFault::Login.into()),
            _ => Err(ExitFault::Protocol.into()),
        }
    }

    /// Asks for a target. What stands in the inbox afterwards came from it.
    pub(super) async fn ask_by_socks(&mut self, target: &Target) -> Result<(), DialError> {
        self.send(&request(target)?).await?;
        let [version, reply, _, kind] = self.take().await?;
        if version != VERSION {
            return Err(ExitFault::Protocol.into());
        }
        judge(reply)?;
        // By which address and port it left; nobody wants to know, but it has to be out of the way.
        let length = match kind {
            ADDRESS_V4 => 4,
            ADDRESS_V6 => 16,
            ADDRESS_NAME => {
                let [length] = self.take().await?;
                usize::from(length)
            }
            _ => return Err(ExitFault::Protocol.into()),
        };
        self.skip(length + 2).await
    }

    /// The next `N` bytes.
    async fn take<const N: usize>(&mut self) -> Result<[u8; N], DialError> {
        loop {
            if let Some(bytes) = self.inbox.unread().first_chunk().copied() {
                self.inbox.consume(N);
                return Ok(bytes);
            }
            self.hear().await?;
        }
    }

    async fn skip(&mut self, length: usize) -> Result<(), DialError> {
        while self.inbox.unread().len() < length {
            self.hear().await?;
        }
        self.inbox.consume(length);
        Ok(())
    }
}

/// `VER ULEN UNAME PLEN PASSWD`.
fn login_message(login: &Login<'_>) -> Result<Vec<u8>, DialError> {
    let mut message = vec![LOGIN_VERSION];
    counted(&mut message, login.username.as_bytes())?;
    counted(&mut message, login.password.as_bytes())?;
    Ok(message)
}

/// `VER CMD RSV ATYP DST.ADDR DST.PORT`.
fn request(target: &Target) -> Result<Vec<u8>, DialError> {
    let mut message = vec![VERSION, CONNECT, 0];
    match target {
        Target::Address(address) => match address.ip() {
            IpAddr::V4(ip) => {
                message.push(ADDRESS_V4);
                message.extend_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                message.push(ADDRESS_V6);
                message.extend_from_slice(&ip.octets());
            }
        },
        Target::Name(name, _) => {
            message.push(ADDRESS_NAME);
            counted(&mut message, name.as_str().as_bytes())?;
        }
    }
    message.extend_from_slice(&target.port().to_be_bytes());
    Ok(message)
}

/// Appends bytes with their count in front. The types of what is sent bound it; a longer one would be a bad login.
fn counted(message: &mut Vec<u8>, bytes: &[u8]) -> Result<(), DialError> {
    message.push(u8::try_from(bytes.len()).map_err(|_| ExitFault::Login)?);
    message.extend_from_slice(bytes);
    Ok(())
}

/// What a reply means (RFC 1928 §6). Common proxies say 1 for names that do not exist too, so it cannot be held against the exit.
fn judge(reply: u8) -> Result<(), DialError> {
    Err(match reply {
        0 => return Ok(()),
        1 => Refusal::ConnectFailed.into(),
        2 => Refusal::ExitDeniesTarget.into(),
        // A kind of address that it does not know is one that it does not reach.
        3 | 4 | 8 => Refusal::Unreachable.into(),
        5 => Refusal::ConnectRefused.into(),
        6 => Refusal::ConnectTimedOut.into(),
        _ => ExitFault::Protocol.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socks5::message;

    #[test]
    fn requests_are_what_a_server_reads() {
        let longest = format!("{}.example:443", ["a".repeat(63), "b".repeat(63), "c".repeat(63)].join("."));
        for text in ["192.0.2.1:443", "[2001:db8::1]:80", "a.example:8080", &longest] {
            let target = Target::parse_authority(text).unwrap();
            let bytes = request(&target).unwrap();
            assert_eq!(message::request(&bytes), Ok(Some((target, bytes.len()))), "{text}");
        }
    }

    #[test]
    fn logins_are_what_a_server_reads() {
        let (username, password) = ("u".repeat(255), "p".repeat(255));
        let bytes = login_message(&Login { username: username.clone(), password: &password }).unwrap();
        let (login, length) = message::login(&bytes).unwrap().unwrap();
        assert_eq!((login.name, login.password), (username.as_bytes(), password.as_bytes()));
        assert_eq!(length, bytes.len());
    }

    #[test]
    fn what_does_not_fit_its_count_is_not_sent() {
        let login = Login { username: "u".repeat(256), password: "" };
        assert_eq!(login_message(&login), Err(ExitFault::Login.into()));
    }

    #[test]
    fn what_a_client_can_bring_about_is_no_fault_of_the_exit() {
        for reply in [1, 2, 3, 4, 5, 6, 8] {
            assert!(matches!(judge(reply), Err(DialError::Target(_))), "{reply}");
        }
        for reply in [7, 9, 0xff] {
            assert!(matches!(judge(reply), Err(DialError::Exit { hung: false, .. })), "{reply}");
        }
    }
}

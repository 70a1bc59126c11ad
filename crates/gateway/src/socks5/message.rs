//! The client's three messages, read from the bytes that have arrived so far, and what answers them.
//! `None` always means that more must come; nothing is read before it is complete.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use turnpike_domain::destination::{Target, TargetError};

/// The version byte of RFC 1928, and the first byte that tells this protocol from HTTP.
pub const VERSION: u8 = 5;
/// The version byte of RFC 1929.
const LOGIN_VERSION: u8 = 1;
/// The method of RFC 1929.
const USERNAME_PASSWORD: u8 = 2;

/// The method of RFC 1928 that asks for nothing.
const NO_LOGIN: u8 = 0;

/// The answer to a greeting that offers to do without a login, from a source that may.
pub const NO_LOGIN_CHOSEN: [u8; 2] = [VERSION, NO_LOGIN];
/// The answer to a greeting that offers username and password.
pub const METHOD_CHOSEN: [u8; 2] = [VERSION, USERNAME_PASSWORD];
/// The answer to a greeting that offers nothing of use; the connection is closed behind it.
pub const NO_METHOD: [u8; 2] = [VERSION, 0xff];
/// The answer to right credentials.
pub const LOGIN_TAKEN: [u8; 2] = [LOGIN_VERSION, 0];
/// The answer to wrong or malformed credentials; the connection is closed behind it.
pub const LOGIN_REFUSED: [u8; 2] = [LOGIN_VERSION, 1];
/// The reply field for success.
pub const SUCCEEDED: u8 = 0;

/// What is wrong with a client's message. It decides the answer, which is always the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SocksFault {
    /// Another version, or no method is offered that is taken here.
    #[error("username and password (RFC 1929) are not offered")]
    Method,
    /// A malformed login message, or an empty name or password.
    #[error("the login is malformed")]
    Login,
    /// A version or reserved byte that is none.
    #[error("the request is malformed")]
    Request,
    /// BIND, UDP ASSOCIATE or another command.
    #[error("only CONNECT is served")]
    Command,
    /// An unknown kind of address.
    #[error("the kind of address is unknown")]
    AddressType,
    /// A name or port that is none.
    #[error("{0}")]
    Target(#[from] TargetError),
}

impl SocksFault {
    /// The whole answer.
    pub const fn answer(self) -> Answer {
        match self {
            Self::Method => Answer::Short(NO_METHOD),
            Self::Login => Answer::Short(LOGIN_REFUSED),
            Self::Request | Self::Target(_) => Answer::Reply(reply(1)),
            Self::Command => Answer::Reply(reply(7)),
            Self::AddressType => Answer::Reply(reply(8)),
        }
    }
}

/// An answer, as long as its message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To a greeting or a login.
    Short([u8; 2]),
    /// To a request.
    Reply([u8; 10]),
}

impl Answer {
    /// The bytes to send.
    pub const fn bytes(&self) -> &[u8] {
        match self {
            Self::Short(bytes) => bytes,
            Self::Reply(bytes) => bytes,
        }
    }
}

/// A reply to a request. The bound address is left out: looking it up would cost a system call that no client uses.
pub const fn reply(field: u8) -> [u8; 10] {
    [VERSION, field, 0, ADDRESS_V4, 0, 0, 0, 0, 0, 0]
}

/// Something read, and how many bytes it took.
pub type Read<T> = Result<Option<(T, usize)>, SocksFault>;

/// What a greeting offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Methods {
    /// Username and password.
    pub login: bool,
    /// Nothing at all.
    pub nothing: bool,
}

/// Reads the greeting: `VER NMETHODS METHODS`.
///
/// # Errors
/// [`SocksFault::Method`], when it offers neither.
pub fn greeting(bytes: &[u8]) -> Read<Methods> {
    match bytes.first() {
        None => return Ok(None),
        Some(&VERSION) => {}
        Some(_) => return Err(SocksFault::Method),
    }
    let Some(count) = bytes.get(1) else { return Ok(None) };
    if *count == 0 {
        return Err(SocksFault::Method);
    }
    let end = 2 + usize::from(*count);
    let Some(methods) = bytes.get(2..end) else { return Ok(None) };
    let offered = Methods { login: methods.contains(&USERNAME_PASSWORD), nothing: methods.contains(&NO_LOGIN) };
    if offered.login || offered.nothing { Ok(Some((offered, end))) } else { Err(SocksFault::Method) }
}

/// A name and a password as they came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LoginMessage<'a> {
    /// The name, 1 to 255 bytes.
    pub name: &'a [u8],
    /// The password, 1 to 255 bytes.
    pub password: &'a [u8],
}

impl std::fmt::Debug for LoginMessage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoginMessage(***)")
    }
}

/// Reads the login: `VER ULEN UNAME PLEN PASSWD`.
///
/// # Errors
/// [`SocksFault::Login`].
pub fn login(bytes: &[u8]) -> Read<LoginMessage<'_>> {
    match bytes.first() {
        None => return Ok(None),
        Some(&LOGIN_VERSION) => {}
        Some(_) => return Err(SocksFault::Login),
    }
    let Some((name, after_name)) = counted(bytes, 1, SocksFault::Login)? else { return Ok(None) };
    let Some((password, end)) = counted(bytes, after_name, SocksFault::Login)? else { return Ok(None) };
    Ok(Some((LoginMessage { name, password }, end)))
}

const CONNECT: u8 = 1;
const ADDRESS_V4: u8 = 1;
const ADDRESS_NAME: u8 = 3;
const ADDRESS_V6: u8 = 4;

/// Reads the request: `VER CMD RSV ATYP DST.ADDR DST.PORT`.
///
/// # Errors
/// Any [`SocksFault`] but the first two.
pub fn request(bytes: &[u8]) -> Read<Target> {
    let Some((head, _)) = bytes.split_first_chunk::<4>() else { return early_fault(bytes) };
    let [version, command, reserved, kind] = *head;
    check_head(version, command, reserved)?;
    match kind {
        ADDRESS_V4 => {
            let Some(octets) = chunk::<4>(bytes, 4) else { return Ok(None) };
            with_port(bytes, 8, |port| Ok(Target::Address(SocketAddr::new(Ipv4Addr::from(octets).into(), port))))
        }
        ADDRESS_V6 => {
            let Some(octets) = chunk::<16>(bytes, 4) else { return Ok(None) };
            with_port(bytes, 20, |port| Ok(Target::Address(SocketAddr::new(Ipv6Addr::from(octets).into(), port))))
        }
        ADDRESS_NAME => {
            let fault = SocksFault::Target(TargetError::Name(turnpike_domain::destination::NameFault::EmptyLabel));
            let Some((name, end)) = counted(bytes, 4, fault)? else { return Ok(None) };
            with_port(bytes, end, |port| Target::from_socks_name(name, port))
        }
        _ => Err(SocksFault::AddressType),
    }
}

/// Tells what is wrong as soon as the byte that is wrong has arrived.
fn early_fault(bytes: &[u8]) -> Read<Target> {
    let at = |index: usize, right: u8| bytes.get(index).copied().unwrap_or(right);
    check_head(at(0, VERSION), at(1, CONNECT), at(2, 0))?;
    Ok(None)
}

const fn check_head(version: u8, command: u8, reserved: u8) -> Result<(), SocksFault> {
    match (version, command, reserved) {
        (VERSION, CONNECT, 0) => Ok(()),
        (VERSION, CONNECT, _) => Err(SocksFault::Request),
        (VERSION, _, _) => Err(SocksFault::Command),
        _ => Err(SocksFault::Request),
    }
}

/// Bytes with their count in front, at least one, and where they end.
fn counted(bytes: &[u8], at: usize, if_none: SocksFault) -> Result<Option<(&[u8], usize)>, SocksFault> {
    let Some(count) = bytes.get(at) else { return Ok(None) };
    if *count == 0 {
        return Err(if_none);
    }
    let end = at + 1 + usize::from(*count);
    Ok(bytes.get(at + 1..end).map(|counted| (counted, end)))
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn with_port(bytes: &[u8], at: usize, target: impl FnOnce(u16) -> Result<Target, TargetError>) -> Read<Target> {
    match chunk::<2>(bytes, at).map(u16::from_be_bytes) {
        None => Ok(None),
        Some(0) => Err(SocksFault::Target(TargetError::Port)),
        Some(port) => Ok(Some((target(port)?, at + 2))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a message gives, once all of it is there; before that nothing or the same fault.
    fn bit_by_bit<'b, T: PartialEq + std::fmt::Debug>(
        message: &'b [u8],
        read: impl Fn(&'b [u8]) -> Read<T>,
    ) -> Read<T> {
        let whole = read(message);
        for length in 0..message.len() {
            let part = read(&message[..length]);
            assert!(part == Ok(None) || part == whole, "{length}: {part:?}");
        }
        whole
    }

    #[test]
    fn a_greeting_must_offer_a_login_or_nothing() {
        let offers = |login, nothing, length| Ok(Some((Methods { login, nothing }, length)));
        assert_eq!(bit_by_bit(&[5, 2, 0, 2], greeting), offers(true, true, 4));
        assert_eq!(bit_by_bit(&[5, 1, 2], greeting), offers(true, false, 3));
        assert_eq!(bit_by_bit(&[5, 1, 0], greeting), offers(false, true, 3));
        assert_eq!(bit_by_bit(&[5, 1, 1], greeting), Err(SocksFault::Method));
        assert_eq!(bit_by_bit(&[5, 0], greeting), Err(SocksFault::Method));
        assert_eq!(bit_by_bit(&[4, 1, 2], greeting), Err(SocksFault::Method));
        let all: Vec<u8> = [5, 255].into_iter().chain(0..255).collect();
        assert_eq!(bit_by_bit(&all, greeting), offers(true, true, 257));
    }

    #[test]
    fn a_login_has_a_name_and_a_password() {
        assert_eq!(bit_by_bit(b"\x01\x01u\x01pX", login), Ok(Some((LoginMessage { name: b"u", password: b"p" }, 5))));
        for bad in [&b"\x05\x01u\x01p"[..], b"\x01\x00\x01p", b"\x01\x01u\x00"] {
            assert_eq!(bit_by_bit(bad, login), Err(SocksFault::Login));
        }
    }

    #[test]
    fn a_request_names_its_target_in_three_ways() {
        let v4 = Target::Address("192.0.2.1:443".parse().unwrap());
        assert_eq!(bit_by_bit(&[5, 1, 0, 1, 192, 0, 2, 1, 1, 187], request), Ok(Some((v4, 10))));
        let v6 = Target::Address("[2001:db8::1]:80".parse().unwrap());
        let bytes = [5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80];
        assert_eq!(bit_by_bit(&bytes, request), Ok(Some((v6, 22))));
        let name = Target::parse_authority("a.example:80").unwrap();
        assert_eq!(bit_by_bit(b"\x05\x01\x00\x03\x09a.example\x00\x50", request), Ok(Some((name, 16))));
    }

    #[test]
    fn each_fault_of_a_request_has_its_reply() {
        let fault = |bytes: &[u8]| request(bytes).unwrap_err().answer().bytes().get(1).copied();
        assert_eq!(fault(&[5, 2]), Some(7));
        assert_eq!(fault(&[5, 3]), Some(7));
        assert_eq!(fault(&[4]), Some(1));
        assert_eq!(fault(&[5, 1, 1]), Some(1));
        assert_eq!(fault(&[5, 1, 0, 2]), Some(8));
        assert_eq!(fault(&[5, 1, 0, 3, 0]), Some(1));
        assert_eq!(fault(&[5, 1, 0, 1, 192, 0, 2, 1, 0, 0]), Some(1));
        assert_eq!(fault(b"\x05\x01\x00\x03\x03a b\x00\x50"), Some(1));
    }
}

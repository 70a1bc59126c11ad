//! Whose requests these are. Every request is authenticated; a login that was right a moment ago and has not been
//! revoked is not hashed again.

use tokio::net::TcpStream;

use super::basic::Credentials;
use crate::admit;
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::session::Front;
use crate::tab::Tab;

/// An account as one connection uses it.
pub(super) struct Identity {
    /// The value of `Proxy-Authorization` that was found right.
    login: Box<[u8]>,
    pub(super) permit: Permit,
    pub(super) tab: Tab,
}

/// Authenticates one request. True when its login is not the same as before.
///
/// # Errors
/// Why it is refused.
pub(super) async fn authenticate(
    known: &mut Option<Identity>,
    login: Option<&[u8]>,
    front: &Front,
    client: &TcpStream,
) -> Result<bool, Refusal> {
    let login = login.ok_or(Refusal::Credentials)?;
    if known.as_ref().is_some_and(|known| *known.login == *login && !known.permit.is_revoked()) {
        return Ok(false);
    }
    // The old one makes room first, so that changing a login does not count as two connections.
    if let Some(mut old) = known.take() {
        old.tab.proven(client).await;
    }
    let permit = admit(front, login)?;
    *known = Some(Identity { login: login.into(), tab: permit.tab(), permit });
    Ok(true)
}

fn admit(front: &Front, login: &[u8]) -> Result<Permit, Refusal> {
    let credentials = Credentials::parse(login).ok_or(Refusal::Credentials)?;
    admit::admit(front, &credentials.login, credentials.password())
}

//! Whose requests these are. Every request is authenticated; a login that was right a moment ago and has not been
//! revoked is not hashed again.

use std::sync::Arc;

use tokio::net::TcpStream;
use turnpike_domain::connection::Protocol;

use super::basic::Credentials;
use crate::account::Account;
use crate::admit;
use crate::endpoints::{self, Tenant};
use crate::line::{Arrival, Door};
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::session::Front;
use crate::tab::Tab;

/// An account as one connection uses it.
pub(super) struct Identity {
    /// The value of `Proxy-Authorization` that was found right; `None` when the source was.
    login: Option<Box<[u8]>>,
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
    (client, arrival): (&TcpStream, &Arrival),
) -> Result<bool, Refusal> {
    let is_known = |known: &Identity| known.login.as_deref() == login && !known.permit.is_revoked();
    if known.as_ref().is_some_and(is_known) {
        arrival.door.check_open()?;
        return Ok(false);
    }
    // Whoever was known stays known: the next request may have its login again.
    if login.is_none() && matches!(arrival.door, Door::Login) {
        return Err(Refusal::Credentials);
    }
    // The old one makes room first, so that changing a login does not count as two connections.
    if let Some(mut old) = known.take() {
        old.tab.proven(client).await;
    }
    let permit = match (login, &arrival.door) {
        (Some(login), Door::Endpoint(tenant)) => admit_at(front, tenant, arrival, login)?,
        (None, Door::Endpoint(tenant)) => endpoints::admit_source(front, tenant, (arrival, Protocol::Http))?,
        (Some(login), _) => admit(front, arrival, login)?,
        (None, Door::Open(account)) => front.directory.admit_source(account, (arrival, Protocol::Http))?,
        (None, Door::Login) => return Err(Refusal::Credentials),
    };
    *known = Some(Identity { login: login.map(Into::into), tab: permit.tab(), permit });
    Ok(true)
}

/// The account that a refusal is about; `None` when nobody has shown that it is his.
pub(super) fn account_of(
    front: &Front,
    (login, door): (Option<&[u8]>, &Door),
    refusal: &Refusal,
) -> Option<Arc<Account>> {
    refusal.reason()?;
    match (login, door) {
        (Some(login), _) => front.directory.named(&Credentials::parse(login)?.login.username),
        (None, Door::Endpoint(tenant)) => Some(Arc::clone(tenant.account())),
        (None, Door::Open(account)) => front.directory.named(account),
        (None, Door::Login) => None,
    }
}

fn admit(front: &Front, arrival: &Arrival, login: &[u8]) -> Result<Permit, Refusal> {
    let credentials = Credentials::parse(login).ok_or(Refusal::Credentials)?;
    admit::admit(front, (arrival, Protocol::Http), &credentials.login, credentials.password())
}

fn admit_at(front: &Front, tenant: &Arc<Tenant>, arrival: &Arrival, login: &[u8]) -> Result<Permit, Refusal> {
    let credentials = Credentials::parse(login).ok_or(Refusal::Credentials)?;
    let login = (&credentials.login, credentials.password());
    endpoints::admit_login(front, tenant, (arrival, Protocol::Http), login)
}

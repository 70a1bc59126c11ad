//! Who may connect, and to what: the checks both protocols make, in the order clients may rely on (contract §10).
//! Credentials come first, so that only their owner learns anything else.

use tokio::net::TcpStream;
use turnpike_domain::connection::Protocol;
use turnpike_domain::destination::Target;
use turnpike_domain::login::Login;

use crate::line::Arrival;
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::session::Front;

/// Checks the credentials, the state of account and customer, their limits, and then whether the login's wishes can be
/// met.
///
/// # Errors
/// The first check that fails.
pub(crate) fn admit(
    front: &Front,
    comer: (&Arrival, Protocol),
    login: &Login,
    password: &[u8],
) -> Result<Permit, Refusal> {
    let permit = front.directory.admit(login, password, comer)?;
    // The one exit has no declared place and no customer's address.
    if !login.place.is_anywhere() {
        return Err(Refusal::PlaceNotServed);
    }
    if login.ip.is_some() {
        return Err(Refusal::NoExit);
    }
    Ok(permit)
}

/// Checks the target and the traffic left, and connects.
///
/// # Errors
/// The first check that fails, or why there is no connection.
pub(crate) async fn reach(front: &Front, permit: &Permit, target: &Target) -> Result<TcpStream, Refusal> {
    permit.line().head_for(target);
    front.policy.check_port(target.port())?;
    if let Target::Address(address) = target {
        let destination = front.policy.classify(*address)?;
        permit.ensure_traffic().await?;
        return front.exit.dial(&[destination]).await;
    }
    permit.ensure_traffic().await?;
    let destinations = front.resolver.destinations(target).await?;
    front.exit.dial(&destinations).await
}

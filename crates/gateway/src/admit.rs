//! Who may connect, and to what: the checks both protocols make, in the order clients may rely on (contract §10).
//! Credentials come first, so that only their owner learns anything else.

use turnpike_domain::connection::Protocol;
use turnpike_domain::login::Login;

use crate::leave;
use crate::line::Arrival;
use crate::permit::Permit;
use crate::refusal::Refusal;
use crate::session::Front;
use crate::wishes::Wishes;

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
    let wishes = Wishes::of(login, permit.customer().id(), permit.product_type());
    admit_wishes(front, permit, wishes)
}

/// Lets a client in who is known already, if what it wishes can be met.
///
/// # Errors
/// [`Refusal::PlaceNotServed`], [`Refusal::StaticIpNotHeld`].
pub(crate) fn admit_wishes(front: &Front, permit: Permit, wishes: Option<Box<Wishes>>) -> Result<Permit, Refusal> {
    leave::check(&front.directory, &permit, wishes.as_deref())?;
    Ok(permit.wishing(wishes))
}

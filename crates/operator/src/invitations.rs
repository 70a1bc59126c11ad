//! Invitations: a customer's code for inviting others, and who invited it.

use serde::Serialize;
use turnpike_domain::ids::{CustomerId, OrderId};
use utoipa::ToSchema;

use crate::desk::Desk;
use crate::members::{Members, Nothing, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::KeyShape;

/// A customer's invitations.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// What others are invited with; `null` until it is drawn.
    #[schema(required = true)]
    code: Option<String>,
    /// Who invited the customer.
    #[schema(required = true, minimum = 1)]
    invited_by: Option<i64>,
    /// The order that had the discount for it.
    #[schema(required = true, minimum = 1)]
    order: Option<i64>,
}

impl Invitation {
    fn of(invitation: &turnpike_service::Invitation) -> Self {
        Self {
            code: invitation.code.clone(),
            invited_by: invitation.invited_by.map(CustomerId::get),
            order: invitation.order.map(OrderId::get),
        }
    }
}

pub(crate) async fn show(desk: Desk, _: Nothing) -> Result<Invitation, Problem> {
    Ok(Invitation::of(&desk.service.invitation(desk.customer()?).await?))
}

/// It is drawn the first time, and stays.
pub(crate) async fn give_code(desk: Desk, _: Nothing) -> Result<Invitation, Problem> {
    let customer = desk.customer()?;
    Ok(Invitation::of(&desk.acting(Invitation::of).give_invite_code(&desk.actor, customer).await?))
}

/// Gives the customer the discount for having been invited, on one order.
#[derive(ToSchema)]
pub(crate) struct InvitedWith {
    /// Another customer's code.
    #[schema(value_type = KeyShape, inline)]
    code: String,
}

impl Wish for InvitedWith {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { code: members.required("code", |given| read::line(given, 1..=64))? })
    }
}

pub(crate) async fn note(desk: Desk, wish: InvitedWith) -> Result<Invitation, Problem> {
    let customer = desk.customer()?;
    Ok(Invitation::of(&desk.acting(Invitation::of).note_invitation(&desk.actor, customer, &wish.code).await?))
}

//! Machines that may run gateways, by their credentials.

use serde::Serialize;
use turnpike_domain::scope::Scope;
use turnpike_service::Credential;
use utoipa::ToSchema;

use crate::cursor::PageOf;
use crate::desk::Desk;
use crate::members::{Members, Nothing, Wish};
use crate::problem::Problem;
use crate::read;
use crate::shapes::{LabelShape, Moment};

/// A machine's credential, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct Machine {
    /// Its number.
    #[schema(minimum = 1)]
    id: i64,
    /// What the operator calls the machine.
    name: String,
    enrolled_at: Moment,
    /// Since when it is void.
    #[schema(required = true)]
    revoked_at: Option<Moment>,
}

/// By number, oldest first, void ones included.
pub(crate) async fn list(desk: Desk, _: Nothing) -> Result<PageOf<Machine>, Problem> {
    let all = desk.service.list_node_credentials().await?;
    let show = |credential: Credential| Machine {
        id: credential.id.get(),
        name: credential.name,
        enrolled_at: Moment(credential.enrolled_at),
        revoked_at: credential.revoked_at.map(Moment),
    };
    desk.cursors().page_of_all(&desk.paging, all, (|credential: &Credential| credential.id.get(), show))
}

/// The credential is shown this once, and only to tokens with the scope `secrets`.
#[derive(ToSchema)]
pub(crate) struct NewMachine {
    /// What the operator calls the machine.
    #[schema(value_type = LabelShape, inline)]
    name: String,
}

impl Wish for NewMachine {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { name: members.required("name", read::label)? })
    }
}

/// A machine that was just enrolled.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Enrolled {
    /// What the operator calls the machine.
    name: String,
    /// What the machine shows. Absent for tokens without the scope `secrets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, pattern = "^[0-9a-f]{64}$")]
    credential: Option<String>,
}

pub(crate) async fn add(desk: Desk, wish: NewMachine) -> Result<Enrolled, Problem> {
    let (name, shows) = (wish.name, desk.scopes.allow(Scope::Secrets));
    let secret = desk.acting(|(): &()| ()).add_node_credential(&desk.actor, &name).await?;
    Ok(Enrolled { name, credential: shows.then_some(secret) })
}

/// A machine whose credential is void.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Revoked {
    /// What the operator calls the machine.
    name: String,
    /// Always true.
    revoked: bool,
}

pub(crate) async fn revoke(desk: Desk, _: Nothing) -> Result<Revoked, Problem> {
    let revoked = Revoked { name: desk.place("name")?, revoked: true };
    let kept = revoked.clone();
    desk.acting(move |(): &()| kept.clone()).revoke_node_credential(&desk.actor, &revoked.name).await?;
    Ok(revoked)
}

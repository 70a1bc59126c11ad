//! `turnpike invitation …`.

use std::io::Write;

use anyhow::{Context, Result};
use turnpike_service::Service;

use super::{acting, because, find, on_store};
use crate::cli::InvitationCommand;
use crate::settings::Settings;

/// Runs one of the commands about invitations.
///
/// # Errors
/// When the store cannot be opened or the act is refused.
pub(crate) async fn invitation(settings: &Settings, command: InvitationCommand) -> Result<()> {
    on_store(settings, false, async |backend| run(&backend.service, command).await).await
}

async fn run(service: &Service, command: InvitationCommand) -> Result<()> {
    let told = match command {
        InvitationCommand::Code { customer, manner } => {
            let found = find(service, &customer).await?;
            let (service, actor) = (acting(service, &manner), because(manner.reason));
            service.give_invite_code(&actor, found.id).await?.code.context("a customer without a code")?
        }
        InvitationCommand::Note { customer, code, manner } => {
            let found = find(service, &customer).await?;
            let (service, actor) = (acting(service, &manner), because(manner.reason));
            let noted = service.note_invitation(&actor, found.id, &code).await?;
            let inviter = noted.invited_by.context("an invitation by nobody")?;
            format!("{} was invited by customer {inviter}.", found.email)
        }
    };
    writeln!(std::io::stdout().lock(), "{told}")?;
    Ok(())
}

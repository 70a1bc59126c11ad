//! `turnpike customer …`.

use std::io::Write;

use anyhow::Result;
use turnpike_service::{CustomerChange, LimitChange, Service};

use super::{find, on_store, operator};
use crate::cli::CustomerCommand;
use crate::entropy;
use crate::settings::Settings;

/// Length of a login password that is drawn for the customer.
const DRAWN_PASSWORD: usize = 16;

/// Runs one of the commands about customers.
///
/// # Errors
/// When the store cannot be opened or the act is refused.
pub(crate) async fn customer(settings: &Settings, command: CustomerCommand) -> Result<()> {
    on_store(settings, matches!(command, CustomerCommand::Add { .. }), async |backend| {
        run(&backend.service, command).await
    })
    .await
}

async fn run(service: &Service, command: CustomerCommand) -> Result<()> {
    match command {
        CustomerCommand::Add { email, password, verified } => add(service, &email, password, verified).await,
        CustomerCommand::List => list(service).await,
        CustomerCommand::Verify { customer } => {
            let found = find(service, &customer).await?;
            service.verify_customer(&operator(), found.id).await?;
            say(&format!("{} is verified.", found.email))
        }
        CustomerCommand::Suspend { customer } => {
            let found = find(service, &customer).await?;
            service.suspend_customer(&operator(), found.id).await?;
            say(&format!("{} is suspended; its traffic ends within a second.", found.email))
        }
        CustomerCommand::Resume { customer } => {
            let found = find(service, &customer).await?;
            service.resume_customer(&operator(), found.id).await?;
            say(&format!("{} is no longer suspended.", found.email))
        }
        CustomerCommand::Key { customer, renew } => key(service, &customer, renew).await,
        CustomerCommand::Password { customer, password } => set_password(service, &customer, password).await,
        CustomerCommand::Quota { customer, accounts, sources } => {
            let found = find(service, &customer).await?;
            let quota = |most: Option<u32>| most.map_or(LimitChange::Lifted, LimitChange::Set);
            let (most_accounts, most_sources) = (quota(accounts), quota(sources));
            let change = CustomerChange { most_accounts, most_sources, ..CustomerChange::default() };
            service.change_customer(&operator(), found.id, change).await?;
            let shown = |most: Option<u32>| most.map_or_else(|| "as configured".to_owned(), |most| most.to_string());
            let (accounts, sources) = (shown(accounts), shown(sources));
            say(&format!("{}: proxy accounts: {accounts}; allowed addresses: {sources}.", found.email))
        }
        CustomerCommand::Limit { customer, tunnels, connections_per_second } => {
            let found = find(service, &customer).await?;
            service.limit_customer(&operator(), found.id, tunnels, connections_per_second).await?;
            let shown = |limit: Option<u32>| limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string());
            let (tunnels, rate) = (shown(tunnels), shown(connections_per_second));
            say(&format!("{}: open tunnels: {tunnels}; new connections a second: {rate} (per gateway).", found.email))
        }
    }
}

async fn add(service: &Service, email: &str, password: Option<String>, verified: bool) -> Result<()> {
    let drawn = password.is_none();
    let password = password.unwrap_or_else(|| entropy::text(DRAWN_PASSWORD));
    let added = service.add_customer(&operator(), email, &password).await?;
    if verified {
        service.verify_customer(&operator(), added.id).await?;
    }
    say(&format!("id        {}\nemail     {}\napp_key   {}", added.id, email, added.app_key))?;
    if drawn {
        say(&format!("password  {password}"))?;
    }
    if !verified {
        say(&format!("\nNot verified yet: turnpike customer verify {email}"))?;
    }
    Ok(())
}

async fn set_password(service: &Service, customer: &str, password: Option<String>) -> Result<()> {
    let found = find(service, customer).await?;
    let drawn = password.is_none();
    let password = password.unwrap_or_else(|| entropy::text(DRAWN_PASSWORD));
    service.change_login_password(&operator(), found.id, &password).await?;
    say(&format!("{} has another login password; its sessions have ended.", found.email))?;
    if drawn { say(&format!("password  {password}")) } else { Ok(()) }
}

async fn list(service: &Service) -> Result<()> {
    say(&format!("{:>8}  {:<9}  {:<9}  email", "id", "verified", "suspended"))?;
    let word = |yes: bool| if yes { "yes" } else { "no" };
    for customer in service.list_customers().await? {
        let (verified, suspended) = (word(customer.verified), word(customer.suspended));
        say(&format!("{:>8}  {verified:<9}  {suspended:<9}  {}", customer.id, customer.email))?;
    }
    Ok(())
}

async fn key(service: &Service, customer: &str, renew: bool) -> Result<()> {
    let found = find(service, customer).await?;
    let key = if renew {
        service.renew_app_key(&operator(), found.id).await?
    } else {
        service.show_app_key(&operator(), found.id).await?
    };
    say(&key)
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(())
}

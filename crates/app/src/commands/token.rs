//! `turnpike token …`.

use std::io::Write;

use anyhow::{Context, Result};
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::ids::TokenId;
use turnpike_domain::scope::Scopes;
use turnpike_service::{Service, Token, TokenWish};

use super::{on_store, operator};
use crate::cli::TokenCommand;
use crate::settings::Settings;

/// How many tokens are read at once.
const PAGE: u32 = 500;

/// Runs one of the commands about tokens.
///
/// # Errors
/// When the store cannot be opened or the act is refused.
pub(crate) async fn token(settings: &Settings, command: TokenCommand) -> Result<()> {
    on_store(settings, matches!(command, TokenCommand::Add { .. }), async |backend| {
        run(&backend.service, command).await
    })
    .await
}

async fn run(service: &Service, command: TokenCommand) -> Result<()> {
    match command {
        TokenCommand::Add { name, scopes, days } => {
            let scopes = Scopes::new(scopes).context("--scope")?;
            let added = service.add_token(&operator(), TokenWish { name, scopes, days }).await?;
            say(&added.secret)
        }
        TokenCommand::List => list(service).await,
        TokenCommand::Revoke { token } => {
            let id =
                find(service, &token).await.with_context(|| format!("`{token}` (`turnpike token list` shows all)"))?;
            let revoked = service.revoke_token(&operator(), id).await?;
            say(&format!("{} is revoked.", revoked.name))
        }
    }
}

/// A token by its name, else by its number.
async fn find(service: &Service, token: &str) -> Result<TokenId> {
    match service.find_token_by_name(token).await {
        Ok(id) => Ok(id),
        Err(error) => token.parse().map(TokenId::new).map_err(|_| error.into()),
    }
}

async fn list(service: &Service) -> Result<()> {
    say(&format!("{:>6}  {:<20}  {:<20}  {:<20}  {:<10}  name", "id", "scopes", "made", "ends", "last used"))?;
    let mut after = None;
    loop {
        let tokens = service.list_tokens(after, PAGE).await?;
        for token in &tokens {
            say(&line(token))?;
        }
        match tokens.last() {
            Some(last) if tokens.len() >= usize::try_from(PAGE)? => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

fn line(token: &Token) -> String {
    let ends = match token.revoked_at {
        Some(_) => "revoked".to_owned(),
        None => format_rfc3339(token.expires_at),
    };
    let (id, scopes, made) = (token.id, token.scopes.to_string(), format_rfc3339(token.created_at));
    let used = token.used_on.map_or_else(|| "never".to_owned(), |day| day.to_string());
    format!("{id:>6}  {scopes:<20}  {made:<20}  {ends:<20}  {used:<10}  {}", token.name)
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(())
}

//! `turnpike article …`.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use turnpike_domain::calendar::format_rfc3339;
use turnpike_domain::ids::ArticleId;
use turnpike_service::{Article, ArticleChange, Service};

use super::{acting, because, on_store};
use crate::cli::{ArticleCommand, Manner};
use crate::settings::Settings;

/// How many articles are read at once.
const PAGE: u32 = 500;
/// The most that is read of a file, in bytes: more than an article may have.
const LARGEST_FILE: u64 = 1 << 20;

/// Runs one of the commands about articles.
///
/// # Errors
/// When the store cannot be opened or the act is refused.
pub(crate) async fn article(settings: &Settings, command: ArticleCommand) -> Result<()> {
    let adds = matches!(command, ArticleCommand::Add { .. });
    on_store(settings, adds, async |backend| run(&backend.service, command).await).await
}

async fn run(service: &Service, command: ArticleCommand) -> Result<()> {
    match command {
        ArticleCommand::Add { title, file, manner } => {
            let content = content(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let (service, actor) = (acting(service, &manner), because(manner.reason));
            say(&service.add_article(&actor, &title, &content).await?)
        }
        ArticleCommand::List => list(service).await,
        ArticleCommand::Withdraw { article, manner } => set_withdrawn(service, article, manner, true).await,
        ArticleCommand::Publish { article, manner } => set_withdrawn(service, article, manner, false).await,
    }
}

fn content(file: &Path) -> std::io::Result<String> {
    let mut content = String::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(LARGEST_FILE).read_to_string(&mut content)?;
    } else {
        std::fs::File::open(file)?.take(LARGEST_FILE).read_to_string(&mut content)?;
    }
    Ok(content)
}

async fn list(service: &Service) -> Result<()> {
    let mut after = None;
    loop {
        let articles = service.page_articles(after, PAGE).await?;
        for article in &articles {
            say(article)?;
        }
        match articles.last() {
            Some(last) if articles.len() >= usize::try_from(PAGE)? => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

async fn set_withdrawn(service: &Service, article: i64, manner: Manner, withdrawn: bool) -> Result<()> {
    let change = ArticleChange { withdrawn: Some(withdrawn), ..ArticleChange::default() };
    let (service, actor) = (acting(service, &manner), because(manner.reason));
    say(&service.change_article(&actor, ArticleId::new(article), change).await?)
}

/// One article in one line.
fn say(article: &Article) -> Result<()> {
    let standing = if article.withdrawn_at.is_some() { "withdrawn" } else { "published" };
    let (id, written) = (article.id, format_rfc3339(article.created_at));
    writeln!(std::io::stdout().lock(), "{id:>6}  {written}  {standing:<9}  {}", article.title)?;
    Ok(())
}

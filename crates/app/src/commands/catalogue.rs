//! `turnpike catalogue …`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use turnpike_domain::catalogue::{Changes, Product};
use turnpike_service::{Service, ServiceError, ShopError};

use super::{acting, because, on_store};
use crate::catalogue::{CatalogueFile, written};
use crate::cli::{CatalogueCommand, Manner};
use crate::settings::{ConfigError, Settings};

/// Runs one of the commands about the catalogue.
///
/// # Errors
/// When the store cannot be opened, the file cannot be read or written, or something is wrong with it.
pub(crate) async fn catalogue(settings: &Settings, command: CatalogueCommand) -> Result<()> {
    match command {
        CatalogueCommand::Load { file, manner } => {
            // What is wrong by itself needs no store to be told.
            let file = read(&file)?;
            let adds = !manner.dry_run;
            on_store(settings, adds, async |backend| load(&backend.service, &file, manner).await).await
        }
        CatalogueCommand::Export { file } => {
            on_store(settings, false, async |backend| export(&backend.service, &file).await).await
        }
    }
}

fn read(path: &Path) -> Result<CatalogueFile> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    match CatalogueFile::read(path, &text) {
        Ok(file) => Ok(file),
        Err(errors) => bail!("{}", all(&errors)),
    }
}

async fn load(service: &Service, file: &CatalogueFile, manner: Manner) -> Result<()> {
    let (service, dry_run) = (acting(service, &manner), manner.dry_run);
    let changes = match service.load_catalogue(&because(manner.reason), file.catalogue.clone()).await {
        Err(ServiceError::Shop(ShopError::Catalogue(faults))) => bail!("{}", all(&file.placed(&faults))),
        done => done?,
    };
    say(&changes, dry_run)
}

/// What is wrong, one a line.
fn all(errors: &[ConfigError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn say(changes: &Changes, dry_run: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let kinds = [("new", &changes.added), ("changed", &changes.changed), ("off sale", &changes.withdrawn)];
    for (kind, products) in kinds {
        for Product { id, code, name, price, .. } in products {
            writeln!(out, "{kind:>9}  {id:>6}  {code:<24}  {price:>12}  {name}")?;
        }
    }
    let done = if dry_run { "would be" } else { "are" };
    let [new, altered, withdrawn] = kinds.map(|(_, products)| products.len());
    writeln!(
        out,
        "{new} {done} new, {altered} changed, {withdrawn} off sale; {} stay as they were.",
        changes.unchanged,
    )?;
    Ok(())
}

async fn export(service: &Service, path: &Path) -> Result<()> {
    let (products, tiers) = service.catalogue().await?;
    let text = written(&products, &tiers);
    if path == Path::new("-") {
        std::io::stdout().lock().write_all(text.as_bytes())?;
        return Ok(());
    }
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    writeln!(std::io::stdout().lock(), "{} products are in {}.", products.len(), path.display())?;
    Ok(())
}

//! `turnpike catalogue …`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use turnpike_domain::catalogue::{Changes, Product};
use turnpike_service::{Service, ServiceError, ShopError};

use super::{opened, operator};
use crate::catalogue::{CatalogueFile, written};
use crate::cli::CatalogueCommand;
use crate::settings::{ConfigError, Settings};

/// Runs one of the commands about the catalogue.
///
/// # Errors
/// When the store cannot be opened, the file cannot be read or written, or something is wrong with it.
pub(crate) async fn catalogue(settings: &Settings, command: CatalogueCommand) -> Result<()> {
    match command {
        CatalogueCommand::Load { file, dry_run } => {
            // What is wrong by itself needs no store to be told.
            let file = read(&file)?;
            let backend = opened(settings, !dry_run).await?;
            let done = load(&backend.service, &file, dry_run).await;
            backend.store.close().await;
            done
        }
        CatalogueCommand::Export { file } => {
            let backend = opened(settings, false).await?;
            let done = export(&backend.service, &file).await;
            backend.store.close().await;
            done
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

async fn load(service: &Service, file: &CatalogueFile, dry_run: bool) -> Result<()> {
    let service = if dry_run { service.rehearsing() } else { service.clone() };
    let changes = match service.load_catalogue(&operator(), file.catalogue.clone()).await {
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

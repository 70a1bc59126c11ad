//! `turnpike backup`: the embedded store as of one moment, in one file, while the server goes on.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::NamedTempFile;
use turnpike_store::{Store, backup};

use super::on_store;
use super::progress::Progress;
use crate::archive::{self, Manifest, folder_of};
use crate::cli::BackupArgs;
use crate::entropy;
use crate::settings::Settings;

/// Between two looks at how much has been copied.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Makes the archive.
///
/// # Errors
/// When it exists already, the store is not embedded, or something cannot be read or written.
pub(crate) async fn backup(settings: &Settings, args: &BackupArgs) -> Result<()> {
    ensure!(!args.file.exists(), "{} exists; a backup replaces nothing", args.file.display());
    if backup::embedded_file(settings.store_uri().reveal())?.is_none() {
        bail!("the store is a PostgreSQL database: back it up with its own tools (docs/OPERATING.md, \"Backup\")");
    }
    let manifest = on_store(settings, false, async |backend| make(settings, args, &backend.store).await).await?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}: the store of {}, schema {}, feed {}, {} bytes\n{}",
        args.file.display(),
        manifest.taken_at,
        manifest.schema,
        manifest.feed,
        manifest.store_bytes,
        manifest.note,
    )?;
    Ok(())
}

async fn make(settings: &Settings, args: &BackupArgs, store: &Store) -> Result<Manifest> {
    let folder = folder_of(&args.file);
    let mut copy = NamedTempFile::new_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
    let taken_at = entropy::now();
    copy_store(store, copy.path()).await?;
    let copied = backup::look_into(copy.path()).await?;
    let key_file = settings.master_key_file();
    let key = if args.with_key {
        Some(std::fs::read(&key_file).with_context(|| format!("cannot read {}", key_file.display()))?)
    } else {
        None
    };
    let mut progress = Progress::of("archived");
    let all = copy.as_file().metadata()?.len();
    archive::write(&args.file, copy.as_file_mut(), (&copied, taken_at), key.as_deref(), &mut |done| {
        progress.at(done, all);
    })
}

/// Copies the store, and tells from time to time how far it is.
async fn copy_store(store: &Store, target: &Path) -> Result<()> {
    let all = store.size().await?.unwrap_or_default();
    let mut progress = Progress::of("copied");
    let mut copying = std::pin::pin!(store.copy_into(target));
    loop {
        tokio::select! {
            copied = &mut copying => {
                ensure!(copied?, "the store is not embedded");
                return Ok(());
            }
            () = tokio::time::sleep(LOOK_EVERY) => progress.at(std::fs::metadata(target)?.len(), all),
        }
    }
}

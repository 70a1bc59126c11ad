//! `turnpike restore`: puts a backup in the place of the embedded store; and `turnpike after-restore`, for a store that
//! was put back by other means.
//!
//! Everything is checked and made safe on a file beside the store, which takes the store's name at the very end.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use tempfile::NamedTempFile;
use turnpike_domain::calendar::Zone;
use turnpike_service::{Keys, Service, Source};
use turnpike_store::{Store, backup};

use super::progress::Progress;
use super::{on_store, operator};
use crate::archive::{Archive, Extracted, folder_of};
use crate::cli::RestoreArgs;
use crate::control::Lock;
use crate::settings::{Settings, StoreUri};
use crate::wiring::{self, Backend};
use crate::{entropy, keys};

/// Puts the backup in place.
///
/// # Errors
/// When a process serves the data folder, there is a store that is not to be replaced, or the archive, its store or its
/// key are not in order. Nothing was changed then.
pub(crate) async fn restore(settings: &Settings, args: &RestoreArgs) -> Result<()> {
    let uri = settings.store_uri();
    let Some(target) = backup::embedded_file(uri.reveal())? else {
        bail!("the store is a PostgreSQL database: restore it with its own tools, then run `turnpike after-restore`");
    };
    let archive = Archive::open(&args.file)?;
    wiring::make_folder(settings)?;
    let lock = Lock::take(&settings.data)?;
    ensure!(args.replace || !target.exists(), "{} exists; --replace puts it aside", target.display());
    let folder = folder_of(&target).to_path_buf();
    let mut progress = Progress::of("taken out");
    let extracted = archive.extract(&folder, &mut |done, all| progress.at(done, all))?;
    drop(progress);
    let key = Key::for_store(&settings.master_key_file(), extracted.key.as_deref())?;
    let made = make_safe(settings, &extracted, &key).await.context("the backup cannot be used")?;
    key.keep()?;
    let Extracted { manifest, store, .. } = extracted;
    let aside = put_in_place(store, &target)?;
    drop(lock);
    let mut out = std::io::stdout().lock();
    writeln!(out, "restored the store of {}; {} leases of that time are void", manifest.taken_at, made.voided)?;
    if let Some(aside) = aside {
        writeln!(out, "what was there before is in {}", aside.display())?;
    }
    if !made.clean {
        writeln!(out, "its books disagree; `turnpike verify` says where")?;
    }
    Ok(())
}

/// Makes a store safe that was put back to an earlier moment by other means.
///
/// # Errors
/// When a process serves the data folder, or the store cannot be opened.
pub(crate) async fn after_restore(settings: &Settings) -> Result<()> {
    wiring::require_existing(settings)?;
    wiring::make_folder(settings)?;
    let _lock = Lock::take(&settings.data)?;
    let act = async |backend: &Backend| Ok(backend.service.after_restore(&operator()).await?);
    let voided = on_store(settings, false, act).await?;
    writeln!(std::io::stdout().lock(), "made safe; {voided} leases of that time are void, gateways start anew")?;
    Ok(())
}

/// The master key of the store that is restored.
struct Key {
    file: PathBuf,
    bytes: [u8; 32],
    is_kept: bool,
}

impl Key {
    /// From its file, or from the archive.
    fn for_store(file: &Path, archived: Option<&str>) -> Result<Self> {
        let archived = archived.map(|text| keys::parse(text).context("the archive's master key")).transpose()?;
        let kept = keys::load(file)?;
        let (file, shown) = (file.to_path_buf(), file.display());
        match (kept, archived) {
            (Some(kept), Some(archived)) if kept != archived => {
                bail!("{shown} is another key than the archive's; move it away first")
            }
            (Some(bytes), _) => Ok(Self { file, bytes, is_kept: true }),
            (None, Some(bytes)) => Ok(Self { file, bytes, is_kept: false }),
            (None, None) => bail!("the archive has no master key: put that store's key at {shown} first, mode 600"),
        }
    }

    fn keep(&self) -> Result<()> {
        if self.is_kept { Ok(()) } else { keys::keep(&self.file, &self.bytes) }
    }
}

/// What was done to the store.
struct Made {
    voided: u64,
    clean: bool,
}

/// Checks the store that came out of an archive and makes it safe to serve from.
async fn make_safe(settings: &Settings, extracted: &Extracted, key: &Key) -> Result<Made> {
    let path = extracted.store.path();
    let found = backup::look_into(path).await?;
    ensure!(found.schema == extracted.manifest.schema, "its schema is {}, not the manifest's", found.schema);
    let uri = StoreUri::new(format!("sqlite:{}", path.display()));
    let store = Store::open(uri.reveal()).await?;
    let made = make_safe_store(&store, settings.zone()?, settings, key).await;
    store.close().await;
    extracted.store.as_file().sync_all()?;
    made
}

async fn make_safe_store(store: &Store, zone: Zone, settings: &Settings, key: &Key) -> Result<Made> {
    let source = Source::new(entropy::now, entropy::fill);
    let service = Service::new(store.clone(), Keys::derive(&key.bytes), zone, settings.lease_policy(), source);
    let keys = service.check_keys().await;
    keys.with_context(|| format!("the master key {} does not fit the store", key.file.display()))?;
    let found = service.verify().await?;
    if let Some(damage) = found.integrity.first() {
        bail!("its file is damaged: {damage}");
    }
    let clean = found.is_clean();
    Ok(Made { voided: service.after_restore(&operator()).await?, clean })
}

/// Gives the new store the old one's name, and keeps the old one in a folder beside it: which, if there was one.
fn put_in_place(store: NamedTempFile, target: &Path) -> Result<Option<PathBuf>> {
    let folder = folder_of(target);
    let aside = target.exists().then(|| put_aside(target)).transpose()?;
    store.persist(target).with_context(|| format!("cannot make {}", target.display()))?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(aside)
}

/// The log goes first and the file last, by a second name, so that at no moment there is no store: an empty one would be
/// made in its place.
fn put_aside(target: &Path) -> Result<PathBuf> {
    let name = target.file_name().context("the store's file has no name")?.to_owned();
    let aside =
        folder_of(target).join(format!("before-restore-{}", Zone::utc().format(entropy::now()).replace(' ', "-")));
    let make = || -> Result<()> {
        std::fs::create_dir(&aside)?;
        for end in ["-wal", "-shm"] {
            let mut part = name.clone();
            part.push(end);
            match std::fs::rename(folder_of(target).join(&part), aside.join(&part)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        std::fs::hard_link(target, aside.join(&name))?;
        Ok(())
    };
    make().with_context(|| format!("cannot put the present store aside into {}", aside.display()))?;
    Ok(aside)
}

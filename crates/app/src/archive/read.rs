//! Reading an archive, of which nothing is trusted before it has been checked.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{FORMAT, KEY, MANIFEST, Manifest, STORE};

/// The longest manifest and the longest key that are read, in bytes.
const LONGEST_TEXT: u64 = 64 << 10;
/// How much is read at once.
const BLOCK: usize = 1 << 20;

/// An archive, open.
pub(crate) struct Archive {
    tar: tar::Archive<File>,
}

/// What was in an archive.
pub(crate) struct Extracted {
    pub(crate) manifest: Manifest,
    /// The store, in a file that is gone when it is not kept.
    pub(crate) store: NamedTempFile,
    /// The master key's file, if it is in the archive.
    pub(crate) key: Option<String>,
}

impl Archive {
    /// Opens it.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { tar: tar::Archive::new(file) })
    }

    /// Takes everything out, the store into a file in `folder`, and checks it against the manifest. Tells `taken` how
    /// many bytes of the store have been taken out, and how many there are.
    ///
    /// # Errors
    /// When it is no archive of ours, of another form, damaged or cut off.
    pub(crate) fn extract(mut self, folder: &Path, taken: &mut dyn FnMut(u64, u64)) -> Result<Extracted> {
        let mut entries = self.tar.entries()?;
        let manifest: Manifest = {
            let mut entry = entries.next().context("the archive is empty")??;
            ensure!(*entry.path()? == *Path::new(MANIFEST), "no backup made by `turnpike backup`");
            serde_json::from_str(&text(&mut entry)?).context(MANIFEST)?
        };
        ensure!(manifest.format == FORMAT, "an archive of form {}; this program reads {FORMAT}", manifest.format);
        let mut store = None;
        let mut key = None;
        for entry in entries {
            let mut entry = entry?;
            let name = entry.path()?.display().to_string();
            match &*name {
                STORE => store = Some(take_store(&mut entry, &manifest, folder, taken)?),
                KEY => key = Some(text(&mut entry)?),
                _ => bail!("{name} has no place in a backup"),
            }
        }
        ensure!(key.is_some() == manifest.with_key, "the archive is cut off: the master key is missing");
        Ok(Extracted { manifest, store: store.context("the archive is cut off: there is no store in it")?, key })
    }
}

fn text(entry: &mut impl Read) -> Result<String> {
    let mut text = String::new();
    entry.take(LONGEST_TEXT).read_to_string(&mut text)?;
    Ok(text)
}

fn take_store(
    entry: &mut impl Read,
    manifest: &Manifest,
    folder: &Path,
    taken: &mut dyn FnMut(u64, u64),
) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
    let (mut digest, mut block, mut done) = (Sha256::new(), vec![0; BLOCK], 0_u64);
    loop {
        let count = entry.read(&mut block).context("the archive is damaged or cut off")?;
        if count == 0 {
            break;
        }
        let read = block.get(..count).unwrap_or_default();
        digest.update(read);
        file.write_all(read)?;
        done = done.saturating_add(u64::try_from(count)?);
        taken(done, manifest.store_bytes);
    }
    ensure!(done == manifest.store_bytes, "the archive is cut off: {done} of {} bytes", manifest.store_bytes);
    ensure!(hex::encode(digest.finalize()) == manifest.store_sha256, "the archive is damaged: its checksum is wrong");
    Ok(file)
}

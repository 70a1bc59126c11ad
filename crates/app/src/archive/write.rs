//! Making an archive: whole and on the disk under its name, or not there at all.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use turnpike_domain::calendar;
use turnpike_domain::time::Timestamp;
use turnpike_store::backup::Copied;

use super::{FORMAT, KEY, KEY_APART, KEY_WITHIN, MANIFEST, Manifest, STORE};

/// How much is read at once.
const BLOCK: usize = 1 << 20;

/// Writes the archive `target`, which must not exist: the copy of a store, what it is of, and the master key as it
/// stands in its file, if it is to be included. Tells `written` how many bytes of the copy have been written.
///
/// # Errors
/// When `target` exists or cannot be written.
pub(crate) fn write(
    target: &Path,
    store: &mut File,
    (copied, taken_at): (&Copied, Timestamp),
    key: Option<&[u8]>,
    written: &mut dyn FnMut(u64),
) -> Result<Manifest> {
    let manifest = describe(store, copied, taken_at, key.is_some())?;
    let folder = folder_of(target);
    let file = NamedTempFile::new_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
    let mut archive = tar::Builder::new(file);
    let text = serde_json::to_vec_pretty(&manifest)?;
    append(&mut archive, MANIFEST, taken_at, (size_of(&text)?, &text[..]))?;
    let counted = Counted { inner: store, done: 0, told: written };
    append(&mut archive, STORE, taken_at, (manifest.store_bytes, counted))?;
    if let Some(key) = key {
        append(&mut archive, KEY, taken_at, (size_of(key)?, key))?;
    }
    let file = archive.into_inner()?;
    file.as_file().sync_all()?;
    file.persist_noclobber(target).with_context(|| format!("cannot make {}", target.display()))?;
    File::open(folder)?.sync_all()?;
    Ok(manifest)
}

/// The folder that a file is in.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

fn describe(store: &mut File, copied: &Copied, taken_at: Timestamp, with_key: bool) -> Result<Manifest> {
    let store_bytes = store.metadata()?.len();
    let mut digest = Sha256::new();
    let mut block = vec![0; BLOCK];
    store.rewind()?;
    loop {
        match store.read(&mut block)? {
            0 => break,
            count => digest.update(block.get(..count).unwrap_or_default()),
        }
    }
    store.rewind()?;
    Ok(Manifest {
        format: FORMAT,
        turnpike: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at: calendar::format_rfc3339(taken_at),
        schema: copied.schema,
        feed: copied.feed.map_or(0, turnpike_domain::ids::FeedSeq::get),
        store_bytes,
        store_sha256: hex::encode(digest.finalize()),
        with_key,
        note: if with_key { KEY_WITHIN } else { KEY_APART }.to_owned(),
    })
}

fn size_of(bytes: &[u8]) -> Result<u64> {
    Ok(u64::try_from(bytes.len())?)
}

fn append(
    archive: &mut tar::Builder<impl Write>,
    name: &str,
    at: Timestamp,
    (size, content): (u64, impl Read),
) -> Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(at.ms() / 1000).unwrap_or_default());
    let mut content = content.take(size);
    archive.append_data(&mut header, name, &mut content)?;
    ensure!(content.limit() == 0, "{name} became shorter while it was archived");
    Ok(())
}

/// Says how much has been read.
struct Counted<'a> {
    inner: &'a mut File,
    done: u64,
    told: &'a mut dyn FnMut(u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.done = self.done.saturating_add(u64::try_from(count).unwrap_or_default());
        (self.told)(self.done);
        Ok(count)
    }
}

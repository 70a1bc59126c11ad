//! The master key: 32 random bytes in a file of their own, outside the database, readable by its owner only.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// How many bytes a master key has.
const KEY_BYTES: usize = 32;

/// Reads the master key; `None` when there is no file yet.
///
/// # Errors
/// When the file cannot be read, is no key, or can be read by others.
pub(crate) fn load(path: &Path) -> Result<Option<[u8; KEY_BYTES]>> {
    match File::open(path) {
        Ok(file) => read(file).map(Some).with_context(|| format!("cannot use the master key {}", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read the master key {}", path.display())),
    }
}

/// Keeps a fresh master key, as 64 hex digits.
///
/// # Errors
/// When the file exists by now or cannot be written.
pub(crate) fn keep(path: &Path, key: &[u8; KEY_BYTES]) -> Result<()> {
    let write = || -> Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(hex::encode(key).as_bytes())?;
        file.sync_all()?;
        Ok(())
    };
    write().with_context(|| format!("cannot make the master key {}", path.display()))
}

fn read(mut file: File) -> Result<[u8; KEY_BYTES]> {
    let mode = file.metadata()?.mode();
    ensure!(mode.trailing_zeros() >= 6, "others can read it (mode {:o}); make it 600", mode & 0o777);
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    parse(&text)
}

/// What a key's file says.
///
/// # Errors
/// When it is no key.
pub(crate) fn parse(text: &str) -> Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    hex::decode_to_slice(text.trim(), &mut key).context("it is not 64 hex digits")?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_once_kept_is_read_again_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert_eq!(load(&path).unwrap(), None);
        keep(&path, &[7; 32]).unwrap();
        assert!(keep(&path, &[8; 32]).is_err());
        assert_eq!(load(&path).unwrap(), Some([7; 32]));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        keep(&path, &[7; 32]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = format!("{:#}", load(&path).unwrap_err());
        assert!(error.contains("others can read it"), "{error}");
    }
}

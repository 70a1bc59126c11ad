//! The master key: 32 random bytes in a file of their own, outside the database, readable by its owner only.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// How many bytes a master key has.
const KEY_BYTES: usize = 32;

/// Reads the master key, or makes it when the file does not exist yet.
///
/// # Errors
/// When the file cannot be read or made, has the wrong size, or can be read by others.
pub(crate) fn load_or_make(path: &Path, fresh: impl FnOnce() -> [u8; KEY_BYTES]) -> Result<[u8; KEY_BYTES]> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => make(file, fresh()).with_context(|| format!("cannot write the master key {}", path.display())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            load(path).with_context(|| format!("cannot read the master key {}", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("cannot make the master key {}", path.display())),
    }
}

fn make(mut file: File, key: [u8; KEY_BYTES]) -> Result<[u8; KEY_BYTES]> {
    file.write_all(hex::encode(key).as_bytes())?;
    file.sync_all()?;
    Ok(key)
}

fn load(path: &Path) -> Result<[u8; KEY_BYTES]> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.mode();
    ensure!(mode.trailing_zeros() >= 6, "others can read it (mode {:o}); make it 600", mode & 0o777);
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut key = [0; KEY_BYTES];
    hex::decode_to_slice(text.trim(), &mut key).context("it is not 64 hex digits")?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_once_made_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert_eq!(load_or_make(&path, || [7; 32]).unwrap(), [7; 32]);
        assert_eq!(load_or_make(&path, || [8; 32]).unwrap(), [7; 32]);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        load_or_make(&path, || [7; 32]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = format!("{:#}", load_or_make(&path, || [8; 32]).unwrap_err());
        assert!(error.contains("others can read it"), "{error}");
    }
}

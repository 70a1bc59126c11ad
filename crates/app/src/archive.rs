//! The file that `turnpike backup` makes: a tar archive with a manifest, a copy of the embedded store and, when it was
//! wished for, the master key, in this order.

mod read;
mod write;

use serde::{Deserialize, Serialize};

pub(crate) use read::{Archive, Extracted};
pub(crate) use write::{folder_of, write};

/// The archives that this program makes and reads.
const FORMAT: u32 = 1;
/// The manifest's name in the archive.
const MANIFEST: &str = "manifest.json";
/// The store's name in the archive.
const STORE: &str = "turnpike.db";
/// The master key's name in the archive.
const KEY: &str = "master.key";
/// What the manifest says to people of an archive without the key.
const KEY_APART: &str = "The master key is not in this archive. Without it no password and no app_key of the store can \
    be read or checked: keep a copy of it, apart from this archive.";
/// What it says of one with the key.
const KEY_WITHIN: &str = "The master key is in this archive: whoever can read it has every password and app_key.";

/// What an archive holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The archive's form.
    pub(crate) format: u32,
    /// The version of the program that made it.
    pub(crate) turnpike: String,
    /// When the copy was begun, as RFC 3339.
    pub(crate) taken_at: String,
    /// The newest migration of the store.
    pub(crate) schema: i64,
    /// How far its change feed reached; 0 before the first change.
    pub(crate) feed: i64,
    /// The store's size in bytes.
    pub(crate) store_bytes: u64,
    /// SHA-256 over the store, in hex.
    pub(crate) store_sha256: String,
    /// Whether the master key is in the archive.
    pub(crate) with_key: bool,
    /// What whoever opens the archive should know.
    pub(crate) note: String,
}

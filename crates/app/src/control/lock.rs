//! One data folder serves one process: who holds the lock on `DATA/turnpike.lock`.
//!
//! The lock belongs to the open file, not to the process: a successor gets it by getting the descriptor, and at no
//! moment does nobody hold it.

use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// The file's name in the data folder.
const NAME: &str = "turnpike.lock";

/// The lock, held until this and every duplicate is closed.
#[derive(Debug)]
pub(crate) struct Lock(OwnedFd);

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// When another process has it.
    pub(crate) fn take(data: &Path) -> Result<Self> {
        let path = data.join(NAME);
        let open = || OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file: File = open().with_context(|| format!("cannot open {}", path.display()))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self(file.into())),
            Err(Errno::WOULDBLOCK) => bail!(
                "another process serves the data folder {}; `--takeover` replaces it without refusing a connection",
                data.display()
            ),
            Err(error) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }

    /// The lock that a predecessor handed over.
    pub(super) const fn handed(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }

    /// A duplicate for a successor.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub(super) fn duplicate(&self) -> std::io::Result<OwnedFd> {
        self.0.try_clone()
    }
}

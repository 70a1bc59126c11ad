//! Where the control socket is. A socket's path may have 107 bytes and a data folder's more, so it is reached through
//! the folder's descriptor.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// The socket's name in the data folder.
pub(super) const NAME: &str = "control.sock";
/// Its name until it takes the place of a predecessor's.
const FRESH: &str = "control.sock.new";

/// The data folder, open.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    open: File,
}

impl Folder {
    /// Opens it.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = rustix::fs::OFlags::PATH.union(rustix::fs::OFlags::DIRECTORY);
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let open = File::options().read(true).custom_flags(flags).open(path)?;
        Ok(Self { path: path.to_path_buf(), open })
    }

    /// Listens, in the place of whoever did so before. A socket that is replaced stays open for its owner, but nobody
    /// finds it any more.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub(super) fn listen(&self) -> io::Result<UnixListener> {
        match std::fs::remove_file(self.path.join(FRESH)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(self.through_descriptor(FRESH))?;
        std::fs::set_permissions(self.path.join(FRESH), std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        std::fs::rename(self.path.join(FRESH), self.path.join(NAME))?;
        Ok(listener)
    }

    /// Connects to the process that listens.
    ///
    /// # Errors
    /// When none does.
    pub(super) fn connect(&self) -> io::Result<UnixStream> {
        UnixStream::connect(self.through_descriptor(NAME))
    }

    /// Takes the socket away.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(super) fn remove(&self) -> io::Result<()> {
        std::fs::remove_file(self.path.join(NAME))
    }

    fn through_descriptor(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.open.as_raw_fd()))
    }
}

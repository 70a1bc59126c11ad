//! The folder that becomes a package: files where they will be, with the modes they will have.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;

/// A staging folder, empty at first.
pub(super) struct Staging {
    root: PathBuf,
}

impl Staging {
    /// Makes it anew.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new(root: PathBuf) -> Result<Self> {
        if root.exists() {
            std::fs::remove_dir_all(&root)?;
        }
        std::fs::create_dir_all(&root)?;
        std::fs::set_permissions(&root, PermissionsExt::from_mode(0o755))?;
        Ok(Self { root })
    }

    /// Where it is.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where a file of the package is.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// Puts a file in its place.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(super) fn copy(&self, from: &Path, to: &str, mode: u32) -> Result<()> {
        let target = self.place(to)?;
        std::fs::copy(from, &target).with_context(|| format!("cannot copy {}", from.display()))?;
        std::fs::set_permissions(&target, PermissionsExt::from_mode(mode))?;
        Ok(())
    }

    /// Puts a program in its place, without what only a debugger needs.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(super) fn program(&self, from: &Path, to: &str) -> Result<()> {
        self.copy(from, to, 0o755)?;
        shell::run(Command::new("strip").arg(self.path(to)))
    }

    /// Writes a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn text(&self, to: &str, text: &str) -> Result<()> {
        let target = self.place(to)?;
        std::fs::write(&target, text)?;
        std::fs::set_permissions(&target, PermissionsExt::from_mode(0o644))?;
        Ok(())
    }

    /// Compresses a file in its place.
    ///
    /// # Errors
    /// When `gzip` fails.
    pub(super) fn compress(&self, file: &str) -> Result<()> {
        shell::run(Command::new("gzip").args(["-9", "--no-name"]).arg(self.path(file)))
    }

    /// Writes the control file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn control(&mut self, version: &str, architecture: &str, depends: &str) -> Result<()> {
        let size_kb = shell::read(Command::new("du").args(["-sk", "--exclude=DEBIAN"]).arg(&self.root))?;
        let size_kb = size_kb.split_whitespace().next().unwrap_or("0");
        let control = format!(
            "Package: turnpike\nVersion: {version}\nArchitecture: {architecture}\nSection: net\nPriority: optional\n\
             Maintainer: The Turnpike authors <turnpike@localhost>\nInstalled-Size: {size_kb}\n\
             Depends: adduser, {depends}\nPre-Depends: init-system-helpers\n\
             Description: metered, limited, revocable proxy traffic behind a reseller API\n \
             A reseller API for proxy accounts, limits, usage and packages, and the gateway that\n \
             carries the traffic, in one program with an embedded store. PostgreSQL when one\n \
             machine is not enough.\n"
        );
        self.text("DEBIAN/control", &control)
    }

    /// The path of a file whose folder is there then.
    fn place(&self, to: &str) -> Result<PathBuf> {
        let target = self.root.join(to);
        let folder = target.parent().context("a file has a folder")?;
        std::fs::DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
        Ok(target)
    }
}

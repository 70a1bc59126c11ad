//! `cargo xtask tidy`: what the compiler does not check. Fast enough to run before every commit.

mod floors;
mod paths;
mod sources;
mod tree;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

/// Something to mend, and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Runs the chore.
///
/// # Errors
/// When there is something to mend; it is printed.
pub(crate) fn run() -> Result<()> {
    let root = shell::root();
    let files = Files::list(&root)?;
    let mut findings = floors::check(&root)?;
    findings.extend(tree::check(&root)?);
    for path in &files.paths {
        let Ok(text) = std::fs::read_to_string(root.join(path)) else { continue };
        match path.rsplit_once('.') {
            Some((_, "rs")) => findings.extend(sources::check(path, &text)),
            Some((_, "md")) => findings.extend(paths::check(path, &text, &files)),
            _ => {}
        }
    }
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("one thing to mend"),
        many => bail!("{many} things to mend"),
    }
}

/// The files of the repository: those git knows, and new ones it does not ignore.
struct Files {
    paths: Vec<String>,
}

impl Files {
    fn list(root: &Path) -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        let paths = shell::read(&mut git)?.lines().map(str::to_owned).collect();
        Ok(Self { paths })
    }

    /// Whether a file or folder of this path is there.
    fn holds(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.paths
            .iter()
            .any(|file| file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// Whether a file of this name is there, wherever.
    fn holds_name(&self, name: &str) -> bool {
        self.paths.iter().any(|file| file.rsplit('/').next() == Some(name))
    }
}

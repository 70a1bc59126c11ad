//! What tests need from the operating system. The one place where such packages are listed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

/// A package, and how to see that it is there.
struct Package {
    name: &'static str,
    needed_for: &'static str,
    is_there: fn() -> bool,
}

/// A test that drives a browser adds `chromium` here.
const NEEDED: &[Package] =
    &[Package { name: "postgresql", needed_for: "the store's tests", is_there: || postgres_programs().is_some() }];

/// What a Debian package is built with.
const NEEDED_FOR_DEB: &[Package] = &[
    Package { name: "dpkg", needed_for: "the Debian package", is_there: || is_program("dpkg-deb") },
    Package { name: "binutils", needed_for: "the Debian package", is_there: || is_program("strip") },
];

/// Installs with apt what is missing for the tests, where that is allowed.
///
/// # Errors
/// Says what to install where it is not.
pub(crate) fn bring() -> Result<()> {
    bring_all(NEEDED)
}

/// The same, for building a Debian package.
///
/// # Errors
/// As [`bring`].
pub(crate) fn bring_for_deb() -> Result<()> {
    bring_all(NEEDED_FOR_DEB)
}

fn is_program(name: &str) -> bool {
    shell::succeeds(Command::new(name).arg("--version"))
}

fn bring_all(needed: &[Package]) -> Result<()> {
    let missing: Vec<&Package> = needed.iter().filter(|package| !(package.is_there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    for package in &missing {
        println!("{} is missing ({})", package.name, package.needed_for);
    }
    let Some(prefix) = apt_prefix() else {
        bail!("install these and try again: {}", names.join(", "));
    };
    let mut apt = prefix.to_vec();
    apt.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends"]);
    apt.extend(&names);
    println!("installing: {}", apt.join(" "));
    let (program, arguments) = apt.split_first().map_or(("true", &[][..]), |(first, rest)| (*first, rest));
    let install = || shell::run(Command::new(program).args(arguments));
    // Package lists may be old or, in a fresh container, absent.
    if install().is_err() {
        let update = [prefix, &["apt-get", "update"]].concat();
        shell::run(Command::new("env").args(update))?;
        install()?;
    }
    match missing.iter().find(|package| !(package.is_there)()) {
        Some(package) => bail!("{} was installed, but its programs are not found", package.name),
        None => Ok(()),
    }
}

/// What goes before `apt-get`; `None` where it cannot or may not be run.
fn apt_prefix() -> Option<&'static [&'static str]> {
    if !Path::new("/etc/debian_version").exists() {
        None
    } else if is_root() {
        Some(&[])
    } else {
        shell::succeeds(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
    }
}

/// Whether we run as root.
pub(crate) fn is_root() -> bool {
    shell::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// The folder of PostgreSQL's own programs: Debian keeps them out of PATH, one folder a version.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let has_all = |folder: &PathBuf| ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file());
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = installed.filter(|folder| has_all(&folder.join("bin"))).max_by_key(version);
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest.map(|folder| folder.join("bin")).or_else(|| std::env::split_paths(&path).find(has_all))
}

//! `cargo xtask deb`: the Debian package, from a release build and `packaging/`.

mod binary;
mod staging;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{packages, shell};
use staging::Staging;

/// What `cargo xtask deb` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The `turnpike` binary; a release build is made when not given.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// The folder that the package is written to.
    #[arg(long, default_value = "target/deb")]
    out: PathBuf,
}

/// Where a file of ours goes, and its mode.
const FILES: [(&str, &str, u32); 11] = [
    ("packaging/turnpike.service", "lib/systemd/system/turnpike.service", 0o644),
    ("packaging/turnpike.socket", "lib/systemd/system/turnpike.socket", 0o644),
    ("packaging/turnpike.toml", "etc/turnpike/turnpike.toml", 0o640),
    ("packaging/grafana/turnpike.json", "usr/share/turnpike/grafana/turnpike.json", 0o644),
    ("packaging/prometheus/alerts.yml", "usr/share/turnpike/prometheus/alerts.yml", 0o644),
    ("docs/OPERATING.md", "usr/share/doc/turnpike/OPERATING.md", 0o644),
    ("docs/API.md", "usr/share/doc/turnpike/API.md", 0o644),
    ("NOTICE", "usr/share/doc/turnpike/NOTICE", 0o644),
    ("packaging/debian/copyright", "usr/share/doc/turnpike/copyright", 0o644),
    ("packaging/turnpike.1", "usr/share/man/man1/turnpike.1", 0o644),
    ("CHANGELOG.md", "usr/share/doc/turnpike/changelog", 0o644),
];
/// Those that Debian keeps compressed.
const COMPRESSED: [&str; 2] = ["usr/share/man/man1/turnpike.1", "usr/share/doc/turnpike/changelog"];
/// What dpkg runs and reads beside the control file.
const SCRIPTS: [(&str, u32); 4] = [("postinst", 0o755), ("prerm", 0o755), ("postrm", 0o755), ("conffiles", 0o644)];

/// Runs the chore.
///
/// # Errors
/// When the binary does not build, or a tool of Debian's is missing.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    packages::bring_for_deb()?;
    let root = shell::root();
    let built = match &arguments.binary {
        Some(binary) => binary.canonicalize()?,
        None => build()?,
    };
    let mut staging = Staging::new(root.join("target/deb-staging"))?;
    staging.program(&built, "usr/bin/turnpike")?;
    for (from, to, mode) in FILES {
        staging.copy(&root.join(from), to, mode)?;
    }
    for file in COMPRESSED {
        staging.compress(file)?;
    }
    staging.text("usr/share/doc/turnpike/third-party.txt", &third_party()?)?;
    for (script, mode) in SCRIPTS {
        staging.copy(&root.join("packaging/debian").join(script), &format!("DEBIAN/{script}"), mode)?;
    }
    let architecture = shell::read(Command::new("dpkg").arg("--print-architecture"))?;
    let depends = binary::depends(&staging.path("usr/bin/turnpike"))?;
    staging.control(env!("CARGO_PKG_VERSION"), architecture.trim(), &depends)?;
    let out = root.join(&arguments.out);
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let package = out.join(format!("turnpike_{}_{}.deb", env!("CARGO_PKG_VERSION"), architecture.trim()));
    shell::run(Command::new("dpkg-deb").args(["--root-owner-group", "--build"]).arg(staging.root()).arg(&package))?;
    println!("{}", package.display());
    Ok(())
}

/// Builds the binary for release.
fn build() -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--package", "turnpike-app"]).current_dir(shell::root());
    shell::run(&mut cargo)?;
    Ok(shell::root().join("target/release/turnpike"))
}

/// Every library in the binary with its licence.
fn third_party() -> Result<String> {
    let mut cargo = Command::new("cargo");
    cargo.args(["tree", "--package", "turnpike-app", "--edges", "normal", "--prefix", "none", "--format", "{p}\t{l}"]);
    let tree = shell::read(cargo.current_dir(shell::root()))?;
    let mut lines: Vec<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    lines.retain(|line| !line.contains(" (/"));
    lines.sort_unstable();
    lines.dedup();
    Ok(format!("{}\n", lines.join("\n")))
}

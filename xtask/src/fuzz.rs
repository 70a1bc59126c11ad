//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz/`, each for a while.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::shell;

/// What `cargo xtask fuzz` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to run each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Which target; all when not given.
    target: Option<String>,
}

/// Runs the chore.
///
/// # Errors
/// When a target finds an input that breaks it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    bring_cargo_fuzz()?;
    let all = shell::read(cargo_fuzz().arg("list")).context("listing the targets")?;
    let chosen: Vec<&str> = match &arguments.target {
        Some(name) => all.lines().filter(|target| target == name).collect(),
        None => all.lines().collect(),
    };
    if chosen.is_empty() {
        bail!("no such target; there are:\n{all}");
    }
    let mut broken = Vec::new();
    for target in chosen {
        let started = Instant::now();
        println!("== {target}");
        let limit = format!("-max_total_time={}", arguments.seconds);
        let run =
            shell::run(cargo_fuzz().args(["run", target]).args(corpus(target)?).args(["--", &limit, "-max_len=8192"]));
        println!(
            "== {target}: {} after {:.0?}",
            if run.is_ok() { "nothing found" } else { "BROKEN" },
            started.elapsed()
        );
        if run.is_err() {
            broken.push(target);
        }
    }
    if broken.is_empty() { Ok(()) } else { bail!("broken: {}; the inputs are in fuzz/artifacts", broken.join(", ")) }
}

/// What was found on earlier runs, where new finds go too, and the seeds that are kept.
fn corpus(target: &str) -> Result<[PathBuf; 2]> {
    let fuzz = shell::root().join("fuzz");
    let folders = [fuzz.join("corpus").join(target), fuzz.join("seeds").join(target)];
    for folder in &folders {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    Ok(folders)
}

/// Fuzzing needs compiler flags that stable Rust only takes with this variable.
fn cargo_fuzz() -> Command {
    let mut command = Command::new("cargo");
    command.arg("fuzz").current_dir(shell::root()).env("RUSTC_BOOTSTRAP", "1");
    command
}

fn bring_cargo_fuzz() -> Result<()> {
    if shell::succeeds(cargo_fuzz().arg("--version")) {
        return Ok(());
    }
    println!("cargo-fuzz is missing; installing: cargo install --locked cargo-fuzz");
    shell::run(Command::new("cargo").args(["install", "--locked", "cargo-fuzz"]))
}

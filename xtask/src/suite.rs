//! `cargo xtask test`: brings what the tests need, runs them, says how long it took.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::postgres::Cluster;
use crate::{packages, shell};

/// The variable the tests find PostgreSQL by. Set it yourself to use a server of your own.
const POSTGRES_VARIABLE: &str = "TURNPIKE_TEST_POSTGRES";

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Handed to `cargo test`; the whole workspace when nothing is given.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo: Vec<String>,
}

/// Runs the chore.
///
/// # Errors
/// When something is missing or a test fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut tests = Command::new("cargo");
    tests.arg("test").current_dir(shell::root());
    if arguments.cargo.is_empty() {
        tests.arg("--workspace");
    } else {
        tests.args(&arguments.cargo);
    }

    // Build first: a cluster need not wait for the compiler, nor the figures below.
    let building = Instant::now();
    let mut build = Command::new("cargo");
    build.args(tests.get_args().take_while(|argument| *argument != "--")).arg("--no-run");
    shell::run(build.current_dir(shell::root()))?;
    println!("tests built in {:.1?}", building.elapsed());

    let cluster = cluster()?;
    if let Some(cluster) = &cluster {
        tests.env(POSTGRES_VARIABLE, cluster.url());
    }
    timed("tests", &mut tests)?;
    if arguments.cargo.is_empty() {
        let mut traces = Command::new("cargo");
        timed("tests of traces", traces.args(TRACES).current_dir(shell::root()))?;
    }
    Ok(())
}

/// What a build that can send traces does otherwise than all others.
const TRACES: [&str; 9] = ["test", "-p", "turnpike-app", "--features", "otel", "--test", "it", "--", "traces"];

fn timed(what: &str, tests: &mut Command) -> Result<()> {
    let running = Instant::now();
    let done = shell::run(tests);
    println!("{what} {} after {:.1?}", if done.is_ok() { "passed" } else { "failed" }, running.elapsed());
    done
}

/// A cluster of our own, unless the variable names another.
fn cluster() -> Result<Option<Cluster>> {
    if std::env::var_os(POSTGRES_VARIABLE).is_some() {
        println!("{POSTGRES_VARIABLE} is set: using that server");
        return Ok(None);
    }
    packages::bring()?;
    let starting = Instant::now();
    let cluster = Cluster::start()?;
    println!("PostgreSQL ready in {:.1?}", starting.elapsed());
    Ok(Some(cluster))
}

//! `turnpike-bench`: measures Turnpike beside its peers, and proves its promises from outside, on this machine alone.

#![allow(clippy::print_stdout, reason = "figures and progress are what this program is for")]

mod exits;
mod figures;
mod load;
mod peers;
mod process;
mod prove;
mod relay;
mod scale;
mod shop;
mod store;
mod table;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};

/// Measures and proves.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Measures everybody in interleaved rounds and writes the table into docs/PERFORMANCE.md.
    Table(table::Arguments),
    /// Proves a promise from outside; exits with an error when it was broken.
    Prove(prove::Arguments),
    /// Fills a store with accounts and customers, and compares with a product that has one of each.
    Scale(scale::Arguments),
    /// Measures how much one database takes: lease exchanges, feed rows, usage rows.
    Store(store::Arguments),
    /// Measures choosing among very many exits: how long it takes, what each weighs, how soon a change counts.
    Exits(exits::Arguments),
    /// Measures what the shop costs: orders, pages of orders, a long list of accounts.
    Shop(shop::Arguments),
    /// A bare relay, as the table uses it.
    #[command(hide = true)]
    Relay {
        mover: relay::Mover,
        listen: SocketAddr,
        to: SocketAddr,
        #[arg(long, default_value_t = 2)]
        threads: usize,
    },
    /// The load generator, as the table uses it: does one job, given as JSON.
    #[command(hide = true)]
    Load { job: String },
    /// The counting origin, as the table uses it.
    #[command(hide = true)]
    Origin { listen: Vec<SocketAddr> },
}

fn main() -> Result<()> {
    match Arguments::parse().action {
        Action::Table(arguments) => table::run(&arguments),
        Action::Prove(arguments) => prove::run(&arguments),
        Action::Scale(arguments) => scale::run(&arguments),
        Action::Exits(arguments) => exits::run(&arguments),
        Action::Shop(arguments) => shop::run(&arguments),
        Action::Store(arguments) => store::run(&arguments),
        Action::Relay { mover, listen, to, threads } => relay::run(mover, listen, to, threads),
        Action::Load { job } => load::run(&job),
        Action::Origin { listen } => {
            let _origin = turnpike_testkit::origin::Origin::start(&listen, 2)?;
            loop {
                std::thread::park();
            }
        }
    }
}

/// Prints a line.
fn say(line: &str) {
    println!("{line}");
}

/// The `turnpike` binary: the one given, or a release build made now.
///
/// # Errors
/// When it cannot be built.
fn product_binary(given: Option<&PathBuf>) -> Result<PathBuf> {
    if let Some(binary) = given {
        return Ok(binary.canonicalize()?);
    }
    let built = Command::new("cargo").args(["build", "--release", "-p", "turnpike-app"]).status();
    ensure!(built.context("cargo is missing")?.success(), "the product does not build");
    let own = std::env::current_exe()?;
    Ok(own.with_file_name("turnpike"))
}

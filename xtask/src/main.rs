//! Turnpike's chores: `cargo xtask test | tidy | sim | fuzz | places | deb`.
#![allow(clippy::print_stdout, reason = "chores talk to a person at a terminal")]

mod deb;
mod fuzz;
mod packages;
mod places;
mod postgres;
mod shell;
mod sim;
mod suite;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Turnpike's chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run all tests, with an ephemeral PostgreSQL beside SQLite.
    Test(suite::Arguments),
    /// Check what the compiler does not: floors, file sizes, headers, paths in documents.
    Tidy,
    /// Run the quota rules in a seeded simulation.
    Sim(sim::Arguments),
    /// Run fuzz targets.
    Fuzz(fuzz::Arguments),
    /// Make the tables of countries, states and cities anew, from pinned packages.
    Places,
    /// Build the Debian package.
    Deb(deb::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Test(arguments) => suite::run(&arguments),
        Chore::Tidy => tidy::run(),
        Chore::Sim(arguments) => sim::run(&arguments),
        Chore::Fuzz(arguments) => fuzz::run(&arguments),
        Chore::Places => places::run(),
        Chore::Deb(arguments) => deb::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

//! `cargo xtask sim`: the quota rules in a seeded simulation. The rules are `domain`'s own; store, gateways and network are
//! models that crash, lag, lose and repeat. A seed replays exactly. Guarantees are checked after every step.

mod breach;
mod gateway;
mod guarantees;
mod messages;
mod network;
mod operations;
mod process;
mod random;
mod store;
mod trace;
mod truth;
mod world;

use std::time::Instant;

use anyhow::{Result, bail};

use breach::Breach;
use world::World;

/// What `cargo xtask sim` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many steps each seed runs.
    #[arg(long, default_value_t = 10_000)]
    ops: u64,
    /// How many seeds, counted up from the first.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Breaks one rule on purpose, to see that it is noticed.
    #[arg(long = "break", value_enum)]
    breach: Option<Breach>,
}

/// Runs the chore.
///
/// # Errors
/// When a guarantee is broken: seed, step, operation and the end of the trace are in the error.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let started = Instant::now();
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.seeds) {
        match World::new(seed, arguments.breach).run(arguments.ops) {
            Ok(summary) => println!("seed {seed}: {summary}"),
            Err(violation) => bail!("{violation}"),
        }
    }
    println!("{} seeds of {} steps in {:.1?}", arguments.seeds, arguments.ops, started.elapsed());
    Ok(())
}

#[cfg(test)]
mod tests;

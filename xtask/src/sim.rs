//! `cargo xtask sim`: the quota rules in a seeded simulation.

use anyhow::Result;

/// What `cargo xtask sim` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(_arguments: &Arguments) -> Result<()> {
    Ok(())
}

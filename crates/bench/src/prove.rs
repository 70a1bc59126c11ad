//! Proofs: the product's promises, checked from outside on the real binary over real sockets. Each prints what it saw
//! and counts what broke a promise; none knows anything of the product but its command line, its API and its gateway.

mod billing;
mod crash;
mod database;
mod descriptors;
pub(crate) mod dice;
mod exits;
mod fleet;
mod limit;
mod machines;
mod metering;
mod outage;
mod plans;
mod reload;
mod requests;
mod reset;
mod revocation;
mod rig;
mod serving;
pub(crate) mod shop;
mod steady;
mod swap;

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::say;

/// Flags of `prove`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which promise.
    #[arg(value_enum)]
    what: Promise,
    /// The `turnpike` binary; a release build is made when not given.
    #[arg(long)]
    turnpike: Option<PathBuf>,
    /// How many transfers, rounds or tries; each proof has its own default.
    #[arg(long)]
    times: Option<u64>,
    /// What chance starts from; a run with the same seed makes the same choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An empty PostgreSQL database for `fleet`; a cluster of its own when not given.
    #[arg(long)]
    postgres: Option<String>,
}

/// What can be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Promise {
    /// Billed bytes equal both ends' counts; after a reset they never exceed what the client sent and acknowledged.
    Metering,
    /// Packages and limits are used up and never passed.
    Limit,
    /// SIGKILL under load loses no acknowledged write, bills nothing undelivered and little goes unbilled.
    Crash,
    /// Disable, delete and password change apply within a second.
    Revocation,
    /// Running out of descriptors hurts no open tunnel.
    Descriptors,
    /// Python's `requests` over HTTP, CONNECT and SOCKS5, as a customer's script uses it.
    Requests,
    /// A successor takes over under load: nobody is refused, every byte is booked.
    Swap,
    /// Good and broken configurations in turn, under load.
    Reload,
    /// Four gateways and two API processes on one PostgreSQL share a package to the byte, whatever happens to one.
    Fleet,
    /// Exits in network namespaces: what the origin sees is of the place asked for, and sessions keep theirs.
    Exits,
    /// Four gateways share a time plan's bandwidth and connections, while some come, go and die.
    Plans,
    /// PostgreSQL killed again and again, and frozen: tunnels live, nothing that was acknowledged is lost.
    Outage,
    /// Two hundred buy at once what there is only once: exactly one gets it, and the ledger is right.
    Shop,
    /// All of them.
    All,
}

const EVERY: [Promise; 13] = [
    Promise::Requests,
    Promise::Limit,
    Promise::Revocation,
    Promise::Descriptors,
    Promise::Swap,
    Promise::Reload,
    Promise::Fleet,
    Promise::Exits,
    Promise::Plans,
    Promise::Outage,
    Promise::Shop,
    Promise::Crash,
    Promise::Metering,
];

/// Runs one proof, or all.
///
/// # Errors
/// When a promise was broken or the proof could not be run.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = crate::product_binary(arguments.turnpike.as_ref())?;
    let promises = if arguments.what == Promise::All { EVERY.to_vec() } else { vec![arguments.what] };
    let mut verdict = Verdict::default();
    for promise in promises {
        say(&format!("== {promise:?}"));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let plan = Plan {
            binary: binary.clone(),
            times: arguments.times,
            seed: arguments.seed,
            postgres: arguments.postgres.clone(),
        };
        runtime.block_on(async {
            match promise {
                Promise::Metering => metering::prove(&plan, &mut verdict).await,
                Promise::Limit => limit::prove(&plan, &mut verdict).await,
                Promise::Crash => crash::prove(&plan, &mut verdict).await,
                Promise::Revocation => revocation::prove(&plan, &mut verdict).await,
                Promise::Descriptors => descriptors::prove(&plan, &mut verdict).await,
                Promise::Requests => requests::prove(&plan, &mut verdict).await,
                Promise::Swap => swap::prove(&plan, &mut verdict).await,
                Promise::Reload => reload::prove(&plan, &mut verdict).await,
                Promise::Fleet => fleet::prove(&plan, &mut verdict).await,
                Promise::Exits => exits::prove(&plan, &mut verdict).await,
                Promise::Plans => plans::prove(&plan, &mut verdict).await,
                Promise::Outage => outage::prove(&plan, &mut verdict).await,
                Promise::Shop => shop::prove(&plan, &mut verdict).await,
                Promise::All => Ok(()),
            }
        })?;
    }
    say(&format!("{} checks, {} violations", verdict.checks, verdict.violations));
    ensure!(verdict.violations == 0, "a promise was broken");
    Ok(())
}

/// What a proof is given.
struct Plan {
    binary: PathBuf,
    times: Option<u64>,
    seed: u64,
    postgres: Option<String>,
}

/// What was checked so far.
#[derive(Default)]
struct Verdict {
    checks: u64,
    violations: u64,
}

impl Verdict {
    /// Counts a check and prints it with its figures.
    fn check(&mut self, kept: bool, figures: &str) {
        self.checks = self.checks.saturating_add(1);
        if !kept {
            self.violations = self.violations.saturating_add(1);
        }
        say(&format!("{} {figures}", if kept { "ok       " } else { "VIOLATION" }));
    }
}

//! What can be typed about exits.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use turnpike_domain::country::CountryCode;

use super::Manner;

/// What to do with exits.
#[derive(Debug, Subcommand)]
pub(crate) enum ExitCommand {
    /// Declare an exit. From the first one on, traffic leaves by declared exits and by nothing else.
    Add {
        /// What to call it, for good: letters, digits, `.`, `_`, `:` and `-`.
        name: String,
        /// `direct`, an address of the gateway's host, an IPv6 prefix that is routed to it, `http://HOST:PORT` or
        /// `socks5://HOST:PORT`.
        route: String,
        /// Where it is: `COUNTRY`, `COUNTRY/State` or `COUNTRY/State/City`; repeatable.
        #[arg(long = "place", value_name = "PLACE")]
        places: Vec<String>,
        #[command(flatten)]
        terms: ExitTermsArgs,
        #[command(flatten)]
        manner: Manner,
    },
    /// Change an exit; what is not named stays.
    Change {
        /// Its name.
        name: String,
        /// Another way out.
        #[arg(long)]
        route: Option<String>,
        /// All its places; repeatable.
        #[arg(long = "place", value_name = "PLACE")]
        places: Vec<String>,
        /// Lift its capacity.
        #[arg(long, conflicts_with = "capacity")]
        no_capacity: bool,
        #[command(flatten)]
        terms: ExitTermsArgs,
        #[command(flatten)]
        manner: Manner,
    },
    /// Say what is wanted of an exit.
    State {
        /// Its name.
        name: String,
        /// `active`, `draining` (it lets its connections end), `maintenance` or `down` (they are ended).
        state: String,
        #[command(flatten)]
        manner: Manner,
    },
    /// Remove an exit; its sessions move to others of their place.
    Remove {
        /// Its name.
        name: String,
        #[command(flatten)]
        manner: Manner,
    },
    /// List exits, and what came of their last checks.
    List {
        #[command(flatten)]
        filter: ExitArgs,
    },
    /// Take exits over from a table (CSV): all of them or none. Those that are there become what it says.
    Import {
        /// The table. Its first line names the columns: `name`, `route` and `places`, and, if wanted, `username`, `password`,
        /// `product_types`, `capacity`, `weight`, `state`, `provenance` and `evidence`. Lists are parted by `|`. `-` for standard
        /// input.
        file: PathBuf,
        #[command(flatten)]
        manner: Manner,
    },
    /// Write exits as a table (CSV) that can be imported again; passwords are left out.
    Export {
        /// The file; `-` for standard output.
        file: PathBuf,
        #[command(flatten)]
        filter: ExitArgs,
    },
    /// Prove by which addresses exits are seen: every running gateway leaves by each. Fails when something is missing.
    Check {
        /// The exit's name; all of them when not given.
        name: Option<String>,
        #[command(flatten)]
        filter: ExitArgs,
        #[command(flatten)]
        manner: Manner,
    },
}

/// What else can be said of an exit.
#[derive(Debug, Args)]
pub(crate) struct ExitTermsArgs {
    /// How an upstream is logged in to: a text with `{cc}`, `{CC}`, `{state}`, `{city}`, `{session}` and `{life}` in it. What stands
    /// in square brackets is left out when a value in it is not known. Empty for no login.
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) username: Option<String>,
    /// An upstream's password; empty for none.
    #[arg(long, env = "TURNPIKE_EXIT_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
    /// Whose traffic it takes, by the accounts' product type; repeatable; that of all accounts when not given.
    #[arg(long = "type", value_name = "N")]
    pub(crate) product_types: Vec<String>,
    /// The most connections open at once, per gateway; no limit when not given.
    #[arg(long, value_name = "N")]
    pub(crate) capacity: Option<u32>,
    /// Its share of the connections in its place, 1 to 1000.
    #[arg(long, value_name = "N")]
    pub(crate) weight: Option<u16>,
    /// Who the addresses belong to: `owned` or `contracted`.
    #[arg(long, value_name = "WHO")]
    pub(crate) provenance: Option<String>,
    /// A note on that: a contract, an assignment.
    #[arg(long, value_name = "TEXT")]
    pub(crate) evidence: Option<String>,
}

/// Which exits.
#[derive(Debug, Args)]
pub(crate) struct ExitArgs {
    /// Only those in that country.
    #[arg(long, value_name = "CC")]
    pub(crate) country: Option<CountryCode>,
    /// Only those in that state: `active`, `draining`, `maintenance` or `down`.
    #[arg(long = "in", value_name = "STATE")]
    pub(crate) state: Option<String>,
    /// Only those that leave in that way: `direct`, `address`, `prefix`, `http` or `socks5`.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Only those whose last check found something missing.
    #[arg(long)]
    pub(crate) faulty: bool,
}

//! What can be typed about the inventory of static IPs.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use turnpike_domain::country::CountryCode;

use super::Manner;

/// What to do with the inventory of static IPs.
#[derive(Debug, Subcommand)]
pub(crate) enum StaticIpCommand {
    /// Take addresses over from a table (CSV): all of them or none.
    Import {
        /// The table. Its first line names the columns: `ip`, `kind` (14 or datacenter, 25 or residential) and `country`,
        /// and, if wanted, `region`, `city`, `state` (`for_sale`, `maintenance` or `withdrawn`), `note` and `exit`. `-`
        /// for standard input.
        file: PathBuf,
        #[command(flatten)]
        manner: Manner,
    },
    /// Write the inventory as a table (CSV) that can be imported elsewhere.
    Export {
        /// The file; `-` for standard output.
        file: PathBuf,
        #[command(flatten)]
        filter: StaticIpArgs,
    },
    /// List addresses, and who holds them.
    List {
        #[command(flatten)]
        filter: StaticIpArgs,
    },
    /// Put an address into maintenance: it is not sold, and whoever holds it is told so.
    Maintenance {
        /// The address.
        ip: IpAddr,
        /// End the maintenance.
        #[arg(long)]
        end: bool,
        #[command(flatten)]
        manner: Manner,
    },
    /// Sell an address no more. Nobody may hold it.
    Withdraw {
        /// The address.
        ip: IpAddr,
        /// Sell it again.
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        manner: Manner,
    },
    /// Say which exit an address is behind: its holder's traffic leaves by that.
    Behind {
        /// The address.
        ip: IpAddr,
        /// The exit's name; without one it is an address of the gateways' own hosts.
        exit: Option<String>,
        #[command(flatten)]
        manner: Manner,
    },
    /// Give whoever holds an address another one of its kind.
    Replace {
        /// The address.
        ip: IpAddr,
        /// Where the other one is to be; where this one is when not given.
        #[arg(long, value_name = "CC")]
        country: Option<CountryCode>,
        #[command(flatten)]
        manner: Manner,
    },
}

/// Which addresses.
#[derive(Debug, Args)]
pub(crate) struct StaticIpArgs {
    /// Only of this kind: 14 or datacenter, 25 or residential.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Only there.
    #[arg(long, value_name = "CC")]
    pub(crate) country: Option<CountryCode>,
    /// Only in this state: `for_sale`, `held`, `maintenance` or `withdrawn`.
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Only those that this customer holds: e-mail address or id.
    #[arg(long)]
    pub(crate) customer: Option<String>,
}

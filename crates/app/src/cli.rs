//! The command line: what can be typed, and its defaults. Nothing here does anything.

mod catalogue;
mod endpoint;
mod exit;
mod shop;
mod static_ip;
mod validity;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;
use turnpike_domain::scope::Scope;

pub(crate) use catalogue::{ArticleCommand, CatalogueCommand, CouponCommand, CouponTerms, InvitationCommand, Manner};
pub(crate) use endpoint::EndpointCommand;
pub(crate) use exit::{ExitArgs, ExitCommand, ExitTermsArgs};
pub(crate) use shop::{AdjustArgs, LedgerCommand, OrderCommand, RefundArgs, ResolveArgs};
pub(crate) use static_ip::{StaticIpArgs, StaticIpCommand};
pub(crate) use validity::Validity;

/// Turnpike: metered, limited, revocable proxy traffic behind a reseller API.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run API and gateway on the embedded store with a ready-made customer, package and account.
    Demo(DemoArgs),
    /// Run API and gateway as configured.
    Serve(ServeArgs),
    /// Run the API without a gateway: any number of these on one PostgreSQL.
    Api(ServeArgs),
    /// Run a gateway alone, linked to API processes elsewhere; it needs no store.
    Gateway(ServeArgs),
    /// Make the running process read its configuration again: all of it is applied, or it is refused whole.
    Reload(ConfigArgs),
    /// Make the running process start the binary as it is on disk now, hand over to it and drain.
    Upgrade(ConfigArgs),
    /// Check a configuration and print the settings in force; changes nothing.
    CheckConfig(ConfigArgs),
    /// Make and manage customers.
    Customer {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: CustomerCommand,
    },
    /// Let machines run gateways.
    Node {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: NodeCommand,
    },
    /// Make and revoke tokens for programs that use the operator API.
    Token {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Put a catalogue in force, or write the one in force out.
    Catalogue {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: CatalogueCommand,
    },
    /// Make and manage coupons.
    Coupon {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: CouponCommand,
    },
    /// Fill and look after the inventory of static IPs.
    StaticIp {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: StaticIpCommand,
    },
    /// Show the ports that customers have been given, and take them back.
    Endpoint {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: EndpointCommand,
    },
    /// Declare by which ways traffic leaves, and prove them.
    Exit {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: ExitCommand,
    },
    /// Publish and withdraw what customers read.
    Article {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: ArticleCommand,
    },
    /// Give customers codes to invite others with, and note who was invited.
    Invitation {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: InvitationCommand,
    },
    /// Give a customer a package, by a paid order of zero price.
    Grant(GrantArgs),
    /// Show orders, confirm what came in for them, and take them back.
    Order {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: OrderCommand,
    },
    /// Show the journal, and give or take money by hand.
    Ledger {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Show what was used.
    Usage(UsageArgs),
    /// Check the books: every total against the rows it is the sum of. Runs beside a server; fails on a difference.
    Verify(VerifyArgs),
    /// Copy the embedded store, as of one moment, into a new file. Runs beside a server.
    Backup(BackupArgs),
    /// Put a backup in the place of the embedded store, while no process serves the data folder.
    Restore(RestoreArgs),
    /// Make a store safe that was put back to an earlier moment by other means, such as `pg_restore`: void its leases,
    /// make gateways start anew, give no number twice.
    AfterRestore(ConfigArgs),
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file (TOML). Without one the defaults hold.
    #[arg(long, global = true, value_name = "FILE", env = "TURNPIKE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The data folder; overrides the file's `data`.
    #[arg(long, global = true, value_name = "DIR", env = "TURNPIKE_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Override one setting, as KEY=VALUE with a dotted key (`gateway.listen=0.0.0.0:2600`); repeatable.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
}

/// Flags of the commands that serve until a signal.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Take over the listening sockets of the process that serves the data folder; it drains then.
    #[arg(long)]
    pub(crate) takeover: bool,
}

/// Flags of `turnpike demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "turnpike-data")]
    pub(crate) data: PathBuf,
    /// Where the API listens; as last time, or 127.0.0.1:8600.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) api: Option<SocketAddr>,
    /// Where the operator API listens; as last time, or 127.0.0.1:8601, or any free port when that is taken.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) operator: Option<SocketAddr>,
    /// Where the gateway listens; as last time, or 127.0.0.1:2600.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) gateway: Option<SocketAddr>,
    /// The demo package's size at the first start, in GB; 0 grants none.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) package_gb: u32,
    /// A special-purpose range that may be reached, beside the public addresses; repeatable.
    #[arg(long = "allow-cidr", value_name = "CIDR")]
    pub(crate) allow_cidrs: Vec<IpNet>,
    /// A destination port that may be reached, beside 80, 443, 8080 and 8443; repeatable.
    #[arg(long = "allow-port", value_name = "PORT")]
    pub(crate) allow_ports: Vec<u16>,
    /// Declare where this machine's own way out is, such as `US/California/LosAngeles`: customers can ask for that place then.
    #[arg(long, value_name = "PLACE")]
    pub(crate) place: Option<String>,
    /// Print one line of JSON when ready, instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do with customers.
#[derive(Debug, Subcommand)]
pub(crate) enum CustomerCommand {
    /// Make a customer; prints its id and `app_key`.
    Add {
        /// The customer's e-mail address.
        email: String,
        /// The login password; drawn at random and printed when not given.
        #[arg(long, env = "TURNPIKE_CUSTOMER_PASSWORD", hide_env_values = true)]
        password: Option<String>,
        /// Mark the customer as verified at once.
        #[arg(long)]
        verified: bool,
    },
    /// List customers.
    List,
    /// Record that the customer's identity was checked.
    Verify {
        /// E-mail address or id.
        customer: String,
    },
    /// Stop a customer's traffic and changes, within a second on every gateway.
    Suspend {
        /// E-mail address or id.
        customer: String,
    },
    /// End a suspension.
    Resume {
        /// E-mail address or id.
        customer: String,
    },
    /// Show the customer's `app_key`, or replace it.
    Key {
        /// E-mail address or id.
        customer: String,
        /// Draw a new key; the old one is refused at once.
        #[arg(long)]
        renew: bool,
    },
    /// Give a customer another login password; its sessions end.
    Password {
        /// E-mail address or id.
        customer: String,
        /// The login password; drawn at random and printed when not given.
        #[arg(long, env = "TURNPIKE_CUSTOMER_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
    /// Set how much a customer may have; without a flag the configured number holds.
    Quota {
        /// E-mail address or id.
        customer: String,
        /// The most live proxy accounts.
        #[arg(long, value_name = "N")]
        accounts: Option<u32>,
        /// The most addresses on the allow list.
        #[arg(long, value_name = "N")]
        sources: Option<u32>,
    },
    /// Limit a customer's connections, per gateway; without a flag the limit is lifted.
    Limit {
        /// E-mail address or id.
        customer: String,
        /// The most tunnels open at once.
        #[arg(long, value_name = "N")]
        tunnels: Option<u32>,
        /// The most new connections a second.
        #[arg(long, value_name = "N")]
        connections_per_second: Option<u32>,
    },
}

/// What to do with machines that may run gateways.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// Make a machine's credential; prints it, once.
    Add {
        /// What the machine is called: letters, digits, `-`, `_` and `.`.
        name: String,
    },
    /// List machines, and gateways that were heard of within 30 days.
    List,
    /// Make a machine's credential void; its gateways end.
    Revoke {
        /// The machine's name.
        name: String,
    },
    /// Say that a gateway's spool file is lost: what it held is free as soon as it has been silent for validity and grace.
    GiveUp {
        /// The gateway's number, as `turnpike node list` shows it.
        #[arg(allow_negative_numbers = true)]
        gateway: i64,
    },
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; prints it, this once.
    Add {
        /// What to call it: 1 to 63 letters, digits, `-`, `_` or `.`.
        name: String,
        /// What it may do: `read`, `write` or `secrets`; repeatable.
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<Scope>,
        /// How many days it lasts, 1 to 3650.
        #[arg(long, value_name = "N")]
        days: u16,
    },
    /// List tokens, void ones included.
    List,
    /// Make a token void at once.
    Revoke {
        /// Its name or its number.
        token: String,
    },
}

/// Flags of `turnpike grant`.
#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// E-mail address or id.
    pub(crate) customer: String,
    /// The size in KB (1 KB = 1024 bytes).
    #[arg(long, value_name = "KB", required_unless_present = "gb", conflicts_with = "gb")]
    pub(crate) kb: Option<u64>,
    /// The size in GB (1 GB = 1,048,576 KB).
    #[arg(long, value_name = "GB")]
    pub(crate) gb: Option<u64>,
    /// The product type's number.
    #[arg(long = "type", value_name = "N", default_value_t = 9)]
    pub(crate) product_type: i64,
    #[command(flatten)]
    pub(crate) validity: Validity,
    /// The order's title.
    #[arg(long, default_value = "Granted by the operator")]
    pub(crate) title: String,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// Flags of `turnpike usage`.
#[derive(Debug, Args)]
pub(crate) struct UsageArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// E-mail address or id; all customers when not given.
    pub(crate) customer: Option<String>,
    /// The first moment, `YYYY-MM-DD[ HH:MM:SS]` in the configured zone; 7 days ago when not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    /// The last moment; now when not given.
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Flags of `turnpike verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Which books: all of them when not given.
    #[arg(value_enum)]
    pub(crate) part: Option<VerifyPart>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Books that can be checked by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum VerifyPart {
    /// All that concerns money, recomputed from the journal.
    Ledger,
}

/// Flags of `turnpike backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The archive to make (tar). It must not exist.
    pub(crate) file: PathBuf,
    /// Put the master key into the archive too: it opens every password, so keep such an archive as you keep the key.
    #[arg(long)]
    pub(crate) with_key: bool,
}

/// Flags of `turnpike restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// An archive that `turnpike backup` made.
    pub(crate) file: PathBuf,
    /// Put the store that is there aside, into a folder beside it.
    #[arg(long)]
    pub(crate) replace: bool,
}

//! Everything an operator can set about a gateway, with the defaults that the promises are written for.
//! Units stand at the end of each name. Reading files and the environment is the binary's part.

mod deadlines;
mod exits;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use turnpike_domain::destination::PortSet;
use turnpike_domain::endpoint::{EntryName, PortRange};

pub use deadlines::Deadlines;
pub use exits::ExitsSettings;

/// A gateway's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The one port for HTTP and SOCKS5. Default 0.0.0.0:2600.
    pub listen: SocketAddr,
    /// Threads that accept and relay; 0 means one a core.
    pub threads: usize,
    /// Connections the kernel may queue for each thread before they are accepted. 4096.
    pub backlog: u32,
    /// The file with the leases in use; it must survive the process. In the data folder when empty.
    pub spool: PathBuf,
    /// The most leases in use at once. 65536.
    pub spool_slots: u32,
    /// For how long the gateway serves without news from the store, in seconds. 300.
    pub staleness_s: u64,
    /// Ports for clients without credentials whose source is on a customer's allow list.
    pub open: Vec<OpenPort>,
    /// The network entries whose endpoints this gateway listens for. In a file they are in a section of their own, so they are not
    /// read here.
    #[serde(skip)]
    pub entries: Vec<OwnEntry>,
    /// Where connections leave as long as the operator has made no exit.
    pub exit: ExitSettings,
    /// How exits are dialled and watched.
    pub exits: ExitsSettings,
    /// What may be connected to. In a file it is a section of its own, so it is not read here.
    #[serde(skip)]
    pub destinations: DestinationSettings,
    /// How names are resolved.
    pub resolver: ResolverSettings,
    /// How long things may take.
    pub deadlines: Deadlines,
    /// How large or many things may be.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 2600),
            threads: 0,
            backlog: 4096,
            spool: PathBuf::new(),
            spool_slots: 65_536,
            staleness_s: 300,
            open: Vec::new(),
            entries: Vec::new(),
            exit: ExitSettings::default(),
            exits: ExitsSettings::default(),
            destinations: DestinationSettings::default(),
            resolver: ResolverSettings::default(),
            deadlines: Deadlines::default(),
            limits: Limits::default(),
        }
    }
}

/// A network entry that a gateway serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnEntry {
    /// Which.
    pub name: EntryName,
    /// Where it listens.
    pub listen: IpAddr,
    /// On which ports, as far as they are given out.
    pub ports: PortRange,
}

/// A port for clients without credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenPort {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The account that its traffic is booked to. Sources must be on the allow list of that account's customer. It need not
    /// exist yet; until it does everybody is refused.
    pub account: String,
}

/// Where connections leave.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExitSettings {
    /// A local address to leave by. Targets of the other family are then unreachable; no other address is ever used.
    pub bind: Option<IpAddr>,
}

/// What may be connected to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DestinationSettings {
    /// Ports that may be connected to. 80, 443, 8080 and 8443.
    pub allow_ports: PortSet,
    /// Special-purpose ranges that may be connected to all the same. Metadata addresses and own listeners stay denied.
    pub allow_cidrs: Vec<IpNet>,
    /// Whether a name is resolved and classified here even when an upstream exit resolves it for itself. No.
    pub classify_names: bool,
    /// Other listeners of this host that must stay unreachable, beside the gateway's own: the API's, the store's.
    pub own_listeners: Vec<SocketAddr>,
}

/// How names are resolved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResolverSettings {
    /// Name servers to ask; none means the host's own settings.
    pub servers: Vec<SocketAddr>,
    /// Whether the hosts file is consulted first. Yes.
    pub hosts_file: bool,
    /// How long one query to one server may take, in milliseconds. 2000.
    pub query_ms: u64,
    /// How often a query is repeated. 2.
    pub attempts: usize,
    /// How many addresses of an answer are looked at. 16.
    pub answers: usize,
    /// How many answers each thread remembers. 4096.
    pub cache_entries: u64,
    /// For how long an answer is remembered at most, in seconds, whatever its TTL says. 300.
    pub longest_ttl_s: u64,
}

impl Default for ResolverSettings {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            hosts_file: true,
            query_ms: 2_000,
            attempts: 2,
            answers: 16,
            cache_entries: 4_096,
            longest_ttl_s: 300,
        }
    }
}

/// How large or many things may be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A message's head, and a chunked body's trailer, in bytes. 65 536.
    pub head_bytes: usize,
    /// Field lines in a head, at most 128. 100.
    pub head_fields: usize,
    /// Interim responses before the final one. 10.
    pub interim_responses: u32,
    /// Requests on one connection, after which it is closed. 100 000.
    pub requests: u32,
    /// What is read and thrown away of a refused client's message before the connection is closed, in bytes. 65 536.
    pub refusal_bytes: usize,
    /// Connections open at once over all threads; `None` is no limit.
    pub connections: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 65_536,
            head_fields: 100,
            interim_responses: 10,
            requests: 100_000,
            refusal_bytes: 65_536,
            connections: None,
        }
    }
}

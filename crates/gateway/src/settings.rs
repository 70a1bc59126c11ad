//! Everything an operator can set about a gateway, with the defaults that the promises are written for.
//! Units stand at the end of each name. Reading files and the environment is the binary's part.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use turnpike_domain::destination::PortSet;

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
    /// Where connections leave.
    pub exit: ExitSettings,
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
            exit: ExitSettings::default(),
            destinations: DestinationSettings::default(),
            resolver: ResolverSettings::default(),
            deadlines: Deadlines::default(),
            limits: Limits::default(),
        }
    }
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

/// How long things may take.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deadlines {
    /// From accepting a connection to its first complete request, in milliseconds. No byte prolongs it. 10 000.
    pub handshake_ms: u64,
    /// From the first byte of a later request on the same connection to its complete head, in milliseconds. 10 000.
    pub head_ms: u64,
    /// Between two requests on the same connection, in seconds. 60.
    pub keep_alive_s: u64,
    /// For resolving a name, in milliseconds. 5 000.
    pub resolve_ms: u64,
    /// For connecting, over all addresses of a target, in milliseconds. 10 000.
    pub connect_ms: u64,
    /// Before the next address is tried beside the last (RFC 8305 §5), in milliseconds. 250.
    pub stagger_ms: u64,
    /// From a sent request to its response's head, in seconds. 300.
    pub response_s: u64,
    /// For a tunnel or a body without a byte in either direction, in seconds. 300.
    pub idle_s: u64,
    /// For a peer that takes nothing of what waits for it, in seconds. 120.
    pub stall_s: u64,
    /// For a client to acknowledge the last bytes it was sent, in seconds. 60.
    pub linger_s: u64,
    /// For a refused client to read its answer before the connection is closed, in milliseconds. 2 000.
    pub refusal_ms: u64,
    /// For a peer to acknowledge sent data before its connection is given up, in seconds. 30.
    pub user_timeout_s: u64,
    /// Before the first keepalive probe to a silent peer, in seconds. 45.
    pub keepalive_s: u64,
    /// Between two keepalive probes, in seconds. 10.
    pub keepalive_interval_s: u64,
    /// Before accepting again after the process ran out of descriptors or memory, in milliseconds. 100.
    pub accept_back_off_ms: u64,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            handshake_ms: 10_000,
            head_ms: 10_000,
            keep_alive_s: 60,
            resolve_ms: 5_000,
            connect_ms: 10_000,
            stagger_ms: 250,
            response_s: 300,
            idle_s: 300,
            stall_s: 120,
            linger_s: 60,
            refusal_ms: 2_000,
            user_timeout_s: 30,
            keepalive_s: 45,
            keepalive_interval_s: 10,
            accept_back_off_ms: 100,
        }
    }
}

impl Deadlines {
    /// [`Deadlines::handshake_ms`] as a duration.
    pub const fn handshake(&self) -> Duration {
        Duration::from_millis(self.handshake_ms)
    }

    /// [`Deadlines::head_ms`] as a duration.
    pub const fn head(&self) -> Duration {
        Duration::from_millis(self.head_ms)
    }

    /// [`Deadlines::keep_alive_s`] as a duration.
    pub const fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_s)
    }

    /// [`Deadlines::resolve_ms`] as a duration.
    pub const fn resolve(&self) -> Duration {
        Duration::from_millis(self.resolve_ms)
    }

    /// [`Deadlines::connect_ms`] as a duration.
    pub const fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    /// [`Deadlines::stagger_ms`] as a duration.
    pub const fn stagger(&self) -> Duration {
        Duration::from_millis(self.stagger_ms)
    }

    /// [`Deadlines::response_s`] as a duration.
    pub const fn response(&self) -> Duration {
        Duration::from_secs(self.response_s)
    }

    /// [`Deadlines::idle_s`] as a duration.
    pub const fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_s)
    }

    /// [`Deadlines::stall_s`] as a duration.
    pub const fn stall(&self) -> Duration {
        Duration::from_secs(self.stall_s)
    }

    /// [`Deadlines::linger_s`] as a duration.
    pub const fn linger(&self) -> Duration {
        Duration::from_secs(self.linger_s)
    }

    /// [`Deadlines::refusal_ms`] as a duration.
    pub const fn refusal(&self) -> Duration {
        Duration::from_millis(self.refusal_ms)
    }

    /// [`Deadlines::user_timeout_s`] as a duration.
    pub const fn user_timeout(&self) -> Duration {
        Duration::from_secs(self.user_timeout_s)
    }

    /// [`Deadlines::keepalive_s`] as a duration.
    pub const fn keepalive(&self) -> Duration {
        Duration::from_secs(self.keepalive_s)
    }

    /// [`Deadlines::keepalive_interval_s`] as a duration.
    pub const fn keepalive_interval(&self) -> Duration {
        Duration::from_secs(self.keepalive_interval_s)
    }

    /// [`Deadlines::accept_back_off_ms`] as a duration.
    pub const fn accept_back_off(&self) -> Duration {
        Duration::from_millis(self.accept_back_off_ms)
    }
}

/// How large or many things may be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A message's head, and a chunked body's trailer, in bytes. 65 536.
    pub head_bytes: usize,
    /// Field lines in a head, at most 256. 100.
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

//! How long things may take. Every wait of the gateway is one of these.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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
    /// For a peer to acknowledge sent data before its connection is given up, in seconds; one that answers and has no room
    /// has until `stall_s`. 30.
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

macro_rules! durations {
    ($($name:ident = $constructor:ident($field:ident);)*) => {
        impl Deadlines {
            $(
                #[doc = concat!("[`Deadlines::", stringify!($field), "`] as a duration.")]
                pub const fn $name(&self) -> Duration {
                    Duration::$constructor(self.$field)
                }
            )*
        }
    };
}

durations! {
    handshake = from_millis(handshake_ms);
    head = from_millis(head_ms);
    keep_alive = from_secs(keep_alive_s);
    resolve = from_millis(resolve_ms);
    connect = from_millis(connect_ms);
    stagger = from_millis(stagger_ms);
    response = from_secs(response_s);
    idle = from_secs(idle_s);
    stall = from_secs(stall_s);
    linger = from_secs(linger_s);
    refusal = from_millis(refusal_ms);
    user_timeout = from_secs(user_timeout_s);
    keepalive = from_secs(keepalive_s);
    keepalive_interval = from_secs(keepalive_interval_s);
    accept_back_off = from_millis(accept_back_off_ms);
}

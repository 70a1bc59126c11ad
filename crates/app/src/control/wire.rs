//! What is said over the control socket.

use serde::{Deserialize, Serialize};

/// What a command wants of the running process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Ask {
    /// Read the configuration again.
    Reload,
    /// Start a successor: the binary as it is on disk now, with the same arguments.
    Upgrade,
    /// Hand over the listening sockets; the connection stays open until the successor serves.
    Takeover,
    /// The successor serves: drain.
    Serving,
}

/// What the running process answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It is done.
    Done {
        /// What was done, for a person.
        told: String,
    },
    /// It is not done, and nothing has changed.
    Refused {
        /// Why, for a person.
        why: String,
    },
    /// Some sockets, in the order of the descriptors that came with this line.
    Sockets {
        sockets: Vec<SocketName>,
        /// Whether another such line follows.
        more: bool,
    },
}

/// One descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SocketName {
    pub(crate) name: String,
    /// Whether systemd gave it, rather than a process of ours binding it.
    pub(crate) given: bool,
}

/// The name under which the data folder's lock travels.
pub(crate) const LOCK: &str = "lock";
/// The most descriptors beside one line; the kernel takes 253.
pub(crate) const MOST_DESCRIPTORS: usize = 128;
/// The longest line either side reads, in bytes.
pub(crate) const LONGEST_LINE: usize = 64 * 1024;

//! Why there is no connection, and whose fault it is: an exit's failures count against its health, a target's do not. Otherwise a
//! client could take any exit away from all others by asking for what does not exist.

use turnpike_domain::exit::Failure;

use crate::refusal::Refusal;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DialError {
    /// The exit cannot be used.
    Exit {
        /// Why.
        fault: ExitFault,
        /// Whether nothing was heard for as long as was waited.
        hung: bool,
    },
    /// An upstream was asked for the target and said nothing for as long as was waited: its fault, or that of the target. A probe
    /// tells.
    Silent,
    /// The target cannot be reached, or the host has no room; the exit is not to blame.
    Target(Refusal),
}

/// What is wrong with an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ExitFault {
    /// Its address is not this host's.
    NotHere,
    /// Its upstream's name has no address.
    NoSuchUpstream,
    /// Its upstream cannot be connected to.
    Unreachable,
    /// Its upstream does not take the login.
    Login,
    /// Its upstream has no traffic left for us, or had too much of ours.
    Spent,
    /// Its upstream closed the connection before it answered.
    Closed,
    /// Its upstream does not speak the protocol.
    Protocol,
}

impl ExitFault {
    /// All there are.
    pub(crate) const ALL: [Self; 7] = [
        Self::NotHere,
        Self::NoSuchUpstream,
        Self::Unreachable,
        Self::Login,
        Self::Spent,
        Self::Closed,
        Self::Protocol,
    ];

    /// One stable word for logs and metrics.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::NotHere => "not_here",
            Self::NoSuchUpstream => "no_such_upstream",
            Self::Unreachable => "unreachable",
            Self::Login => "login",
            Self::Spent => "spent",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
        }
    }
}

impl DialError {
    /// Nothing was heard of the exit.
    pub(super) const HUNG: Self = Self::Exit { fault: ExitFault::Unreachable, hung: true };

    /// What the client is told. Of an exit it is told no more than that it failed.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Exit { hung: false, .. } => Refusal::ExitFailed,
            Self::Exit { hung: true, .. } => Refusal::ExitTimedOut,
            Self::Silent => Refusal::ConnectTimedOut,
            Self::Target(refusal) => refusal,
        }
    }

    /// What it means for the exit's health; `None` when the exit is not to blame.
    pub(crate) const fn failure(&self) -> Option<Failure> {
        match self {
            Self::Exit { hung: true, .. } => Some(Failure::Hung),
            Self::Exit { hung: false, .. } => Some(Failure::Prompt),
            Self::Silent | Self::Target(_) => None,
        }
    }
}

impl DialError {
    /// One stable word for the log.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Exit { hung: true, .. } => "hung",
            Self::Exit { fault, hung: false } => fault.word(),
            Self::Silent => "silent",
            Self::Target(refusal) => refusal.word(),
        }
    }
}

impl From<ExitFault> for DialError {
    fn from(fault: ExitFault) -> Self {
        Self::Exit { fault, hung: false }
    }
}

impl From<Refusal> for DialError {
    fn from(refusal: Refusal) -> Self {
        Self::Target(refusal)
    }
}

//! Why a customer's connections failed: what gateways put down of refusals and failures, and whose turn it is to do something.
//!
//! An entry never holds a path or a payload, and nothing is put down of what has no login that is right.

use serde::{Deserialize, Serialize};

use crate::connection::Protocol;
use crate::ids::{AccountId, CustomerId, EndpointId};
use crate::quota::Denial;
use crate::time::{Span, Timestamp};

/// How long entries are kept unless told otherwise.
pub const KEPT_FOR: Span = Span::from_secs(7 * 24 * 60 * 60);
/// The most entries that are told of at once.
pub const LARGEST_BATCH: usize = 1_000;

/// One refusal or failure, or how many more there were than are put down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityEntry {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub customer: CustomerId,
    /// The account it would have been booked to; `None` where many are counted together.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// That account's name at the time; empty for one without.
    #[serde(default)]
    pub username: String,
    /// The extracted endpoint that the client came by.
    #[serde(default)]
    pub endpoint: Option<EndpointId>,
    /// That endpoint's port.
    #[serde(default)]
    pub endpoint_port: Option<u16>,
    /// What the client spoke; `None` where many are counted together.
    #[serde(default)]
    pub protocol: Option<Protocol>,
    /// Where it was to go, as it was asked for; `None` when the client had not said.
    #[serde(default)]
    pub target: Option<Aim>,
    /// Where its exit is; `None` when none was chosen, or nobody knows.
    #[serde(default)]
    pub place: Option<String>,
    /// What happened.
    pub reason: Reason,
    /// The HTTP status that it was answered with, or would have been over HTTP; `None` when the tunnel was open.
    #[serde(default)]
    pub status: Option<u16>,
    /// How many: 1, but for [`Reason::Suppressed`].
    pub count: u32,
}

/// A host and its port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aim {
    /// A name or an address.
    pub host: String,
    /// The port there.
    pub port: u16,
}

/// Whose turn it is to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The customer's: a setting, a limit, a login, a request.
    Yours,
    /// The target's: it refused, broke off or is not there.
    Target,
    /// The exit's: it failed, or there is none.
    Exit,
    /// The operator's.
    Ours,
}

impl Fault {
    /// The word that customers read.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yours => "yours",
            Self::Target => "target",
            Self::Exit => "exit",
            Self::Ours => "ours",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $fault:ident;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word that customers read, and programs sort by.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Whose turn it is.
            pub const fn fault(self) -> Fault {
                match self { $(Self::$variant => Fault::$fault,)* }
            }
        }
    };
}

reasons! {
    /// The request cannot be read without doubt.
    BadRequest = "bad_request", Yours;
    /// A parameter in the username has a bad value.
    BadLogin = "bad_login", Yours;
    /// The account is disabled.
    AccountDisabled = "account_disabled", Yours;
    /// The customer is suspended.
    CustomerSuspended = "customer_suspended", Yours;
    /// The customer is not verified yet.
    CustomerUnverified = "customer_unverified", Yours;
    /// The endpoint's time is over.
    EndpointEnded = "endpoint_ended", Yours;
    /// As many tunnels are open as may be.
    TooManyTunnels = "too_many_tunnels", Yours;
    /// Connections are opened faster than may be.
    TooManyConnections = "too_many_connections", Yours;
    /// No exit serves the place.
    PlaceNotServed = "place_not_served", Yours;
    /// No exit of the place can take a connection.
    NoExit = "no_exit", Exit;
    /// No such static IP is held and usable.
    StaticIpNotHeld = "static_ip_not_held", Yours;
    /// The target is not one that is connected to.
    TargetDenied = "target_denied", Yours;
    /// The exit's own operator does not let it connect there.
    ExitDeniesTarget = "exit_denies_target", Exit;
    /// The exit could not be used.
    ExitFailed = "exit_failed", Exit;
    /// The exit did not answer.
    ExitTimedOut = "exit_timed_out", Exit;
    /// The exit was taken out of service or died while a tunnel was open.
    ExitLost = "exit_lost", Exit;
    /// The account's limit is used up.
    LimitReached = "limit_reached", Yours;
    /// The account's limit for the day is used up.
    DailyLimitReached = "daily_limit_reached", Yours;
    /// No package has traffic left.
    NoTraffic = "no_traffic", Yours;
    /// What is left of the traffic is held by other connections.
    Contended = "contended", Yours;
    /// The gateway had no news of accounts for too long.
    Stale = "stale", Ours;
    /// The gateway was shutting down.
    Draining = "draining", Ours;
    /// The gateway was at its limit.
    Overloaded = "overloaded", Ours;
    /// The target's name has no address.
    NoSuchName = "no_such_name", Target;
    /// The target's name could not be resolved.
    DnsFailed = "dns_failed", Target;
    /// The target's name could not be resolved in time.
    DnsTimedOut = "dns_timed_out", Target;
    /// The target refused the connection.
    ConnectRefused = "connect_refused", Target;
    /// There is no way to the target.
    Unreachable = "unreachable", Target;
    /// The target did not answer.
    ConnectTimedOut = "connect_timed_out", Target;
    /// The connection failed for another reason.
    ConnectFailed = "connect_failed", Target;
    /// The target closed before it answered.
    OriginFailed = "origin_failed", Target;
    /// The target took the request and did not answer.
    OriginTimedOut = "origin_timed_out", Target;
    /// The target's response cannot be read without doubt.
    OriginBroken = "origin_broken", Target;
    /// The target broke off: an open tunnel was reset, or a response has no end.
    BrokenOff = "broken_off", Target;
    /// Nothing could be delivered for too long.
    Stalled = "stalled", Yours;
    /// The tunnel was ended: its account was changed, or the operator said so.
    Revoked = "revoked", Yours;
    /// There were more than are put down.
    Suppressed = "suppressed", Yours;
}

impl Reason {
    /// The one of that word; `None` when there is none.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.word() == word)
    }
}

impl From<Denial> for Reason {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::LimitReached => Self::LimitReached,
            Denial::DailyLimitReached => Self::DailyLimitReached,
            Denial::NoTraffic => Self::NoTraffic,
            Denial::Contended | Denial::Paced(_) => Self::Contended,
            Denial::Refused => Self::AccountDisabled,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn reasons_are_known_by_their_words() {
        let words: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(Reason::from_word(reason.word()), Some(*reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.word());
        }
        assert_eq!(Reason::from_word("credentials"), None, "nobody is told of wrong logins");
    }
}

//! Why a client does not get what it asked for: one list for both protocols, and how each protocol says it
//! (contract §10). Nothing here is billed, and nothing here depends on a secret.

use turnpike_domain::activity::Reason;
use turnpike_domain::destination::DestinationError;
use turnpike_domain::login::LoginFault;
use turnpike_domain::quota::Denial;

use crate::http::fault::{MessageFault, ResponseFault};

/// How long a client is asked to wait when the cause passes by itself, in seconds.
const SHORT_WAIT_S: u32 = 1;
/// How long a client is asked to wait when the gateway has lost touch or is going away, in seconds.
const LONG_WAIT_S: u32 = 5;

/// Why a request is refused or could not be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The message cannot be read without doubt.
    #[error("{0}")]
    BadRequest(MessageFault),
    /// Name or password are missing or wrong; which of them is not told.
    #[error("send the username and password of a proxy account")]
    Credentials,
    /// Without credentials, at a port for listed sources, from another source.
    #[error("this address is not on the allow list of this port's customer; add it, or send a username and password")]
    SourceNotListed,
    /// The endpoint that the client came by has ended.
    #[error("this endpoint has ended; extract another")]
    EndpointEnded,
    /// Right credentials, but the customer has disabled the account.
    #[error("this proxy account is disabled; enable it to use it")]
    AccountDisabled,
    /// Right credentials, but the operator has suspended the customer.
    #[error("this customer is suspended; ask the operator")]
    CustomerSuspended,
    /// Right credentials, but the customer is not verified yet.
    #[error("this customer is not verified yet; finish verification first")]
    CustomerUnverified,
    /// The customer has as many tunnels open as it may.
    #[error("too many connections are open; close some and try again")]
    TooManyTunnels,
    /// The customer opens connections faster than it may.
    #[error("connections are opened too fast; try again in {retry_after_s} s")]
    TooManyConnections {
        /// When the next one may come, in seconds, at least 1.
        retry_after_s: u32,
    },
    /// Right credentials, but a parameter in the username has a bad value.
    #[error("the username has a bad parameter: {0}")]
    BadLogin(LoginFault),
    /// No exit serves the place asked for.
    #[error("no exit serves that place; {}choose another or leave it out", offer(nearest.as_deref()))]
    PlaceNotServed {
        /// The nearest place that is served, as [`ExitPlace`](turnpike_domain::exit::ExitPlace) writes it.
        nearest: Option<Box<str>>,
    },
    /// No exit can take this connection.
    #[error("no exit there can take this connection now; try again later, or another place")]
    NoExit,
    /// The customer holds no such static IP that can be used now.
    #[error(
        "none of this customer's static IPs that are in use fits; check _ip-, its expiry, and the place in the username"
    )]
    StaticIpNotHeld,
    /// The target is not one this gateway connects to.
    #[error("the target is not allowed: {0}")]
    TargetDenied(DestinationError),
    /// The exit's own operator does not let it connect to the target.
    #[error("the exit does not connect to this target; choose another place or session")]
    ExitDeniesTarget,
    /// The exit cannot be used.
    #[error("the exit failed before it reached the target; try again")]
    ExitFailed,
    /// The exit did not answer.
    #[error("the exit did not answer in time; try again")]
    ExitTimedOut,
    /// No traffic is left for the account.
    #[error("{0}; buy traffic or raise the limit")]
    NoTraffic(Denial),
    /// The gateway has been without news of accounts for too long.
    #[error("the gateway has lost touch with its store; try again shortly")]
    Stale,
    /// The gateway is shutting down.
    #[error("the gateway is shutting down; connect again")]
    Draining,
    /// The gateway has no descriptor or memory for another connection.
    #[error("the gateway is at its limit; try again shortly")]
    Overloaded,
    /// The name exists in no zone, or has no address.
    #[error("the target's name has no address; check its spelling")]
    NoSuchName,
    /// The name's servers gave no usable answer.
    #[error("the target's name could not be resolved")]
    DnsFailed,
    /// The name's servers gave no answer in time.
    #[error("the target's name could not be resolved in time")]
    DnsTimedOut,
    /// The target refused the connection.
    #[error("the target refused the connection")]
    ConnectRefused,
    /// There is no way to the target's network or host.
    #[error("the target cannot be reached")]
    Unreachable,
    /// The target did not answer in time.
    #[error("the target did not answer in time")]
    ConnectTimedOut,
    /// The connection failed for another reason.
    #[error("the connection to the target failed")]
    ConnectFailed,
    /// The target closed or reset the connection before its response was there.
    #[error("the target closed the connection before it answered")]
    OriginFailed,
    /// The target took the request and sent no response in time.
    #[error("the target took the request but did not answer in time")]
    OriginTimedOut,
    /// The target's response cannot be read without doubt.
    #[error("the target's response is not valid HTTP/1.1: {0}")]
    OriginBroken(ResponseFault),
}

fn offer(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |place| format!("the nearest that is served is {place}; "))
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        match denial {
            // The store knew of it before the directory did.
            Denial::Refused => Self::AccountDisabled,
            denial => Self::NoTraffic(denial),
        }
    }
}

impl From<DestinationError> for Refusal {
    fn from(error: DestinationError) -> Self {
        Self::TargetDenied(error)
    }
}

impl From<MessageFault> for Refusal {
    fn from(fault: MessageFault) -> Self {
        Self::BadRequest(fault)
    }
}

/// How HTTP says a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The reason phrase of RFC 9110.
    pub reason: &'static str,
    /// The `error` parameter of `Proxy-Status` (RFC 9209 §2.3).
    pub error: &'static str,
    /// The value of `Retry-After`, in seconds.
    pub retry_after_s: Option<u32>,
}

impl Refusal {
    /// The status, `Proxy-Status` error and `Retry-After` for HTTP.
    pub fn http(&self) -> HttpAnswer {
        let (status, reason, error) = self.http_status();
        HttpAnswer { status, reason, error, retry_after_s: self.retry_after_s() }
    }

    fn http_status(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest(fault) => {
                let (status, reason) = fault.status();
                (status, reason, "http_request_error")
            }
            Self::BadLogin(_) => (400, "Bad Request", "http_request_error"),
            Self::NoTraffic(Denial::Contended | Denial::Paced(_)) | Self::Overloaded => {
                (503, "Service Unavailable", "connection_limit_reached")
            }
            Self::NoTraffic(_) => (402, "Payment Required", "http_request_denied"),
            Self::AccountDisabled
            | Self::CustomerSuspended
            | Self::CustomerUnverified
            | Self::SourceNotListed
            | Self::EndpointEnded => (403, "Forbidden", "http_request_denied"),
            Self::TargetDenied(_) | Self::ExitDeniesTarget => (403, "Forbidden", "destination_ip_prohibited"),
            Self::Credentials => (407, "Proxy Authentication Required", "http_request_denied"),
            Self::TooManyTunnels | Self::TooManyConnections { .. } => (429, "Too Many Requests", "http_request_denied"),
            Self::NoSuchName | Self::DnsFailed => (502, "Bad Gateway", "dns_error"),
            Self::ConnectRefused => (502, "Bad Gateway", "connection_refused"),
            Self::Unreachable => (502, "Bad Gateway", "destination_ip_unroutable"),
            Self::ConnectFailed | Self::OriginFailed => (502, "Bad Gateway", "connection_terminated"),
            Self::OriginBroken(fault) => (502, "Bad Gateway", fault.error()),
            Self::ExitFailed => (502, "Bad Gateway", "destination_unavailable"),
            Self::PlaceNotServed { .. } | Self::NoExit | Self::StaticIpNotHeld => {
                (503, "Service Unavailable", "destination_unavailable")
            }
            Self::Stale | Self::Draining => (503, "Service Unavailable", "proxy_internal_response"),
            Self::DnsTimedOut => (504, "Gateway Timeout", "dns_timeout"),
            Self::ConnectTimedOut | Self::ExitTimedOut => (504, "Gateway Timeout", "connection_timeout"),
            Self::OriginTimedOut => (504, "Gateway Timeout", "http_response_timeout"),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::TooManyConnections { retry_after_s } => Some(*retry_after_s),
            Self::TooManyTunnels | Self::Overloaded | Self::NoTraffic(Denial::Contended | Denial::Paced(_)) => {
                Some(SHORT_WAIT_S)
            }
            Self::Stale | Self::Draining => Some(LONG_WAIT_S),
            _ => None,
        }
    }

    /// The reply field of SOCKS5 (RFC 1928 §6).
    pub const fn socks_reply(&self) -> u8 {
        match self {
            Self::NoTraffic(Denial::Contended | Denial::Paced(_)) => GENERAL_FAILURE,
            Self::NoTraffic(_)
            | Self::AccountDisabled
            | Self::CustomerSuspended
            | Self::CustomerUnverified
            | Self::SourceNotListed
            | Self::EndpointEnded
            | Self::TargetDenied(_)
            | Self::ExitDeniesTarget => NOT_ALLOWED,
            Self::Unreachable => NETWORK_UNREACHABLE,
            Self::NoSuchName | Self::DnsFailed | Self::DnsTimedOut | Self::ConnectTimedOut | Self::ConnectFailed => {
                HOST_UNREACHABLE
            }
            Self::ConnectRefused => CONNECTION_REFUSED,
            _ => GENERAL_FAILURE,
        }
    }

    /// What its customer is told of it; `None` for those that anybody may cause.
    pub(crate) const fn reason(&self) -> Option<Reason> {
        Some(match self {
            Self::Credentials | Self::SourceNotListed => return None,
            Self::BadRequest(_) => Reason::BadRequest,
            Self::EndpointEnded => Reason::EndpointEnded,
            Self::AccountDisabled | Self::NoTraffic(Denial::Refused) => Reason::AccountDisabled,
            Self::CustomerSuspended => Reason::CustomerSuspended,
            Self::CustomerUnverified => Reason::CustomerUnverified,
            Self::TooManyTunnels => Reason::TooManyTunnels,
            Self::TooManyConnections { .. } => Reason::TooManyConnections,
            Self::BadLogin(_) => Reason::BadLogin,
            Self::PlaceNotServed { .. } => Reason::PlaceNotServed,
            Self::NoExit => Reason::NoExit,
            Self::StaticIpNotHeld => Reason::StaticIpNotHeld,
            Self::TargetDenied(_) => Reason::TargetDenied,
            Self::ExitDeniesTarget => Reason::ExitDeniesTarget,
            Self::ExitFailed => Reason::ExitFailed,
            Self::ExitTimedOut => Reason::ExitTimedOut,
            Self::NoTraffic(Denial::LimitReached) => Reason::LimitReached,
            Self::NoTraffic(Denial::DailyLimitReached) => Reason::DailyLimitReached,
            Self::NoTraffic(Denial::NoTraffic) => Reason::NoTraffic,
            Self::NoTraffic(Denial::Contended | Denial::Paced(_)) => Reason::Contended,
            Self::Stale => Reason::Stale,
            Self::Draining => Reason::Draining,
            Self::Overloaded => Reason::Overloaded,
            Self::NoSuchName => Reason::NoSuchName,
            Self::DnsFailed => Reason::DnsFailed,
            Self::DnsTimedOut => Reason::DnsTimedOut,
            Self::ConnectRefused => Reason::ConnectRefused,
            Self::Unreachable => Reason::Unreachable,
            Self::ConnectTimedOut => Reason::ConnectTimedOut,
            Self::ConnectFailed => Reason::ConnectFailed,
            Self::OriginFailed => Reason::OriginFailed,
            Self::OriginTimedOut => Reason::OriginTimedOut,
            Self::OriginBroken(_) => Reason::OriginBroken,
        })
    }

    /// One stable word for the log.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::Credentials => "credentials",
            Self::SourceNotListed => "source_not_listed",
            Self::EndpointEnded => "endpoint_ended",
            Self::AccountDisabled => "account_disabled",
            Self::CustomerSuspended => "customer_suspended",
            Self::CustomerUnverified => "customer_unverified",
            Self::TooManyTunnels => "too_many_tunnels",
            Self::TooManyConnections { .. } => "too_many_connections",
            Self::BadLogin(_) => "bad_login",
            Self::PlaceNotServed { .. } => "place_not_served",
            Self::NoExit => "no_exit",
            Self::StaticIpNotHeld => "static_ip_not_held",
            Self::TargetDenied(_) => "target_denied",
            Self::ExitDeniesTarget => "exit_denies_target",
            Self::ExitFailed => "exit_failed",
            Self::ExitTimedOut => "exit_timed_out",
            Self::NoTraffic(_) => "no_traffic",
            Self::Stale => "stale",
            Self::Draining => "draining",
            Self::Overloaded => "overloaded",
            Self::NoSuchName => "no_such_name",
            Self::DnsFailed => "dns_failed",
            Self::DnsTimedOut => "dns_timed_out",
            Self::ConnectRefused => "connect_refused",
            Self::Unreachable => "unreachable",
            Self::ConnectTimedOut => "connect_timed_out",
            Self::ConnectFailed => "connect_failed",
            Self::OriginFailed => "origin_failed",
            Self::OriginTimedOut => "origin_timed_out",
            Self::OriginBroken(_) => "origin_broken",
        }
    }
}

const GENERAL_FAILURE: u8 = 1;
const NOT_ALLOWED: u8 = 2;
const NETWORK_UNREACHABLE: u8 = 3;
const HOST_UNREACHABLE: u8 = 4;
const CONNECTION_REFUSED: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_up_traffic_is_402_and_reply_2_but_contention_passes() {
        let spent = Refusal::NoTraffic(Denial::LimitReached);
        assert_eq!((spent.http().status, spent.socks_reply()), (402, 2));
        assert_eq!(spent.http().retry_after_s, None);
        let contended = Refusal::NoTraffic(Denial::Contended);
        assert_eq!((contended.http().status, contended.socks_reply()), (503, 1));
        assert_eq!(contended.http().retry_after_s, Some(1));
    }

    #[test]
    fn an_exit_that_fails_is_told_from_one_that_does_not_answer() {
        let told = |refusal: Refusal| (refusal.http().status, refusal.http().error, refusal.socks_reply());
        assert_eq!(told(Refusal::ExitFailed), (502, "destination_unavailable", 1));
        assert_eq!(told(Refusal::ExitTimedOut), (504, "connection_timeout", 1));
        assert_eq!(told(Refusal::ExitDeniesTarget), (403, "destination_ip_prohibited", 2));
    }

    #[test]
    fn a_rate_limit_says_when_to_come_back() {
        let refusal = Refusal::TooManyConnections { retry_after_s: 7 };
        assert_eq!(refusal.http().retry_after_s, Some(7));
        assert_eq!((refusal.http().status, refusal.socks_reply()), (429, 1));
    }
}

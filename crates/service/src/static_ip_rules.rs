//! What the operator says about static IPs, and how one is reached.

use turnpike_domain::account::NamePrefix;
use turnpike_domain::time::Span;

/// What the operator says about static IPs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticIpRules {
    /// How long an expired address is kept for its customer, who can renew it meanwhile.
    pub grace: Span,
    /// The gateway's port, as customers are told it.
    pub port: u16,
    /// What the name of an account begins with that is made for whoever has none.
    pub names: NamePrefix,
    /// How long before its end something is bought again that is to be.
    pub renew_before: Span,
}

impl Default for StaticIpRules {
    fn default() -> Self {
        Self { grace: Span::from_days(3), port: 2600, names: NamePrefix::default(), renew_before: Span::from_days(1) }
    }
}

//! Who acts: for the audit, and for what only customers are bound by.

use turnpike_domain::ids::{CustomerId, TokenId};
use turnpike_domain::time::Timestamp;
use turnpike_store::Tx;
use turnpike_store::audit::AuditEntry;

use crate::error::ServiceError;
use crate::service::{require_active, require_customer, require_unsuspended};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A customer, over the API.
    Customer(CustomerId),
    /// Somebody with a shell on the operator's machine, by name.
    Operator(String),
    /// The same, who says why.
    OperatorBecause {
        /// By which name.
        name: String,
        /// Why, in the operator's own words; may be empty.
        reason: String,
    },
    /// A program that acts for the operator, over its API.
    Token {
        /// Which token it showed.
        id: TokenId,
        /// What the operator calls that.
        name: String,
        /// Why it acts, in its own words; may be empty.
        reason: String,
    },
}

impl Actor {
    /// Whether it gives a reason.
    pub(crate) fn says_why(&self) -> bool {
        self.reason().is_some_and(|reason| !reason.trim().is_empty())
    }

    /// Why it acts, where it says so; may be empty.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::OperatorBecause { reason, .. } | Self::Token { reason, .. } => Some(reason),
            Self::Customer(_) | Self::Operator(_) => None,
        }
    }

    /// An audit row. `detail` never holds a secret.
    pub(crate) fn did(&self, act: &str, customer: CustomerId, detail: String, at: Timestamp) -> AuditEntry {
        AuditEntry { customer: Some(customer), ..self.did_overall(act, detail, at) }
    }

    /// An audit row of an act that touches no customer's things.
    pub(crate) fn did_overall(&self, act: &str, detail: String, at: Timestamp) -> AuditEntry {
        let reason = match self {
            Self::Token { reason, .. } | Self::OperatorBecause { reason, .. } => reason.clone(),
            Self::Customer(_) | Self::Operator(_) => String::new(),
        };
        AuditEntry { at, actor: self.to_string(), act: act.to_owned(), customer: None, detail, reason }
    }

    /// Refuses a customer that may not change anything, being not verified or suspended. The operator may change what
    /// belongs to any customer there is.
    pub(crate) async fn may_change(&self, tx: &mut Tx, customer: CustomerId) -> Result<(), ServiceError> {
        match self {
            Self::Customer(_) => require_active(tx, customer).await,
            Self::Operator(_) | Self::OperatorBecause { .. } | Self::Token { .. } => {
                require_customer(tx, customer).await
            }
        }
    }

    /// As [`Actor::may_change`], for what a customer need not be verified for.
    pub(crate) async fn may_change_unverified(&self, tx: &mut Tx, customer: CustomerId) -> Result<(), ServiceError> {
        match self {
            Self::Customer(_) => require_unsuspended(tx, customer).await,
            Self::Operator(_) | Self::OperatorBecause { .. } | Self::Token { .. } => {
                require_customer(tx, customer).await
            }
        }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Customer(customer) => write!(f, "customer:{customer}"),
            Self::Operator(name) | Self::OperatorBecause { name, .. } => write!(f, "operator:{name}"),
            Self::Token { name, .. } => write!(f, "token:{name}"),
        }
    }
}

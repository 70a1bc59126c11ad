//! Who acts, for the audit.

use turnpike_domain::ids::CustomerId;
use turnpike_domain::time::Timestamp;
use turnpike_store::audit::AuditEntry;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A customer, over the API.
    Customer(CustomerId),
    /// Somebody with a shell on the operator's machine, by name.
    Operator(String),
}

impl Actor {
    /// An audit row. `detail` never holds a secret.
    pub(crate) fn did(&self, act: &str, customer: CustomerId, detail: String, at: Timestamp) -> AuditEntry {
        AuditEntry { customer: Some(customer), ..self.did_overall(act, detail, at) }
    }

    /// An audit row of an act that touches no customer's things.
    pub(crate) fn did_overall(&self, act: &str, detail: String, at: Timestamp) -> AuditEntry {
        AuditEntry { at, actor: self.to_string(), act: act.to_owned(), customer: None, detail }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Customer(customer) => write!(f, "customer:{customer}"),
            Self::Operator(name) => write!(f, "operator:{name}"),
        }
    }
}

//! What the operator asks all gateways: it goes out as a change does, and each gateway answers for itself.

use serde::{Deserialize, Serialize};

use crate::connection::{Connection, ConnectionId};
use crate::exit::{ExitReport, ExitWish};
use crate::explain::{Explanation, Hypothesis};
use crate::ids::{AccountId, CustomerId, NodeId, QuestionId};

/// A question to every gateway.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Question {
    /// Which question.
    pub id: QuestionId,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Which connections are open.
    Connections {
        /// Only of this customer.
        customer: Option<CustomerId>,
        /// Only of this account.
        account: Option<AccountId>,
        /// At most so many of each gateway.
        most: u32,
    },
    /// Reset one connection.
    Kick {
        /// The gateway it is open at.
        node: NodeId,
        /// Which of its connections.
        connection: ConnectionId,
    },
    /// Reset all connections of an account.
    KickAccount(AccountId),
    /// What would become of a connection.
    Explain(Box<Hypothesis>),
    /// By which address an exit is seen.
    CheckExit(Box<ExitWish>),
}

/// What one gateway answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Ask::Connections`].
    Connections(Vec<Connection>),
    /// To both kinds of kick: how many connections were reset.
    Kicked(u32),
    /// To [`Ask::Explain`].
    Explained(Box<Explanation>),
    /// To [`Ask::CheckExit`].
    Checked(ExitReport),
}

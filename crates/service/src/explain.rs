//! Why a login fails, or where it would leave: the store says what remains of limits and packages, and every gateway what it would
//! make of the connection. Nothing is connected, counted or kept.

use std::time::Duration;

use turnpike_domain::account::Username;
use turnpike_domain::connection::Protocol;
use turnpike_domain::destination::Target;
use turnpike_domain::explain::{Explanation, Hypothesis};
use turnpike_domain::ids::{CustomerId, NodeId};
use turnpike_domain::lease::LeaseRequest;
use turnpike_domain::login::Login;
use turnpike_domain::question::{Answer, Ask};
use turnpike_domain::quota::Denial;
use turnpike_domain::time::Timestamp;
use turnpike_domain::units::Bytes;
use turnpike_store::Tx;
use turnpike_store::account::details::{self, AccountDetails};
use turnpike_store::customer::{self, Customer};

use crate::books::{Books, Remaining};
use crate::error::ServiceError;
use crate::service::Service;

/// A connection that nobody makes.
#[derive(Clone, Debug)]
pub struct ExplainWish {
    /// The username with its parameters, as the client writes it.
    pub text: String,
    /// What that text says.
    pub login: Login,
    /// Where it would go.
    pub target: Target,
    /// What the client would speak.
    pub protocol: Protocol,
}

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The account.
    pub account: AccountDetails,
    /// Whose it is.
    pub customer: Customer,
    /// What is left of limits and packages.
    pub remaining: Remaining,
    /// What each gateway would make of it, by gateway.
    pub gateways: Vec<(NodeId, Explanation)>,
}

impl Explained {
    /// What all gateways say, when they say the same.
    pub fn agreed(&self) -> Option<&Explanation> {
        let (_, first) = self.gateways.first()?;
        self.gateways.iter().all(|(_, other)| first.agrees_with(other)).then_some(first)
    }
}

struct Inquiry {
    service: Service,
    owner: Option<CustomerId>,
    username: Username,
    now: Timestamp,
}

/// What the store knows.
struct Known {
    account: AccountDetails,
    customer: Customer,
    remaining: Remaining,
    denial: Option<Denial>,
}

impl Service {
    /// Explains what would become of a connection: of `owner`'s account, or of anybody's. Gateways are waited for at most for
    /// `patience`; those that have not answered by then are left out.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when there is no such account, whoever else has one of that name.
    pub async fn explain(
        &self,
        owner: Option<CustomerId>,
        wish: ExplainWish,
        patience: Duration,
    ) -> Result<Explained, ServiceError> {
        let inquiry = Inquiry { service: self.clone(), owner, username: wish.login.username, now: self.now() };
        // Books are locked when they are opened, and undone here: nobody gets what is asked for.
        let known = self.rehearsing().store.write(inquiry, |inquiry, tx| Box::pin(look(inquiry, tx))).await;
        let Known { account, customer, remaining, denial } = known?;
        let (login, target) = (wish.text, wish.target.to_string());
        let case = Hypothesis { login, target, protocol: wish.protocol, denial };
        let answers = self.ask_gateways(Ask::Explain(Box::new(case)), patience).await?;
        let explained = |(node, answer)| match answer {
            Answer::Explained(explanation) => Some((node, *explanation)),
            _ => None,
        };
        let gateways = answers.into_iter().filter_map(explained).collect();
        Ok(Explained { account, customer, remaining, gateways })
    }
}

async fn look(inquiry: &Inquiry, tx: &mut Tx) -> Result<Known, ServiceError> {
    let Inquiry { service, owner, username, now } = inquiry;
    let unknown = || ServiceError::NotFound(*username);
    let owner = match owner {
        Some(owner) => *owner,
        None => details::owner(tx, username).await?.ok_or_else(unknown)?,
    };
    let account = details::by_name(tx, owner, username).await?.ok_or_else(unknown)?;
    let customer = customer::by_id(tx, owner).await?.ok_or(ServiceError::NoSuchCustomer)?;
    let mut books = Books::open(tx, service, &[], &[account.id], *now).await?;
    let remaining = books.remaining(account.id).ok_or_else(unknown)?;
    let request = LeaseRequest { account: account.id, want: Bytes::new(1) };
    let granted = books.grant(&service.lease_policy(), &request, Bytes::ZERO);
    // A plan's bandwidth is free again within moments: a connection waits for it.
    let denial = granted.err().filter(|denial| !matches!(denial, Denial::Paced(_)));
    Ok(Known { account, customer, remaining, denial })
}

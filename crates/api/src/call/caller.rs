//! Who calls, and what acts for them.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;

use http::{Extensions, HeaderMap};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use turnpike_domain::ids::CustomerId;
use turnpike_service::{Actor, OnceTicket, Service};

use super::{Api, Gate, Rules};
use crate::credential;
use crate::effective::{Receipt, Wait};
use crate::envelope::{Nothing, Success, Written};
use crate::error::ApiError;
use crate::intake::Intake;
use crate::language::Language;
use crate::live::Streams;
use crate::places::PlaceLists;
use crate::server::Closing;
use crate::settings::ApiSettings;

/// A function that answers a call: any `async fn(C, W) -> Result<D, ApiError>`.
pub(crate) trait Act<C, W, F>: Fn(C, W) -> F + Clone + Send + Sync + 'static {}

impl<A, C, W, F> Act<C, W, F> for A where A: Fn(C, W) -> F + Clone + Send + Sync + 'static {}

/// Where a request is dealt with: what acts for it, and how it is to be answered.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) service: Service,
    pub(crate) settings: Arc<ApiSettings>,
    pub(crate) streams: Streams,
    pub(crate) place_lists: Arc<PlaceLists>,
    pub(crate) language: Language,
    pub(crate) success: Success,
    /// Whence the request comes.
    pub(crate) client: IpAddr,
    /// Ends when no more requests are taken.
    pub(crate) closing: CancellationToken,
}

impl Desk {
    pub(super) fn new(api: Api, rules: Rules, language: Language, client: IpAddr) -> Self {
        let Api { service, settings, streams, place_lists } = api;
        let closing = CancellationToken::new();
        Self { service, settings, streams, place_lists, language, success: rules.success, client, closing }
    }

    /// Takes over what the server says of its end.
    pub(super) fn heeding(self, extensions: &Extensions) -> Self {
        match extensions.get::<Closing>() {
            Some(closing) => Self { closing: closing.0.clone(), ..self },
            None => self,
        }
    }
}

/// Whoever a route is for.
pub(crate) trait Who: Clone + Send + Sync + 'static {
    /// Lets the caller in, if the gate does. Told before anything about the parameters is.
    fn admit(
        desk: &Desk,
        gate: Gate,
        intake: &Intake,
        headers: &HeaderMap,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send;

    /// Which customer it is.
    fn customer(&self) -> Option<CustomerId>;

    /// Whose idempotency keys it uses; `None` when answers are not kept for it.
    fn scope(&self) -> Option<String>;

    /// The same caller, carrying out a request under a key.
    fn with_ticket(&self, ticket: Arc<OnceTicket>) -> Self;
}

/// A customer.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) desk: Desk,
    pub(crate) service: Service,
    pub(crate) customer: CustomerId,
    /// What the client of an event stream has heard last.
    pub(crate) last_event_id: Option<String>,
    ticket: Option<Arc<OnceTicket>>,
}

impl Who for Caller {
    async fn admit(desk: &Desk, gate: Gate, intake: &Intake, headers: &HeaderMap) -> Result<Self, ApiError> {
        let customer = credential::customer(&desk.service, intake, headers).await?;
        if gate.asks_verification() && !customer.verified {
            return Err(ApiError::NotVerified);
        }
        if gate.asks_activity() && customer.suspended {
            return Err(ApiError::Suspended);
        }
        let last_event_id = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let (service, customer) = (desk.service.clone(), customer.id);
        Ok(Self { desk: desk.clone(), service, customer, last_event_id, ticket: None })
    }

    fn customer(&self) -> Option<CustomerId> {
        Some(self.customer)
    }

    fn scope(&self) -> Option<String> {
        Some(format!("customer:{}", self.customer))
    }

    fn with_ticket(&self, ticket: Arc<OnceTicket>) -> Self {
        Self { ticket: Some(ticket), ..self.clone() }
    }
}

impl Caller {
    /// In whose name it acts: its own.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Customer(self.customer)
    }

    /// What carries out an act that gives nothing and is answered with nothing, or with a receipt.
    pub(crate) fn acting(&self, wait: Wait) -> Service {
        match wait {
            Wait::No => self.acting_for(|(): &()| Nothing),
            Wait::Applied => self.acting_for(|(): &()| Receipt::unknown()),
        }
    }

    /// What carries out an act, and how what it gives is answered. Under an idempotency key the answer is kept together
    /// with what was done.
    pub(crate) fn acting_for<T: Any, D: Serialize>(&self, show: impl Fn(&T) -> D + Send + Sync + 'static) -> Service {
        let Some(ticket) = &self.ticket else { return self.service.clone() };
        let (success, language) = (self.desk.success, self.desk.language);
        let answer = move |done: &T| Some(Written::success(success, &show(done), language).to_kept());
        self.service.within_answering(ticket, answer)
    }
}

/// Somebody, nobody knows who.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) desk: Desk,
}

impl Who for Visitor {
    async fn admit(desk: &Desk, _: Gate, _: &Intake, _: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self { desk: desk.clone() })
    }

    fn customer(&self) -> Option<CustomerId> {
        None
    }

    fn scope(&self) -> Option<String> {
        None
    }

    fn with_ticket(&self, _: Arc<OnceTicket>) -> Self {
        self.clone()
    }
}
